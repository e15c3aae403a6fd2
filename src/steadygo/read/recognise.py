"""Which reader a file belongs to: by its name first, then by a cheap look at its beginning."""

from __future__ import annotations

import re
from collections.abc import Set

_NOT_ENTERED = frozenset(
    {
        *(".git", ".hg", ".svn", ".bzr", ".idea", ".vscode", ".direnv", ".terraform", ".gradle", ".next", ".yarn"),
        *("node_modules", "bower_components", "site-packages", "testdata", "__pycache__"),
        *(".venv", ".tox", ".nox", ".mypy_cache", ".pytest_cache", ".ruff_cache"),
    }
)
_BY_EXACT_NAME = {
    "go.mod": "gomod",
    "go.work": "gowork",
    "go.sum": "gosum",
    "go.work.sum": "gosum",
    "Makefile": "makefile",
    "makefile": "makefile",
    "GNUmakefile": "makefile",
    "Dockerfile": "dockerfile",
    "dockerfile": "dockerfile",
    ".gitlab-ci.yml": "gitlab-ci",
    ".gitlab-ci.yaml": "gitlab-ci",
    ".ko.yaml": "ko",
    ".ko.yml": "ko",
    "kustomization.yaml": "kustomization",
    "kustomization.yml": "kustomization",
    "Kustomization": "kustomization",
    "Chart.yaml": "chart",
    "chrony.conf": "time",
    "ntp.conf": "time",
}
_OTHER_ENDS = r"md|txt|rst|py|sh|js|ts|json|ya?ml|toml|j2|tmpl|gotmpl|tpl|template|erb|in|am|orig|rej|bak|sw[op]|[A-Za-z]*ignore"
_NOT_A_BUILD_FILE = rf"(?!.*\.(?:{_OTHER_ENDS})$)"
_NOT_AN_ENVFILE = r"(?!.*\.(?:ts|js|mjs|py|go|md|vault|enc|gpg|age)$)"
_UNIT_TYPES = "service|socket|timer|path|mount|automount|swap|target|slice"
_BY_NAME: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("dockerfile", rf"^{_NOT_A_BUILD_FILE}(?:[Dd]ockerfile[.\-_].+|.+\.[Dd]ockerfile|Containerfile.*)$"),
        ("compose", r"^(?:docker-)?compose(?:[.\-_].*)?\.ya?ml$"),
        ("gitlab-ci", r"^(?:.+\.gitlab-ci|\.gitlab-ci[.\-_].+)\.ya?ml$"),
        ("goreleaser", r"^\.?goreleaser(?:[.\-_].*)?\.ya?ml$"),
        ("makefile", rf"^{_NOT_A_BUILD_FILE}(?:Makefile[.\-_].+|.+\.mk)$"),
        ("unit", rf"^.+\.(?:{_UNIT_TYPES})(?:\.(?:in|j2|tmpl|tpl|template|erb))?$"),
        (
            "envfile",
            r"^(?!.*\.(?:ts|js|mjs|py|go|md|vault|enc|gpg|age)$)(?:\.env(?:[.\-_].*)?|.+\.env|env\.(?:example|sample|template|dist))$",
        ),
        ("script", r"^.+\.(?:sh|bash)$"),
        ("openapi", r"^(?:openapi|swagger)(?:[.\-_].*)?\.(?:ya?ml|json)$"),
    )
)
_WORKFLOW = re.compile(r"^(.*/)?\.(?:github|gitea|forgejo)/workflows/[^/]+\.ya?ml$")
_GITLAB_PART = re.compile(r"(?:^|/)\.gitlab/ci/.*\.ya?ml$")
_DROP_IN = re.compile(rf"(?:^|/)(?:[^/]+\.)?(?:{_UNIT_TYPES})\.d/[^/]+\.conf$")
_SYSTEM_DEFAULTS = re.compile(r"(?:^|/)etc/(?:default|sysconfig|conf\.d)/[^/.]+$|(?:^|/)debian/[^/]*\.?default$")
_CHRONY_PART = re.compile(r"(?:^|/)chrony(?:\.conf)?(?:\.d|/conf\.d)/[^/]+\.conf$")
_VALUES = re.compile(r"^values(?:[.\-_].*)?\.ya?ml$")
_MIGRATION_NAME = re.compile(r"^(?:\d+[_\-].*\.(?:up|down)|[VU][\d._]+__.+|R__.+)\.sql$")
_MIGRATION_DIRECTORY = re.compile(
    r"(?:^|/)(?:[^/]*[_.\-])?(?:db)?(?:migrat(?:e|es|ion|ions)|versioned)/(?!(?:.*/)?(?:seeds?|fixtures?|quer(?:y|ies))/)", re.I
)
_MIGRATION_MARK = re.compile(rb"^[ \t]*--[ \t]*(?:\+goose|\+migrate|migrate:)[ \t]*(?:up|down|statement)", re.I | re.M)
_SHEBANG = re.compile(rb"^#![ \t]*\S*/(?:env[ \t]+(?:-S[ \t]+)?)?(?:ba|da|a|k)?sh\b")
_TOP_LEVEL_KEY = re.compile(rb"^(?:\xef\xbb\xbf)?[\"']?([A-Za-z_$][\w.$-]*)[\"']?[ \t]*:(?:[ \t\r]|$)", re.M)
_KIND = re.compile(rb"^[\"']?kind[\"']?[ \t]*:[ \t]*[\"']?(\w+)", re.M)
_COMPOSE_SERVICE = re.compile(rb"^services:[ \t\r]*(?:#.*)?\n(?:.*\n)*?[ \t]+(?:image|build|extends):", re.M)
_PATCH_OPERATION = re.compile(rb"^- [\"']?op[\"']?[ \t]*:[ \t]*[\"']?(?:add|replace|remove|test|move|copy)\b|^- \{[ \t]*op:", re.M)
_RULE = re.compile(rb"^[ \t]*(?:-[ \t]+)?[\"']?(?:alert|record)[\"']?[ \t]*:", re.M)
_OPENAPI_VERSION = re.compile(rb"(?:^|[{,])\s*[\"']?(?:openapi|swagger)[\"']?[ \t]*:[ \t]*[\"']?[23]\b", re.M)
_DASHBOARD_KEYS = tuple(
    b'"%s"' % key
    for key in (b"schemaVersion", b"annotations", b"templating", b"editable", b"graphTooltip", b"gridPos", b"__inputs", b"gnetId")
)
_OTHER_PIPELINES = frozenset((b"jobs", b"steps", b"stages", b"pipeline", b"language", b"definitions", b"workspace"))


def skip_directory(name: str, path: str) -> bool:
    """Whether nothing below a directory is ours. `vendor` itself is entered for its modules.txt, what lies below is not."""
    return name in _NOT_ENTERED or path.endswith(f"/vendor/{name}") or path == f"vendor/{name}"


def recognise(path: str, head: bytes, paths: Set[str] = frozenset()) -> str | None:
    """The kind of the file at `path`, None when it is not ours. `head` is its first few KB, b"" asks for what the name alone says.

    `paths` are all files of the tree; only they tell whether a file belongs to a chart.
    """
    directory, _, name = path.rpartition("/")
    if directory == "vendor" or directory.endswith("/vendor"):
        return "vendor" if name == "modules.txt" else None
    if name.endswith(".go"):
        return "go"
    by_name = _BY_EXACT_NAME.get(name) or _by_place(path, directory, name, paths)
    if by_name is not None:
        return by_name
    for kind, pattern in _BY_NAME:
        if pattern.match(name):
            return kind
    return _by_content(path, name, head) if head else None


def _by_place(path: str, directory: str, name: str, paths: Set[str]) -> str | None:
    if name.endswith((".yaml", ".yml", ".tpl")):
        workflow = _WORKFLOW.match(path)
        if workflow and (not workflow[1] or f"{workflow[1]}go.mod" in paths):
            return "github-workflow"
        if workflow:
            return None
        if _GITLAB_PART.search(path):
            return "gitlab-ci"
        if _VALUES.match(name) and _below(directory, "Chart.yaml") in paths:
            return "values"
        return "helm-template" if _in_chart(directory, paths) else None
    if name.endswith(".conf"):
        return "unit" if _DROP_IN.search(path) else "time" if _CHRONY_PART.search(path) else None
    if name.endswith(".sql"):
        return "migration" if _MIGRATION_NAME.match(name) or _MIGRATION_DIRECTORY.search(path) else None
    return "envfile" if _SYSTEM_DEFAULTS.search(path) else None


def _below(directory: str, name: str) -> str:
    return f"{directory}/{name}" if directory else name


def _in_chart(directory: str, paths: Set[str]) -> bool:
    """Whether `directory` is, or lies below, the templates of a chart."""
    parts = directory.split("/")
    return any(part == "templates" and _below("/".join(parts[:i]), "Chart.yaml") in paths for i, part in enumerate(parts))


def _by_content(path: str, name: str, head: bytes) -> str | None:
    if b"\0" in head:
        return None
    if name.endswith((".yaml", ".yml", ".rules", ".json")):
        return _json(head) if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else _yaml(path, name, head)
    if name.endswith(".sql"):
        return "migration" if _MIGRATION_MARK.search(head) else None
    return "script" if "." not in name and _SHEBANG.match(head) else None


def _yaml(path: str, name: str, head: bytes) -> str | None:
    keys = frozenset(_TOP_LEVEL_KEY.findall(head))
    if b"apiVersion" in keys and b"kind" in keys:
        if b"{{" in head and "/templates/" in f"/{path}":
            return "helm-template"
        kinds = frozenset(_KIND.findall(head))
        if kinds == {b"Config"}:  # a kubeconfig, or the configuration of a cluster on one's own machine
            return None
        return "prometheus-rules" if kinds == {b"PrometheusRule"} else "kubernetes"
    if not keys and _PATCH_OPERATION.search(head) and b"path" in head:  # a JSON 6902 patch of a kustomization
        return "kubernetes"
    if b"groups" in keys and _RULE.search(head):
        return "prometheus-rules"
    if b"scrape_configs" in keys and not keys & {b"clients", b"positions"}:  # those are promtail's
        return "prometheus-config"
    if keys & {b"openapi", b"swagger"} and _OPENAPI_VERSION.search(head):
        return "openapi"
    if name in ("action.yml", "action.yaml") and b"runs" in keys:
        return "github-action"
    if b"services" in keys and not keys & _OTHER_PIPELINES and _COMPOSE_SERVICE.search(head):
        return "compose"
    return None


def _json(head: bytes) -> str | None:
    if _OPENAPI_VERSION.search(head):
        return "openapi"
    if b'"apiVersion"' in head and b'"kind"' in head:
        return "prometheus-rules" if re.search(rb'"kind"\s*:\s*"PrometheusRule"', head) else "kubernetes"
    marks = sum(mark in head for mark in _DASHBOARD_KEYS)
    titled = b'"panels"' in head or b'"rows"' in head
    return "dashboard" if marks >= (1 if titled else 3) else None
