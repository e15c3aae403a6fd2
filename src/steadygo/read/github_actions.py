"""GitHub Actions: workflows and actions (also as Gitea and Forgejo read them).

An expression `${{ … }}` stays as written; `facts.pipelines.expand` resolves those over the matrix, the environment and inputs.
A reusable workflow's inputs are those of the job's only step.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from steadygo.facts.commands import Command, Variable
from steadygo.facts.pipelines import Job, Pipeline, Step, expand
from steadygo.facts.place import Amount, Gap, Text
from steadygo.read.quantities import number, text_fact
from steadygo.read.yaml_nodes import Node, load
from steadygo.read.yaml_scripts import clean_directory, commands_of

_SECRET = re.compile(r"\$\{\{\s*secrets\.(\w+)\s*\}\}\Z")


def read(path: str, data: bytes) -> Pipeline:
    """A workflow or an action's metadata. What has not the shape that GitHub asks for becomes a gap."""
    documents = load(data)
    root = documents.first
    reader = _Reader(data.decode("utf-8", "replace").splitlines(), list(documents.gaps))
    if not root.is_mapping:
        return Pipeline(path, "github", gaps=(*reader.gaps, Gap(root.line, "not a workflow: not a mapping")))
    if root.get("jobs") is None and root.get("runs") is not None:
        return reader.action(path, root)
    return reader.workflow(path, root)


class _Reader:
    def __init__(self, lines: Sequence[str], gaps: list[Gap]) -> None:
        self.lines = lines
        self.gaps = gaps

    def workflow(self, path: str, root: Node) -> Pipeline:
        variables = _variables(root.get("env"))
        jobs = root.get("jobs")
        if jobs is None or not jobs.is_mapping:
            self.gaps.append(Gap(root.line if jobs is None else jobs.line, "a workflow without jobs"))
        return Pipeline(
            path,
            "github",
            name=root.text_at("name"),
            triggers=_triggers(root.get("on")),
            variables=variables,
            inputs=(*_inputs(root.get("on", "workflow_call", "inputs")), *_inputs(root.get("on", "workflow_dispatch", "inputs"))),
            jobs=tuple(self._job(key, value, root, variables) for key, value in (jobs.items() if jobs is not None else ())),
            gaps=tuple(self.gaps),
        )

    def action(self, path: str, root: Node) -> Pipeline:
        runs = root.get("runs") or root
        steps = runs.get("steps")
        image = runs.get("image")
        job = Job(
            name=root.text_at("name") or "action",
            line=runs.line,
            container=text_fact(image),
            steps=self._steps(steps, (), "", "bash") if steps is not None else (),
        )
        return Pipeline(path, "action", root.text_at("name"), inputs=_inputs(root.get("inputs")), jobs=(job,), gaps=tuple(self.gaps))

    def _job(self, key: Node, node: Node, root: Node, outer: tuple[Variable, ...]) -> Job:
        name = key.text or ""
        if not node.is_mapping:
            self.gaps.append(Gap(key.line, f"the job {name[:60]} is not a mapping"))
            return Job(name, key.line)
        variables = _variables(node.get("env"))
        matrix = _matrix(node.get("strategy", "matrix"))
        uses = text_fact(node.get("uses"))
        permissions = node.get("permissions") or root.get("permissions")
        draft = Job(name, key.line, matrix=matrix, variables=variables)
        runs_on = _labels(node.get("runs-on"), draft)
        container = node.get("container")
        steps = node.get("steps")
        if steps is None and uses is None:
            self.gaps.append(Gap(key.line, f"the job {name[:60]} has no steps"))
        directory, interpreter = self._defaults(node, root, runs_on)
        found: tuple[Step, ...] = ()
        if uses is not None:
            found = (Step(key.line, uses=uses, inputs=_variables(node.get("with"))),)
        elif steps is not None:
            found = self._steps(steps, (*outer, *variables), directory, interpreter)
        return Job(
            name=name,
            line=key.line,
            runs_on=runs_on,
            container=_image(container),
            services=_texts(_image(value) for _, value in _items(node.get("services"))),
            timeout=_minutes(node.get("timeout-minutes")),
            matrix=matrix,
            variables=variables,
            steps=found,
            needs=tuple(need.text or "" for need in _each(node.get("needs"))),
            condition=node.text_at("if"),
            uses=uses,
            permissions=_permissions(permissions),
            environment=node.text_at("environment") or node.text_at("environment", "name"),
        )

    def _defaults(self, node: Node, root: Node, runs_on: Sequence[Text]) -> tuple[str, str]:
        """(directory, shell) of `run` steps that say nothing themselves."""
        found = [node.get("defaults", "run"), root.get("defaults", "run")]
        directory = next((text for run in found if run is not None and (text := run.text_at("working-directory"))), "")
        interpreter = next((text for run in found if run is not None and (text := run.text_at("shell"))), "")
        if not interpreter:
            windows = runs_on and all(label.value.lower().startswith("windows") for label in runs_on)
            interpreter = "pwsh" if windows else "bash"
        return directory, interpreter

    def _steps(self, node: Node, outer: Iterable[Variable], directory: str, interpreter: str) -> tuple[Step, ...]:
        if not node.is_sequence:
            self.gaps.append(Gap(node.line, "steps are not a list"))
            return ()
        known = {v.name: v.value for v in outer if v.value is not None and not v.source}
        found: list[Step] = []
        for element in node.elements():
            if not element.is_mapping or (element.get("run") is None and element.get("uses") is None):
                self.gaps.append(Gap(element.line, "a step that neither runs nor uses anything"))
                continue
            found.append(self._step(element, known, directory, interpreter))
        return tuple(found)

    def _step(self, node: Node, known: Mapping[str, str], directory: str, interpreter: str) -> Step:
        variables = _variables(node.get("env"))
        run = node.get("run")
        own = {**known, **{v.name: v.value for v in variables if v.value is not None and not v.source}}
        for variable in variables:
            if variable.source:
                own.pop(variable.name, None)
        commands: tuple[Command, ...] = ()
        if run is not None and run.text is not None:
            where = clean_directory(node.text_at("working-directory") or directory)
            parsed = commands_of(run, self.lines, own, where, node.text_at("shell") or interpreter)
            commands, self.gaps = parsed.commands, [*self.gaps, *parsed.gaps]
        continued = node.get("continue-on-error")
        return Step(
            line=node.line,
            name=node.text_at("name"),
            uses=text_fact(node.get("uses")),
            inputs=_variables(node.get("with")),
            commands=commands,
            script=(run.text or "") if run is not None else "",
            variables=variables,
            timeout=_minutes(node.get("timeout-minutes")),
            condition=node.text_at("if"),
            continue_on_error=continued is not None and continued.as_bool is True,
        )


def _items(node: Node | None) -> list[tuple[Node, Node]]:
    return node.items() if node is not None else []


def _each(node: Node | None) -> list[Node]:
    return node.one_or_many() if node is not None and not node.is_mapping else []


def _texts(found: Iterable[Text | None]) -> tuple[Text, ...]:
    return tuple(text for text in found if text is not None)


def _triggers(node: Node | None) -> tuple[str, ...]:
    if node is None:
        return ()
    return tuple(key.text or "" for key, _ in node.items()) if node.is_mapping else tuple(e.text or "" for e in node.one_or_many())


def _variables(node: Node | None) -> tuple[Variable, ...]:
    """A mapping of names to values. A secret has no value; another expression stays and is told by its source."""
    found: list[Variable] = []
    for key, value in _items(node):
        text = value.text
        if value.is_null:
            text = ""
        source = ""
        if text is not None and "${{" in text:
            secret = _SECRET.match(text.strip())
            source, text = (f"secret:{secret.group(1)}", None) if secret else ("expression", text)
        found.append(Variable(key.text or "", text, value.line, value.column, source))
    return tuple(found)


def _inputs(node: Node | None) -> tuple[Variable, ...]:
    """Declared inputs with their defaults; one without comes from the caller."""
    found: list[Variable] = []
    for key, value in _items(node):
        default = value.get("default")
        text = default.text if default is not None else None
        place = default if default is not None else key
        found.append(Variable(key.text or "", text, place.line, place.column, "" if text is not None else "host"))
    return tuple(found)


def _matrix(node: Node | None) -> tuple[tuple[str, tuple[Text, ...]], ...]:
    """Key -> values, those of `include` added; the fields of a value that is a mapping are keys of their own (`target.os`)."""
    values: dict[str, dict[str, Text]] = {}
    pending: list[tuple[str, Node]] = []
    for key, value in _items(node):
        name = key.text or ""
        if name == "include":
            pending += [(k.text or "", v) for element in value.elements() for k, v in element.items()]
        elif name != "exclude":
            pending += [(name, element) for element in value.one_or_many()]
    for name, value in pending:
        if value.is_mapping:
            for path, leaf in value.leaves(100):
                values.setdefault(f"{name}.{path}", {}).setdefault(leaf.text or "", Text(leaf.text or "", leaf.line, leaf.column))
        elif value.text is not None:
            values.setdefault(name, {}).setdefault(value.text, Text(value.text, value.line, value.column))
    return tuple((name, tuple(found.values())) for name, found in values.items())


def _labels(node: Node | None, job: Job) -> tuple[Text, ...]:
    """The runner's labels, `${{ matrix.os }}` expanded; of a group its name when it has no labels."""
    if node is None:
        return ()
    if node.is_mapping:
        node = node.get("labels") or node.get("group") or node
    return tuple(label for text in _texts(text_fact(element) for element in _each(node)) for label in expand(job, text))


def _image(node: Node | None) -> Text | None:
    return text_fact(node.get("image") if node is not None and node.is_mapping else node)


def _minutes(node: Node | None) -> Amount | None:
    """Minutes as seconds; 0 when an expression says how many."""
    if node is None or node.text is None:
        return None
    minutes = number(node.text)
    return Amount(60.0 * minutes if minutes is not None else 0.0, node.text, node.line, node.column)


def _permissions(node: Node | None) -> tuple[Variable, ...]:
    """Scope -> access; `read-all` and `write-all` are the scope `*`."""
    if node is None or node.is_mapping:
        return _variables(node)
    return (Variable("*", node.text, node.line, node.column),) if node.text else ()
