"""The containers of a Kubernetes pod: environment, resources, probes, mounts, hooks."""

from __future__ import annotations

import re

from steadygo.facts.commands import Variable
from steadygo.facts.place import Amount, Text
from steadygo.facts.workloads import Container, Mount, Port, Probe
from steadygo.read.quantities import amount_fact, duration, kubernetes_quantity, text_fact
from steadygo.read.yaml_nodes import Node

_SLEEP = re.compile(r"(?:^|[;&\n]|\bexec\s)\s*(?:/bin/|/usr/bin/)?sleep\s+[\"']?(\d+(?:\.\d+)?[smh]?)[\"']?\s*(?=$|[;&\n])")
_LOOP = re.compile(r"\b(?:while|until|for|if|case)\b|\|\|")
_REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_.-][\w.-]*)\)")
_VOLUME_KINDS = {
    "configMap": "configmap",
    "secret": "secret",
    "persistentVolumeClaim": "pvc",
    "ephemeral": "pvc",
    "hostPath": "hostpath",
    "nfs": "volume",
}
_SHELLS = frozenset({"sh", "bash", "ash", "dash"})


def containers_of(pod: Node, claims: Node | None = None) -> tuple[Container, ...]:
    """All containers of a pod spec in the order they start. `claims` are a StatefulSet's volumeClaimTemplates."""
    volumes = _volumes(pod, claims)
    user = pod.get("securityContext", "runAsUser")
    found: list[Container] = []
    for section in ("initContainers", "containers"):
        for node in _list(pod.get(section)):
            if node.is_mapping:
                role = "main" if section == "containers" else "sidecar" if node.text_at("restartPolicy") == "Always" else "init"
                found.append(_container(node, role, volumes, user))
    return tuple(found)


def _list(node: Node | None) -> list[Node]:
    return node.elements() if node is not None else []


def _container(node: Node, role: str, volumes: dict[str, tuple[str, float]], pod_user: Node | None) -> Container:
    variables = _variables(_list(node.get("env")))
    known = {v.name: v.value for v in variables}
    command, args = node.get("command"), node.get("args")
    limits, requests = node.get("resources", "limits"), node.get("resources", "requests")
    prestop = node.get("lifecycle", "preStop")
    started = command if command is not None else args
    name = node.get("name")
    return Container(
        name=node.text_at("name"),
        line=(name or node).line,
        image=text_fact(node.get("image")),
        command=_words(command, known),
        args=_words(args, known),
        command_line=started.line if started is not None else 0,
        variables=variables,
        variables_from=_variables_from(_list(node.get("envFrom"))),
        ports=tuple(_ports(_list(node.get("ports")))),
        memory_limit=_quantity(limits, "memory"),
        memory_request=_quantity(requests, "memory"),
        cpu_limit=_quantity(limits, "cpu"),
        cpu_request=_quantity(requests, "cpu"),
        probes=tuple(_probes(node)),
        mounts=tuple(_mounts(_list(node.get("volumeMounts")), volumes)),
        prestop=_prestop(prestop),
        prestop_seconds=_prestop_seconds(prestop),
        stop_signal=text_fact(node.get("lifecycle", "stopSignal")),
        user=text_fact(node.get("securityContext", "runAsUser")) or text_fact(pod_user),
        read_only_root=bool((root := node.get("securityContext", "readOnlyRootFilesystem")) is not None and root.as_bool),
        role=role,
        path=(name or node).path,
    )


def _words(node: Node | None, known: dict[str, str | None]) -> tuple[str, ...] | None:
    if node is None or node.is_null:
        return None
    return tuple(_folded(element.text or "", known) for element in node.one_or_many())


def _folded(text: str, known: dict[str, str | None]) -> str:
    """Replace `$(NAME)` by values set before; what is not known stays as written, as the kubelet leaves it."""
    if "$" not in text:
        return text

    def value(match: re.Match[str]) -> str:
        if match[1] is None:
            return "$"
        found = known.get(match[1])
        return match[0] if found is None else found

    return _REFERENCE.sub(value, text)


def _variables(nodes: list[Node]) -> tuple[Variable, ...]:
    found: dict[str, Variable] = {}
    known: dict[str, str | None] = {}
    for node in nodes:
        name = node.get("name")
        if name is None or not name.text:
            continue
        literal, origin = node.get("value"), node.get("valueFrom")
        value: str | None = None
        source, place = "", name
        if literal is not None or origin is None or origin.is_null:
            text = (literal.text or "") if literal is not None else ""
            unknown = any(m[1] in known and known[m[1]] is None for m in _REFERENCE.finditer(text))
            value, source = (None, "expression") if unknown else (_folded(text, known), "")
            place = literal if literal is not None and literal.path else name
        else:
            source = _source(origin)
            place = origin if origin.path else name
        known[name.text] = value
        found.pop(name.text, None)
        found[name.text] = Variable(name.text, value, place.line, place.column, source, place.path)
    return tuple(found.values())


def _source(origin: Node) -> str:
    for kind, word in (("secretKeyRef", "secret"), ("configMapKeyRef", "configmap")):
        reference = origin.get(kind)
        if reference is not None:
            return f"{word}:{reference.text_at('name')}/{reference.text_at('key')}"
    for kind, key in (("fieldRef", "fieldPath"), ("resourceFieldRef", "resource")):
        path = origin.text_at(kind, key)
        if path:
            return f"field:{path}"
    key = origin.text_at("fileKeyRef", "path")
    return f"file:{key}" if key else "expression"


def _variables_from(nodes: list[Node]) -> tuple[Text, ...]:
    found = []
    for node in nodes:
        for kind, word in (("configMapRef", "configmap"), ("secretRef", "secret")):
            name = node.get(kind, "name")
            if name is not None and name.text:
                found.append(Text(f"{word}:{name.text}", name.line, name.column, name.path))
    return tuple(found)


def _ports(nodes: list[Node]) -> list[Port]:
    found = []
    for node in nodes:
        number = node.get("containerPort")
        if number is None:
            continue
        host = node.get("hostPort")
        published = (host.as_int or 0) if host is not None else 0
        protocol = node.text_at("protocol") or "TCP"
        found.append(Port(number.as_int or 0, number.line, node.text_at("name"), published, protocol, number.path))
    return found


def _quantity(node: Node | None, name: str) -> Amount | None:
    value = node.get(name) if node is not None else None
    return amount_fact(value, kubernetes_quantity(value.text)) if value is not None and value.text else None


def _probes(container: Node) -> list[Probe]:
    found = []
    for kind in ("startup", "liveness", "readiness"):
        node = container.get(f"{kind}Probe")
        if node is None or not node.is_mapping:
            continue
        handler, port, path, scheme = "", "", "", "HTTP"
        words: tuple[str, ...] = ()
        http, tcp, grpc, command = node.get("httpGet"), node.get("tcpSocket"), node.get("grpc"), node.get("exec", "command")
        if http is not None and http.is_mapping:
            handler, port, path = "http", http.text_at("port"), http.text_at("path") or "/"
            scheme = http.text_at("scheme").upper() or "HTTP"
        elif tcp is not None and tcp.is_mapping:
            handler, port = "tcp", tcp.text_at("port")
        elif grpc is not None and grpc.is_mapping:
            handler, port, path = "grpc", grpc.text_at("port"), grpc.text_at("service")
        elif command is not None:
            handler, words = "exec", tuple(e.text or "" for e in command.one_or_many())
        else:
            continue
        key = container.key(f"{kind}Probe") or node
        place = next((n for n in (http, tcp, grpc, command) if n is not None and n.path), key)
        found.append(
            Probe(
                kind=kind,
                handler=handler,
                line=place.line,
                path=path,
                port=port,
                words=words,
                period=_seconds(node, "periodSeconds", 10.0),
                timeout=_seconds(node, "timeoutSeconds", 1.0),
                failures=int(_seconds(node, "failureThreshold", 3.0)),
                initial_delay=_seconds(node, "initialDelaySeconds", 0.0, zero=True),
                scheme=scheme,
                file=place.path,
            )
        )
    return found


def _seconds(node: Node, name: str, default: float, zero: bool = False) -> float:
    """A whole number of a probe; 0 means the default, as the API server fills it, unless `zero` is a value of its own."""
    value = node.get(name)
    given = value.as_float if value is not None else None
    return default if given is None or given < 0 or (given == 0 and not zero) else given


def _volumes(pod: Node, claims: Node | None) -> dict[str, tuple[str, float]]:
    """Volume name → (kind, size in bytes)."""
    found: dict[str, tuple[str, float]] = {}
    for node in _list(claims):
        found[node.text_at("metadata", "name")] = ("pvc", _bytes(node.get("spec", "resources", "requests", "storage")))
    for node in _list(pod.get("volumes")):
        kind, size = "other", 0.0
        empty = node.get("emptyDir")
        if empty is not None or node.key("emptyDir") is not None:
            memory = empty is not None and empty.text_at("medium") == "Memory"
            kind = "memory" if memory else "emptydir"
            size = _bytes(empty.get("sizeLimit")) if empty is not None else 0.0
        else:
            kind = next((word for key, word in _VOLUME_KINDS.items() if node.get(key) is not None), "other")
        found[node.text_at("name")] = (kind, size)
    return found


def _bytes(node: Node | None) -> float:
    return (kubernetes_quantity(node.text) or 0.0) if node is not None and node.text else 0.0


def _mounts(nodes: list[Node], volumes: dict[str, tuple[str, float]]) -> list[Mount]:
    found = []
    for node in nodes:
        path = node.get("mountPath")
        if path is None or not path.text:
            continue
        name = node.text_at("name")
        kind, size = volumes.get(name, ("other", 0.0))
        read_only = node.get("readOnly")
        found.append(Mount(path.text, kind, path.line, name, size, bool(read_only is not None and read_only.as_bool), path.path))
    return found


def _prestop(node: Node | None) -> Text | None:
    if node is None or not node.is_mapping:
        return None
    command, http, sleep = node.get("exec", "command"), node.get("httpGet"), node.get("sleep", "seconds")
    if command is not None:
        return Text(" ".join(e.text or "" for e in command.one_or_many()), command.line, command.column, command.path)
    if sleep is not None:
        return Text(f"sleep {sleep.text or ''}", sleep.line, sleep.column, sleep.path)
    if http is not None:
        return Text(f"GET {http.text_at('path')}", http.line, http.column, http.path)
    return None


def _prestop_seconds(node: Node | None) -> Amount | None:
    """How long a preStop hook sleeps, where that is plain: the sleep action, `sleep N`, or a script without branches around its sleeps."""
    if node is None:
        return None
    seconds = node.get("sleep", "seconds")
    if seconds is not None:
        return amount_fact(seconds, seconds.as_float)
    command = node.get("exec", "command")
    words = [e.text or "" for e in command.one_or_many()] if command is not None else []
    if not words or command is None:
        return None
    program = words[0].rsplit("/", 1)[-1]
    if program == "sleep" and len(words) == 2:
        script = f"sleep {words[1]}"
    elif program in _SHELLS and len(words) >= 3 and words[1].startswith("-") and "c" in words[1]:
        script = words[2]
    elif len(words) == 1:
        script = words[0]
    else:
        return None
    naps = [m[1] for m in _SLEEP.finditer(script)]
    if not naps or _LOOP.search(script):
        return None
    total = sum(duration(nap if nap[-1].isalpha() else nap + "s") or 0.0 for nap in naps)
    place = command.elements()[-1] if command.elements() else command
    return Amount(total, script.strip(), place.line, place.column, place.path)
