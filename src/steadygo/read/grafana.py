"""Grafana dashboards: the queries of panels, of variables and of annotations."""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.facts.observing import Dashboard, Panel, Query
from steadygo.read.promql import metrics
from steadygo.read.yaml_nodes import Node, load

_LABEL_VALUES = re.compile(r"\s*label_values\s*\(\s*(?:(.*),)?\s*[^,()\s]+\s*\)\s*", re.S)
_QUERY_RESULT = re.compile(r"\s*query_result\s*\((.*)\)\s*", re.S)
_NOTHING = Node("mapping", 1, 1)


def read(path: str, data: bytes) -> Dashboard:
    """The dashboard; without panels when the file is none. Queries to other sources than Prometheus are left out.

    Variables and annotations with a query stand as panels "variable NAME" and "annotation NAME".
    """
    documents = load(data)
    root = documents.first
    root = root.get("dashboard") or root
    if not any((root.get(name) or _NOTHING).is_sequence for name in ("panels", "rows")):
        return Dashboard(path, gaps=documents.gaps)
    panels = [panel for node in _panels(root) if (panel := _panel(node))]
    for element in (root.get("__elements") or _NOTHING).named_items():
        model = element[1].get("model")
        if model is not None and (panel := _panel(model)):
            panels.append(panel)
    panels += _variables(root)
    panels += _annotations(root)
    return Dashboard(path, root.text_at("title"), tuple(panels), documents.gaps)


def _panels(node: Node) -> Iterator[Node]:
    """Panels in order, those inside rows too."""
    for name in ("rows", "panels"):
        for child in (node.get(name) or _NOTHING).elements():
            if child.get("targets") is not None or name == "panels":
                yield child
            yield from _panels(child)


def _panel(node: Node) -> Panel | None:
    queries: list[Query] = []
    for target in (node.get("targets") or _NOTHING).elements():
        expression = target.get("expr")
        if expression is not None and expression.text and _asks_prometheus(target.get("datasource"), node.get("datasource")):
            queries.append(Query(expression.text, expression.text_line, metrics(expression.text)))
    title = node.get("title")
    return Panel(node.text_at("title"), (title or node).line, tuple(queries)) if queries else None


def _asks_prometheus(*sources: Node | None) -> bool:
    """Whether a query goes to Prometheus, or to what is chosen when the dashboard is shown; the nearest source that says so counts."""
    for source in sources:
        kind = source.text_at("type") if source is not None and source.is_mapping else ""
        if kind and kind not in ("datasource", "mixed"):
            return "prometheus" in kind.lower() or "$" in kind
    return True


def _variables(root: Node) -> Iterator[Panel]:
    for variable in (root.get("templating", "list") or _NOTHING).elements():
        node = variable.get("query")
        if node is not None and node.is_mapping:
            node = node.get("query")
        if (
            node is None
            or not node.text
            or variable.text_at("type") not in ("", "query")
            or not _asks_prometheus(variable.get("datasource"))
        ):
            continue
        text = _selecting_part(node.text)
        if text:
            yield Panel(f"variable {variable.text_at('name')}", node.line, (Query(text, node.text_line, metrics(text)),))


def _selecting_part(query: str) -> str:
    """The PromQL inside a variable's query, "" when it has none."""
    for pattern in (_LABEL_VALUES, _QUERY_RESULT):
        match = pattern.fullmatch(query)
        if match:
            return (match[1] or "").strip()
    return ""


def _annotations(root: Node) -> Iterator[Panel]:
    for annotation in (root.get("annotations", "list") or _NOTHING).elements():
        node = annotation.get("expr")
        if node is not None and node.text and _asks_prometheus(annotation.get("datasource")):
            yield Panel(f"annotation {annotation.text_at('name')}", node.line, (Query(node.text, node.text_line, metrics(node.text)),))
