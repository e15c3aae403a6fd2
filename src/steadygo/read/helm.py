"""Helm charts: Chart.yaml, values, and templates read as far as values and static templates allow."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping

from msgspec.structs import replace

from steadygo.facts.place import Gap
from steadygo.facts.workloads import Chart, Manifests
from steadygo.read.go_template import MARK, Block, Piece, Renderer, parse
from steadygo.read.go_template_functions import UNKNOWN, Known
from steadygo.read.kubernetes import facts_of
from steadygo.read.yaml_nodes import Documents, Node, load

MAX_LEAVES = 20_000
MAX_GAPS = 20
MAX_TEMPLATE = 500_000  # bytes
_ALONE = re.compile(rf"^([ \t]*(?:- )?[^\s:]*:|[ \t]*-)[ \t]*[\"']?{MARK}[\"']?[ \t]*$", re.MULTILINE)
_VARIANT = re.compile(r"values[-_.](prod|production|staging|stage|dev|development|test|qa|uat|preprod)\.ya?ml")


def read(path: str, data: bytes) -> Chart:
    """Facts of a file of a chart: what it is follows from its path."""
    name = posixpath.basename(path)
    if "/templates/" in f"/{path}" and name != "Chart.yaml":
        if len(data) > MAX_TEMPLATE:
            return Chart(path, "template", gaps=(Gap(1, "Helm: the template is too large"),))
        return Chart(path, "template", text=data.decode("utf-8-sig", "replace"))
    documents = load(data)
    root = documents.first
    kind = "chart" if name == "Chart.yaml" else "values"
    return Chart(path, kind, root.text_at("name") if kind == "chart" else "", tuple(_leaves(root)), documents.gaps)


def render(charts: Iterable[Chart], by_helm: Callable[[str, str], str | None] | None = None) -> tuple[Manifests, ...]:
    """The manifests of every chart, once for its own values and once for each values file named after an environment.

    `by_helm` (directory, values file or "") gives what helm itself makes of a chart; what it refuses is read statically.
    """
    files = {chart.path: chart for chart in charts}
    found: list[Manifests] = []
    for chart in files.values():
        if chart.kind != "chart":
            continue
        directory = posixpath.dirname(chart.path)
        prefix = f"{directory}/templates/" if directory else "templates/"
        templates = [file for path, file in sorted(files.items()) if path.startswith(prefix) and "/tests/" not in path[len(prefix) - 1 :]]
        parsed = {file.path: parse(file.text) for file in templates}
        named = {name: body for _, definitions in parsed.values() for name, body in definitions.items()}
        own = files.get(posixpath.join(directory, "values.yaml"))
        base = _tree(own) if own is not None else {}
        for environment, values, file in [("", base, ""), *_variants(files, directory, base)]:
            text = by_helm(directory, file) if by_helm is not None else None
            if text is not None:
                found += read_rendered(text, directory, {t.path: t.text for t in templates}, environment)
                continue
            context = _context(chart, values)
            for path, (body, _) in parsed.items():
                if path.endswith((".yaml", ".yml")):
                    manifests = _manifests(path, body, context, named, environment)
                    found += [manifests] if manifests is not None else []
    return tuple(found)


def _leaves(root: Node) -> list[tuple[str, str, int]]:
    found: list[tuple[str, str, int]] = []
    stack = [("", root)]
    while stack and len(found) < MAX_LEAVES:
        path, node = stack.pop()
        named = node.named_items() or [(str(index), child) for index, child in enumerate(node.elements())]
        if not named and path:
            text = "{}" if node.is_mapping else "[]" if node.is_sequence else "null" if node.is_null else node.text or ""
            found.append((path, text, node.line))
        parent = f"{path}." if path else ""
        stack.extend((parent + name.replace(".", "\\."), child) for name, child in reversed(named))
    return found


def _tree(chart: Chart) -> dict[str, Known]:
    """The values as nested mappings; a mapping of 0, 1, 2 … is a list."""
    root: dict[str, Known] = {}
    for path, text, _ in chart.values:
        parts = [part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", path)]
        inner = root
        for part in parts[:-1]:
            child = inner.setdefault(part, {})
            if not isinstance(child, dict):
                child = inner[part] = {}
            inner = child
        inner[parts[-1]] = {"true": True, "false": False, "null": None, "{}": {}, "[]": []}.get(text, text)
    return {key: _with_lists(value) for key, value in root.items()}


def _with_lists(value: Known) -> Known:
    if not isinstance(value, dict):
        return value
    if value and all(key == str(index) for index, key in enumerate(value)):
        return [_with_lists(child) for child in value.values()]
    return {key: _with_lists(child) for key, child in value.items()}


def _variants(files: Mapping[str, Chart], directory: str, base: dict[str, Known]) -> list[tuple[str, dict[str, Known], str]]:
    found = []
    for path, file in sorted(files.items()):
        match = _VARIANT.fullmatch(posixpath.basename(path))
        if match and file.kind == "values" and posixpath.dirname(path) == directory:
            found.append((match[1], _over(base, _tree(file)), path))
    return found


def _over(base: Known, above: Known) -> Known:
    """Values laid over others, as Helm does: mappings merge, everything else replaces."""
    if not isinstance(base, dict) or not isinstance(above, dict):
        return above
    return base | {key: _over(base[key], value) if key in base else value for key, value in above.items()}


def _context(chart: Chart, values: dict[str, Known]) -> dict[str, Known]:
    about = {path[:1].upper() + path[1:]: text for path, text, _ in chart.values}
    release = {"Name": "release-name", "Namespace": "default", "Service": "Helm", "Revision": "1", "IsInstall": True, "IsUpgrade": False}
    template = {"Name": UNKNOWN, "BasePath": UNKNOWN}
    return {"Values": values, "Release": release, "Chart": about, "Capabilities": UNKNOWN, "Files": UNKNOWN, "Template": template}


def _manifests(
    path: str, body: list[Block], context: Mapping[str, Known], named: Mapping[str, list[Block]], environment: str
) -> Manifests | None:
    renderer = Renderer(context, named)
    pieces = renderer.render(body)
    text = "".join(piece[0] for piece in pieces)
    if "kind" not in text:
        return None
    documents = load(_ALONE.sub(r"\1", text).replace(MARK, "unknown").encode("utf-8", "replace"))
    lines = _lines(pieces)
    seen: set[int] = set()
    for document in documents.documents:
        _move(document, lines, seen)
    gaps = tuple(Gap(_line(lines, gap.line), gap.reason) for gap in documents.gaps)
    facts = facts_of(path, Documents(documents.documents, gaps), "helm", partly=True)
    if facts is None:
        return Manifests(path, "helm", partly=True, gaps=gaps) if gaps else None
    said = tuple(Gap(line, f"Helm: {{{{ {text} }}}} is not known") for line, text in dict.fromkeys(renderer.unknown))[:MAX_GAPS]
    return replace(_in_environment(facts, environment), gaps=(*gaps, *said))


def _in_environment(facts: Manifests, environment: str) -> Manifests:
    return replace(
        facts,
        workloads=tuple(replace(w, environment=environment) for w in facts.workloads),
        configs=tuple(replace(c, environment=environment) for c in facts.configs),
        services=tuple(replace(s, environment=environment) for s in facts.services),
        others=tuple(replace(o, environment=environment) for o in facts.others),
        documents=(),
    )


def read_rendered(text: str, directory: str, templates: Mapping[str, str], environment: str) -> list[Manifests]:
    """Facts of what `helm template` printed, each at the line of its template that says the same, or the nearest above it."""
    found: list[Manifests] = []
    for part in re.split(r"^---\s*$", text, flags=re.MULTILINE):
        source = re.search(r"^# Source: [^/\n]+/(.+)$", part, re.MULTILINE)
        path = posixpath.join(directory, source[1]) if source else ""
        if path not in templates:
            continue
        documents = load(part.encode("utf-8", "replace"))
        lines = _matched(part.split("\n"), templates[path].split("\n"))
        seen: set[int] = set()
        for document in documents.documents:
            _move(document, lines, seen)
        facts = facts_of(path, documents, "helm")
        if facts is not None:
            found.append(_in_environment(facts, environment))
    return found


def _matched(rendered: list[str], template: list[str]) -> list[int]:
    """For each rendered line the template's line: the same text, else the same key further down, else the last one known."""
    found: list[int] = []
    at = 0
    texts = [line.strip() for line in template]
    keys = [text.partition(":")[0].strip("- \"'") if ":" in text else "" for text in texts]
    for line in rendered:
        text = line.strip()
        key = text.partition(":")[0].strip("- \"'") if ":" in text else ""
        same = next((n for n in range(at, len(texts)) if text and texts[n] == text), None)
        if same is None and key:
            same = next((n for n in range(at, len(keys)) if keys[n] == key), None)
        if same is not None:
            at = same
        found.append(at + 1)
    return found


def _lines(pieces: Iterable[Piece]) -> list[int]:
    """The template's line of every line of the output: that of its first piece which is not blank."""
    found = [0]
    for text, line, literal in pieces:
        for index, part in enumerate(text.split("\n")):
            if index:
                found.append(0)
            if part.strip() and not found[-1]:
                found[-1] = line + index if literal else line
    return found


def _line(lines: list[int], line: int) -> int:
    return lines[line - 1] if 0 < line <= len(lines) and lines[line - 1] else 1


def _move(node: Node, lines: list[int], seen: set[int]) -> None:
    """Put a node and what is in it where the template says it."""
    if id(node) in seen:
        return
    seen.add(id(node))
    node.line = _line(lines, node.line)
    for child in [*node.elements(), *(part for pair in node.items() for part in pair)]:
        _move(child, lines, seen)
