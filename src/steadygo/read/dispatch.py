"""From a file's kind to its reader. Readers are imported when their first file comes."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from typing import cast

import msgspec

from steadygo.facts.artefact import Artefact
from steadygo.facts.contracts import Unread
from steadygo.facts.observing import AlertRules
from steadygo.facts.place import Gap

_READERS = {
    "go": "go",
    "gomod": "gomod",
    "gowork": "gomod",
    "gosum": "gomod",
    "vendor": "gomod",
    "dockerfile": "dockerfile",
    "compose": "compose",
    "github-workflow": "github_actions",
    "github-action": "github_actions",
    "gitlab-ci": "gitlab_ci",
    "makefile": "makefile",
    "script": "script",
    "goreleaser": "goreleaser",
    "ko": "ko",
    "unit": "unit",
    "envfile": "envfile",
    "kubernetes": "kubernetes",
    "kustomization": "kustomize",
    "chart": "helm",
    "values": "helm",
    "helm-template": "helm",
    "prometheus-rules": "prometheus",
    "prometheus-config": "prometheus",
    "dashboard": "grafana",
    "openapi": "openapi",
    "migration": "sql",
    "time": "timekeeping",
}
KINDS = frozenset(_READERS)
_MOST_GAPS = 200
_RULE_OBJECT = re.compile(rb"kind[\"']?[ \t]*:[ \t]*[\"']?PrometheusRule\b")
_OBJECT_KIND = re.compile(rb"^kind:[ \t]*[\"']?(\w+)", re.M)


def read_artefact(path: str, data: bytes, kind: str) -> Artefact:
    """What the reader of `kind` states about a file. A reader that breaks costs its file, never the scan."""
    try:
        return _bounded(_reader(_READERS[kind])(path, data))
    except Exception as error:  # anything: one file must not end a scan of thousands
        return Unread(path, f"the {kind} reader failed: {type(error).__name__}")


def read_artefacts(path: str, data: bytes, kind: str) -> tuple[Artefact, ...]:
    """As `read_artefact`, and what else a Kubernetes file holds: PrometheusRules among other objects, files inside ConfigMaps."""
    found = [read_artefact(path, data, kind)]
    if kind == "kubernetes" and _RULE_OBJECT.search(data):
        alerts = read_artefact(path, data, "prometheus-rules")
        if not isinstance(alerts, AlertRules) or alerts.rules:
            found.append(alerts)
    if kind == "prometheus-rules" and len(set(_OBJECT_KIND.findall(data))) > 1:
        found.append(read_artefact(path, data, "kubernetes"))
    if kind in ("kubernetes", "prometheus-rules"):
        found += _embedded(path, data)
    return tuple(found)


def _bounded(artefact: Artefact) -> Artefact:
    """A file that is something else altogether may give a gap a line: keep the first ones and their number."""
    if isinstance(artefact, Unread) or len(artefact.gaps) <= _MOST_GAPS:
        return artefact
    more = Gap(artefact.gaps[_MOST_GAPS].line, f"and {len(artefact.gaps) - _MOST_GAPS} more from here on")
    return msgspec.structs.replace(artefact, gaps=(*artefact.gaps[:_MOST_GAPS], more))


def _embedded(path: str, data: bytes) -> tuple[Artefact, ...]:
    try:
        from steadygo.read import embedded

        return embedded.read(path, data) if embedded.may_hold(data) else ()
    except Exception as error:  # as above
        return (Unread(path, f"files inside a ConfigMap cannot be read: {type(error).__name__}"),)


def _reader(module: str) -> Callable[[str, bytes], Artefact]:
    return cast(Callable[[str, bytes], Artefact], importlib.import_module(f"steadygo.read.{module}").read)
