"""GitLab CI files. `extends` and `!reference` are followed inside the file; what `include` brings is not read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from steadygo.facts.commands import Variable
from steadygo.facts.pipelines import Job, Pipeline, Step
from steadygo.facts.place import Amount, Gap, Text
from steadygo.read import shell
from steadygo.read.expansion import fold
from steadygo.read.gitlab_layers import Jobs, Layers
from steadygo.read.quantities import amount_fact, number, text_fact
from steadygo.read.yaml_lists import texts_of, words_of
from steadygo.read.yaml_nodes import Documents, Node, load
from steadygo.read.yaml_scripts import masked, placed

_NOT_JOBS = frozenset(
    {
        "after_script",
        "before_script",
        "cache",
        "default",
        "image",
        "include",
        "services",
        "spec",
        "stages",
        "types",
        "variables",
        "workflow",
    }
)
_MOST_JOBS = 1_000
_STAGES = (".pre", "build", "test", "deploy", ".post")
_RUNS = ("script", "trigger", "run", "extends")
_TIME = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*([a-z]*)", re.IGNORECASE)
_UNITS = (
    (re.compile(r"(?:s|secs?|seconds?)?\Z"), 1.0),
    (re.compile(r"(?:m|mins?|minutes?)\Z"), 60.0),
    (re.compile(r"(?:h|hrs?|hours?)\Z"), 3600.0),
    (re.compile(r"(?:d|days?)\Z"), 86_400.0),
    (re.compile(r"(?:w|weeks?)\Z"), 604_800.0),
    (re.compile(r"(?:mos?|months?)\Z"), 2_592_000.0),
)


def read(path: str, data: bytes) -> Pipeline:
    """The jobs of a GitLab CI file, hidden ones left out. `runs_on` are tags; commands of a job share one shell, as they do there."""
    documents = load(data)
    gaps = list(documents.gaps)
    root = _configuration(documents)
    if not root.is_mapping:
        return Pipeline(path, "gitlab", gaps=(*gaps, Gap(root.line, "not a GitLab CI file: not a mapping")))
    return _Reader(root, data.decode("utf-8", "replace").splitlines(), gaps).pipeline(path)


def _configuration(documents: Documents) -> Node:
    """The document that holds the jobs: a component's or an included file's `spec` may stand before it."""
    found = [document for document in documents.documents if document.is_mapping]
    return next((document for document in found if document.get("spec") is None), documents.first)


class _Reader:
    def __init__(self, root: Node, lines: Sequence[str], gaps: list[Gap]) -> None:
        self.root = root
        self.lines = lines
        self.gaps = gaps
        self.jobs = Jobs(root, gaps)
        self.variables = _variables((root.get("variables"),))
        self.caches: dict[tuple[str, int], tuple[Text, tuple[str, ...]]] = {}

    def pipeline(self, path: str) -> Pipeline:
        root = self.root
        jobs: list[Job] = []
        for key, node in root.items():
            name = key.text or ""
            if name in _NOT_JOBS or name.startswith("."):
                continue
            if not node.is_mapping:
                self.gaps.append(Gap(key.line, f"the job {name[:60]} is not a mapping"))
                continue
            if len(jobs) >= _MOST_JOBS:
                self.gaps.append(Gap(key.line, f"more than {_MOST_JOBS} jobs"))
                break
            jobs.append(self._job(name, key, node))
        for cache in (root.get("default", "cache"), root.get("cache")):
            self._keep(_caches(cache))
        return Pipeline(
            path,
            "gitlab",
            name=root.text_at("workflow", "name"),
            variables=self.variables,
            jobs=tuple(jobs),
            caches=tuple(self.caches.values()),
            gaps=tuple(self.gaps),
            stages=words_of(root.get("stages")) or _STAGES,
        )

    def _job(self, name: str, key: Node, node: Node) -> Job:
        layers = self.jobs.layers(name, node)
        if not any(word in layers for word in _RUNS) and self.root.get("include") is None:
            self.gaps.append(Gap(key.line, f"the job {name[:60]} has no script"))
        own = _variables(layers.get("variables", ()))
        inherit = layers.get("inherit", (node,))[-1].get("variables")
        outer = () if inherit is not None and inherit.as_bool is False else self.variables
        known = {v.name: v.value for v in (*outer, *own) if v.value is not None and not v.source}
        caches = _caches(_last(layers, "cache"))
        self._keep(caches)
        environment = _last(layers, "environment")
        return Job(
            name=name,
            line=key.line,
            runs_on=_folded(texts_of(_last(layers, "tags")), known),
            container=_image(layers.get("image", ()), known),
            services=tuple(s for e in _elements(_last(layers, "services")) if (s := _image((e,), known)) is not None),
            timeout=_timeout(_last(layers, "timeout")),
            retries=_retries(_last(layers, "retry")),
            matrix=_matrix(_last(layers, "parallel")),
            variables=own,
            steps=self._steps(layers, known),
            needs=tuple(e.text_at("job") or e.text or "" for e in _elements(_last(layers, "needs"))),
            condition=_condition(layers),
            uses=_trigger(_last(layers, "trigger")),
            environment=(environment.text_at("name") or environment.text or "") if environment is not None else "",
            stage=_text(layers, "stage") or "test",
            caches=caches,
        )

    def _steps(self, layers: Layers, known: Mapping[str, str]) -> tuple[Step, ...]:
        """before_script and script run in one shell, after_script in its own."""
        found: list[Step] = []
        for names in (("before_script", "script"), ("after_script",)):
            parts = [(name, self.jobs.elements(_last(layers, name))) for name in names]
            pieces: list[tuple[str, int, int]] = []
            opaque: dict[str, str] = {}
            for text, line, column in (placed(node, self.lines) for _, nodes in parts for node in nodes):
                hidden, marks = masked(text, len(opaque))
                opaque |= marks
                pieces.append((hidden, line, column))
            parsed = shell.commands_in_turn(pieces, known, opaque)
            position = 0
            for name, nodes in parts:
                if nodes:
                    results = parsed[position : position + len(nodes)]
                    found.append(_step(name, nodes, results))
                    self.gaps += (gap for result in results for gap in result.gaps if gap not in self.gaps)
                position += len(nodes)
        return tuple(found)

    def _keep(self, caches: Iterable[tuple[Text, tuple[str, ...]]]) -> None:
        for text, paths in caches:
            self.caches.setdefault((text.value, text.line), (text, paths))


def _caches(node: Node | None) -> tuple[tuple[Text, tuple[str, ...]], ...]:
    found: list[tuple[Text, tuple[str, ...]]] = []
    for element in _elements(node):
        if not element.is_mapping:
            continue
        key = element.get("key")
        text = text_fact(key) if key is not None else Text("default", element.line, element.column)
        if key is not None and key.is_mapping:
            prefix = key.text_at("prefix")
            files = ", ".join(words_of(key.get("files")))
            text = Text(f"{prefix} files: {files}".strip(), key.line, key.column)
        if text is not None:
            found.append((text, words_of(element.get("paths"))))
    return tuple(found)


def _step(name: str, nodes: Sequence[Node], results: Iterable[shell.Parsed]) -> Step:
    commands = tuple(command for result in results for command in result.commands)
    return Step(nodes[0].line, name, commands=commands, script="\n".join(node.text or "" for node in nodes))


def _last(layers: Layers, name: str) -> Node | None:
    found = layers.get(name)
    return found[-1] if found else None


def _text(layers: Layers, name: str) -> str:
    node = _last(layers, name)
    return (node.text or "") if node is not None else ""


def _elements(node: Node | None) -> list[Node]:
    return node.one_or_many() if node is not None else []


def _variables(nodes: Iterable[Node | None]) -> tuple[Variable, ...]:
    """Variables of mappings, later ones over earlier ones; one that holds others is an expression."""
    found: dict[str, Variable] = {}
    for node in nodes:
        for name, value in node.named_items() if node is not None else ():
            text = value.get("value") if value.is_mapping else value
            content = None if text is None else "" if text.is_null else text.text
            place = text if text is not None else value
            source = "host" if content is None else "expression" if "$" in content else ""
            found[name] = Variable(name, content, place.line, place.column, source)
    return tuple(found.values())


def _folded(texts: Iterable[Text], known: Mapping[str, str]) -> tuple[Text, ...]:
    return tuple(Text(fold(text.value, known), text.line, text.column) for text in texts)


def _image(layers: Sequence[Node], known: Mapping[str, str]) -> Text | None:
    """The image's name with known variables folded in."""
    for node in reversed(layers):
        text = text_fact(node.get("name") if node.is_mapping else node)
        if text is not None:
            return _folded((text,), known)[0]
    return None


def _trigger(node: Node | None) -> Text | None:
    """The pipeline that a job starts: a project or an included file."""
    if node is None or not node.is_mapping:
        return text_fact(node)
    return text_fact(node.get("project")) or text_fact(node.get("include"))


def _timeout(node: Node | None) -> Amount | None:
    """ "1h 30m", "90 minutes", "3600" in seconds; 0 when it cannot be told."""
    if node is None or node.text is None:
        return None
    seconds = 0.0
    for amount, unit in _TIME.findall(node.text[:60]):
        worth = next((worth for pattern, worth in _UNITS if pattern.match(unit.lower())), None)
        if worth is None:
            return amount_fact(node, 0.0)
        seconds += float(amount) * worth
    return amount_fact(node, seconds)


def _retries(node: Node | None) -> Amount | None:
    if node is not None and node.is_mapping:
        node = node.get("max")
    return amount_fact(node, number(node.text)) if node is not None and node.text is not None else None


def _matrix(node: Node | None) -> tuple[tuple[str, tuple[Text, ...]], ...]:
    """The variables of `parallel: matrix:` with all their values."""
    values: dict[str, dict[str, Text]] = {}
    matrix = node.get("matrix") if node is not None else None
    for element in matrix.elements() if matrix is not None else ():
        for name, value in element.named_items():
            for text in texts_of(value):
                values.setdefault(name, {}).setdefault(text.value, text)
    return tuple((name, tuple(found.values())) for name, found in values.items())


def _condition(layers: Layers) -> str:
    """rules, only, except and when as text: one rule a line."""
    lines: list[str] = []
    for rule in _elements(_last(layers, "rules")):
        parts = [
            f"{name}: {' '.join(words_of(value))}" if value.is_sequence else f"{name}: {value.text or ''}"
            for name, value in rule.named_items()
        ]
        lines.append(", ".join(parts))
    for name in ("only", "except"):
        node = _last(layers, name)
        if node is not None:
            lines.append(f"{name}: {', '.join(words_of(node.get('refs') if node.is_mapping else node))}")
    when = _text(layers, "when")
    return "\n".join([*lines, f"when: {when}"] if when else lines)
