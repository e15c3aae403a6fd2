"""Module paths that the public proxy must not see, and what each artefact tells the go command about them."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from dataclasses import dataclass

from steadygo.facts.compilations import Setting
from steadygo.facts.modules import GoMod, Requirement
from steadygo.facts.repository import Repository
from steadygo.findings import Place

_PUBLIC = re.compile(
    r"^(.*\.)?(github\.com|gitlab\.com|bitbucket\.org|codeberg\.org|gitee\.com|gitea\.com|sr\.ht|golang\.org|google\.golang\.org|gopkg\.in"
    r"|go\.uber\.org|k8s\.io|sigs\.k8s\.io|go\.opentelemetry\.io|gitlab\.(freedesktop|gnome|torproject|archlinux)\.org|salsa\.debian\.org"
    r"|git\.sr\.ht|framagit\.org|notabug\.org|launchpad\.net|code\.gitea\.io|code\.forgejo\.org|gitlab\.alpinelinux\.org|git\.zx2c4\.com)$"
)
_INSIDE = re.compile(r"\.(internal|local|lan|corp|intranet|private|home|localdomain|example|test|invalid)$")
_OWN_FORGE = re.compile(r"^(git|gitlab|gitea|forgejo|gogs|stash|bitbucket|ghe|github|gerrit|scm|vcs|repo)[.-]")


@dataclass(frozen=True)
class Wish:
    """A GOPRIVATE (or GONOPROXY) setting: which paths are private, and who says so."""

    patterns: tuple[str, ...]
    setting: Setting
    by: str

    def covers(self, path: str) -> bool:
        return any(covers(pattern, path) for pattern in self.patterns)


def covers(pattern: str, path: str) -> bool:
    """GOPRIVATE's globs match prefixes of whole path elements."""
    elements = pattern.strip("/").count("/") + 1
    return bool(pattern) and fnmatch.fnmatchcase("/".join(path.split("/")[:elements]), pattern.strip("/"))


def patterns(settings: dict[str, Setting]) -> tuple[str, ...] | None:
    """What settings keep from the proxy and the checksum database; None when something keeps everything or is not known."""
    proxy = settings.get("GOPROXY")
    if proxy is not None and (proxy.value is None or "$" in proxy.value or "proxy.golang.org" not in proxy.value):
        return None
    found: list[str] = []
    for name in ("GOPRIVATE", "GONOPROXY"):
        setting = settings.get(name)
        if setting is not None:
            if setting.value is None or "$" in setting.value:
                return None
            found += [p.strip() for p in setting.value.strip("'\"").split(",") if p.strip()]
    return tuple(found)


def fetched(repository: Repository, module: GoMod) -> list[Requirement]:
    """Requirements that `go` downloads: not replaced, not of this repository, nothing vendored."""
    if any(v.path == (f"{module.directory}/" if module.directory else "") + "vendor/modules.txt" for v in repository.vendors):
        return []
    replaced = {r.path for r in module.replacements}
    return [r for r in module.requirements if r.path not in replaced]


def held_by_workspace(repository: Repository, path: str) -> Place | None:
    """Where a go.work takes the module from a directory, so that only builds outside of the workspace download it."""
    for work in repository.workspaces:
        for each in work.replacements:
            if each.path == path and not each.by_version:
                return Place(work.path, each.line)
        folder = work.path.rpartition("/")[0]
        for use in work.uses:
            directory = posixpath.normpath(posixpath.join(folder or ".", use.value))
            for module in repository.modules:
                if module.module is not None and module.module.value == path and (module.directory or ".") == directory:
                    return Place(work.path, use.line, use.column)
    return None


def looks_private(path: str, own: str) -> bool:
    """Whether a module's host is surely no public one: an inner name, or a forge of one's own that also holds this module."""
    host = path.partition("/")[0]
    if _PUBLIC.match(host):
        return False
    return bool(_INSIDE.search(host)) or (bool(_OWN_FORGE.match(host)) and host == own.partition("/")[0])
