"""Compose files: a workload per service, merge keys and `extends` within the file applied."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

from steadygo.facts.commands import Variable
from steadygo.facts.place import Amount, Gap, Text
from steadygo.facts.workloads import Container, Manifests, Mount, Port, Probe, Workload
from steadygo.read.compose_text import folded, from_root, is_reference, is_remote, port_pairs, shell_words, tmpfs_parts, volume_parts
from steadygo.read.quantities import byte_size, duration, number
from steadygo.read.yaml_nodes import Node, load

_VARIANT = re.compile(r"(?:docker-)?compose(?:[.\-_](.+))?\.ya?ml")
_MAX_EXTENDS = 10


def read(path: str, data: bytes) -> Manifests:
    """Facts of a compose file."""
    documents = load(data)
    gaps = list(documents.gaps)
    root = documents.first
    services = root.get("services")
    if services is None and root.get("version") is None:
        legacy = [value for _, value in root.items() if value.get("image") is not None or value.get("build") is not None]
        services = root if legacy else None
    if root.get("include") is not None:
        gaps.append(Gap((root.key("include") or root).line, "compose: included files are not followed"))
    workloads = []
    for key, node in services.items() if services is not None else []:
        if key.text and node.is_mapping and not key.text.startswith("x-"):
            workloads.append(_workload(path, key, _Service(path, services or root, node, gaps)))
    return Manifests(path, "compose", tuple(workloads), gaps=tuple(gaps))


def variant(path: str) -> str:
    """The environment that a compose file's name stands for: "" for compose.yaml, "prod" for compose.prod.yaml."""
    name = posixpath.basename(path)
    match = _VARIANT.fullmatch(name)
    return (match[1] or "") if match else name.rsplit(".", 1)[0]


class _Service:
    """A service's mapping and those that it extends, nearest first."""

    def __init__(self, path: str, services: Node, node: Node, gaps: list[Gap]) -> None:
        self.directory = posixpath.dirname(path)
        self.gaps = gaps
        self.chain = [node]
        while (extends := node.get("extends")) is not None and len(self.chain) < _MAX_EXTENDS:
            name = extends.text or extends.text_at("service")
            file = extends.text_at("file")
            found: Node | None = services.get(name) if not file or from_root(self.directory, file) == path else None
            if found is None or any(found is seen for seen in self.chain):
                gaps.append(Gap(extends.line, f"compose: extends {file + '#' if file else ''}{name} is not followed"))
                break
            node = found
            self.chain.append(node)

    def get(self, *path: str) -> Node | None:
        """The nearest value that is set."""
        for node in self.chain:
            found = node.get(*path)
            if found is not None and found.tag != "!reset" and not found.is_null:
                return found
        return None

    def parts(self, name: str) -> list[Node]:
        """The elements of a list that `extends` adds to, farthest first; a single value counts as one element."""
        return [element for node in self._sources(name) for element in node.one_or_many()]

    def pairs(self, name: str) -> list[tuple[Node, str, Node | None]]:
        """(place, key, value) of a mapping or of a list of KEY=VALUE; the value is None for a bare KEY."""
        found: dict[str, tuple[Node, str, Node | None]] = {}
        for source in self._sources(name):
            for key, value in source.items():
                found[key.text or ""] = (key, key.text or "", value)
            for element in source.elements():
                text, separator, rest = (element.text or "").partition("=")
                given = Node("scalar", element.line, element.column, rest, '"') if separator else None
                found[text.strip()] = (element, text.strip(), given)
        return list(found.values())

    def _sources(self, name: str) -> list[Node]:
        found: list[Node] = []
        for node in reversed(self.chain):
            value = node.get(name)
            if value is None:
                continue
            if value.tag in ("!reset", "!override"):
                found.clear()
            if value.tag != "!reset":
                found.append(value)
        return found

    def text(self, *path: str) -> Text | None:
        node = self.get(*path)
        return Text(folded(node.text), node.line, node.column) if node is not None and node.text is not None else None

    def flag(self, name: str) -> bool:
        node = self.get(name)
        return bool(node is not None and node.as_bool)


def _workload(path: str, key: Node, service: _Service) -> Workload:
    update = service.get("deploy", "update_config")
    strategy = None
    if update is not None:
        order = service.text("deploy", "update_config", "order")
        strategy = order or Text("stop-first", update.line, update.column)
    depends = service.parts("depends_on")
    names = [name for node in depends for name, _ in node.named_items()] + [node.text for node in depends if node.text]
    return Workload(
        kind="compose",
        name=key.text or "",
        line=key.line,
        path=path,
        environment=variant(path),
        replicas=_amount(service, number, ("deploy", "replicas"), ("scale",)),
        strategy=strategy,
        max_unavailable=service.text("deploy", "update_config", "parallelism"),
        grace=_amount(service, duration, ("stop_grace_period",)),
        restart=service.text("restart") or service.text("deploy", "restart_policy", "condition"),
        labels=tuple((name, folded(value.text or "") if value is not None else "") for _, name, value in service.pairs("labels")),
        containers=(_container(key, service),),
        depends_on=tuple(dict.fromkeys(names)),
        profiles=tuple(node.text for node in service.parts("profiles") if node.text),
    )


def _container(key: Node, service: _Service) -> Container:
    entrypoint, command = service.get("entrypoint"), service.get("command")
    started = entrypoint if entrypoint is not None else command
    build, dockerfile = _build(service)
    return Container(
        name=key.text or "",
        line=key.line,
        image=service.text("image"),
        build=build,
        dockerfile=dockerfile,
        build_target=(target.value if (target := service.text("build", "target")) is not None else ""),
        command=_words(entrypoint),
        args=_words(command),
        command_line=started.line if started is not None else 0,
        variables=tuple(_variable(place, name, value) for place, name, value in service.pairs("environment") if name),
        variables_from=tuple(_environment_files(service)),
        ports=tuple(_ports(service)),
        memory_limit=_amount(service, byte_size, ("deploy", "resources", "limits", "memory"), ("mem_limit",)),
        memory_request=_amount(service, byte_size, ("deploy", "resources", "reservations", "memory"), ("mem_reservation",)),
        cpu_limit=_amount(service, number, ("deploy", "resources", "limits", "cpus"), ("cpus",)) or _quota(service),
        cpu_request=_amount(service, number, ("deploy", "resources", "reservations", "cpus")),
        probes=tuple(_healthcheck(service)),
        mounts=tuple(_mounts(service)),
        stop_signal=service.text("stop_signal"),
        user=service.text("user"),
        read_only_root=service.flag("read_only"),
    )


def _build(service: _Service) -> tuple[Text | None, Text | None]:
    node = service.get("build")
    if node is None:
        return None, None
    written = node if node.text is not None else service.get("build", "context")
    context = folded(written.text or ".") if written is not None else "."
    place = written if written is not None else node
    directory = from_root(service.directory, context)
    build = Text(directory, place.line, place.column)
    if is_remote(context) or service.get("build", "dockerfile_inline") is not None:
        return build, None
    named = service.text("build", "dockerfile") or Text("Dockerfile", place.line, place.column)
    return build, Text(from_root(directory, named.value), named.line, named.column)


def _words(node: Node | None) -> tuple[str, ...] | None:
    if node is None or node.is_mapping:
        return None
    if node.text is not None:
        return shell_words(folded(node.text))
    return tuple(folded(element.text or "") for element in node.elements())


def _variable(place: Node, name: str, value: Node | None) -> Variable:
    if value is None or value.text is None:
        return Variable(name, None, place.line, place.column, "host")
    text = folded(value.text)
    if is_reference(value.text):
        return Variable(name, None, place.line, place.column, "host")
    partly = "$" in text and "$$" not in value.text
    return Variable(name, text, place.line, place.column, "expression" if partly else "")


def _environment_files(service: _Service) -> list[Text]:
    found = []
    for element in service.parts("env_file"):
        node = element if element.text is not None else element.get("path")
        if node is not None and node.text:
            found.append(Text(f"file:{from_root(service.directory, folded(node.text))}", node.line, node.column))
    return found


def _ports(service: _Service) -> list[Port]:
    found: list[Port] = []
    for element in service.parts("ports"):
        if element.text is not None:
            pairs = port_pairs(folded(element.text))
            if not pairs:
                service.gaps.append(Gap(element.line, f"compose: port {element.text[:60]!r} is not known"))
            found += [Port(inside, element.line, "", outside, protocol) for inside, outside, protocol in pairs]
        elif element.is_mapping:
            target = port_pairs(folded(element.text_at("target")))
            published = port_pairs(folded(element.text_at("published")))
            protocol = element.text_at("protocol").upper() or "TCP"
            name = element.text_at("name")
            found += [Port(inside, element.line, name, published[0][0] if published else 0, protocol) for inside, _, _ in target[:1]]
    for element in service.parts("expose"):
        taken = {port.number for port in found}
        pairs = port_pairs(folded(element.text or ""))
        found += [Port(inside, element.line, "", 0, protocol) for inside, _, protocol in pairs if inside not in taken]
    return found


def _amount(service: _Service, parse: Callable[[str], float | None], *paths: tuple[str, ...]) -> Amount | None:
    for path in paths:
        text = service.text(*path)
        if text is not None:
            value = parse(text.value)
            if value is not None:
                return Amount(value, text.value, text.line, text.column)
    return None


def _quota(service: _Service) -> Amount | None:
    quota = service.text("cpu_quota")
    if quota is None:
        return None
    period = service.text("cpu_period")
    value, per = number(quota.value), number(period.value) if period is not None else 100_000.0
    return Amount(value / per, quota.value, quota.line, quota.column) if value and per and value > 0 else None


def _healthcheck(service: _Service) -> list[Probe]:
    node = service.get("healthcheck")
    if node is None or not node.is_mapping:
        return []
    disabled = service.get("healthcheck", "disable")
    test = service.get("healthcheck", "test")
    words: tuple[str, ...] = ()
    if test is not None and test.text is not None:
        words = ("/bin/sh", "-c", folded(test.text))
    elif test is not None:
        given = tuple(folded(element.text or "") for element in test.elements())
        words = ("/bin/sh", "-c", *given[1:]) if given[:1] == ("CMD-SHELL",) else given[1:]
        if given[:1] == ("NONE",):
            return []
    if disabled is not None and disabled.as_bool:
        return []

    def seconds(name: str, default: float) -> float:
        amount = _amount(service, duration, ("healthcheck", name))
        return amount.value if amount is not None else default

    retries = _amount(service, number, ("healthcheck", "retries"))
    return [
        Probe(
            kind="healthcheck",
            handler="exec",
            line=(test or node).line,
            words=words,
            period=seconds("interval", 30.0),
            timeout=seconds("timeout", 30.0),
            failures=int(retries.value) if retries is not None else 3,
            initial_delay=seconds("start_period", 0.0),
        )
    ]


def _mounts(service: _Service) -> list[Mount]:
    found: list[Mount] = []
    for element in service.parts("volumes"):
        if element.text is not None:
            source, target, read_only = volume_parts(folded(element.text))
            kind = "bind" if source.startswith((".", "/", "~", "$")) or source[1:2] == ":" else "volume"
            found.append(Mount(target, kind, element.line, source, 0.0, read_only))
        elif element.is_mapping:
            only = element.get("read_only")
            size = byte_size(element.text_at("tmpfs", "size")) or 0.0
            kind = element.text_at("type") or "volume"
            kind = kind if kind in ("volume", "bind", "tmpfs") else "other"
            target = folded(element.text_at("target"))
            found.append(
                Mount(target, kind, element.line, folded(element.text_at("source")), size, bool(only is not None and only.as_bool))
            )
    for element in service.parts("tmpfs"):
        target, size = tmpfs_parts(folded(element.text or ""))
        if target:
            found.append(Mount(target, "tmpfs", element.line, "", size))
    for section, kind, folder in (("secrets", "secret", "/run/secrets/"), ("configs", "configmap", "/")):
        for element in service.parts(section):
            name = element.text or element.text_at("source")
            target = element.text_at("target") or name
            if name:
                found.append(Mount(target if target.startswith("/") else folder + target, kind, element.line, name, 0.0, True))
    return found
