"""What runs containers: compose files, Kubernetes manifests, Kustomize, Helm charts.

A fact's own `path` is "" where it stands in its workload's file; after an overlay it names the patch's file.
"""

from __future__ import annotations

import msgspec

from steadygo.facts.commands import Variable
from steadygo.facts.place import Amount, Gap, Text
from steadygo.facts.trees import Tree


class Port(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`number` inside the container, `published` outside (compose host port, Service port), 0 when none or not known."""

    number: int
    line: int
    name: str = ""
    published: int = 0
    protocol: str = "TCP"
    path: str = ""


class Probe(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """kind: liveness readiness startup healthcheck. handler: http tcp grpc exec. `port` is a number or a port's name. Times in seconds."""

    kind: str
    handler: str
    line: int
    path: str = ""
    port: str = ""
    words: tuple[str, ...] = ()
    period: float = 10.0
    timeout: float = 1.0
    failures: int = 3
    initial_delay: float = 0.0
    scheme: str = "HTTP"
    file: str = ""  # the patch's file; `path` is the request's


class Mount(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """kind: volume bind tmpfs configmap secret pvc emptydir hostpath memory (emptyDir medium Memory) other. `size` in bytes, 0 not set."""

    path: str
    kind: str
    line: int
    name: str = ""
    size: float = 0.0
    read_only: bool = False
    file: str = ""  # the patch's file; `path` is inside the container


class Container(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A container of a pod, or a compose service. None means not set."""

    name: str
    line: int
    image: Text | None = None
    build: Text | None = None  # compose build context
    dockerfile: Text | None = None  # compose build.dockerfile, relative to the repository's root
    build_target: str = ""
    command: tuple[str, ...] | None = None  # overrides ENTRYPOINT
    args: tuple[str, ...] | None = None  # overrides CMD
    command_line: int = 0
    variables: tuple[Variable, ...] = ()
    variables_from: tuple[Text, ...] = ()  # "configmap:NAME" | "secret:NAME" | "file:PATH" (relative to the repository's root)
    ports: tuple[Port, ...] = ()
    memory_limit: Amount | None = None  # bytes
    memory_request: Amount | None = None
    cpu_limit: Amount | None = None  # cores
    cpu_request: Amount | None = None
    probes: tuple[Probe, ...] = ()
    mounts: tuple[Mount, ...] = ()
    prestop: Text | None = None
    prestop_seconds: Amount | None = None  # when it is a plain sleep
    stop_signal: Text | None = None
    user: Text | None = None
    read_only_root: bool = False
    role: str = "main"  # main init sidecar
    path: str = ""


class Workload(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """kind: compose Deployment StatefulSet DaemonSet Job CronJob Pod Rollout …; `environment` is the overlay or compose file's own name."""

    kind: str
    name: str
    line: int
    path: str
    namespace: str = ""
    environment: str = ""
    replicas: Amount | None = None
    strategy: Text | None = None  # RollingUpdate Recreate OnDelete
    max_unavailable: Text | None = None
    max_surge: Text | None = None
    revision_history: Amount | None = None
    grace: Amount | None = None  # seconds: terminationGracePeriodSeconds, stop_grace_period
    restart: Text | None = None
    labels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()
    containers: tuple[Container, ...] = ()
    depends_on: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    service_account: str = ""


class ConfigData(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A ConfigMap or Secret (kind configmap | secret); a secret's values are None, never kept."""

    kind: str
    name: str
    line: int
    path: str
    variables: tuple[Variable, ...] = ()
    namespace: str = ""
    environment: str = ""


class NetworkService(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A Kubernetes Service. `ports` are (name, port, target port as text, line)."""

    name: str
    line: int
    path: str
    selector: tuple[tuple[str, str], ...] = ()
    ports: tuple[tuple[str, int, str, int], ...] = ()
    namespace: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()
    environment: str = ""


class OtherObject(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Any other Kubernetes object: PodDisruptionBudget, Ingress, ServiceMonitor, PodMonitor, HPA, Application …

    `settings` are the leaves (dotted path, text, line), at most 400 of them.
    """

    kind: str
    name: str
    line: int
    path: str
    settings: tuple[tuple[str, str, int], ...] = ()
    namespace: str = ""
    api: str = ""
    environment: str = ""


class Manifests(msgspec.Struct, frozen=True, array_like=True, tag="manifests", gc=False):
    """One Kubernetes YAML file or one compose file (kind: kubernetes compose helm patch). Helm templates read statically are `partly`.

    `documents` are what overlays are applied to; a file of JSON 6902 operations (kind patch) has nothing else.
    """

    path: str
    kind: str
    workloads: tuple[Workload, ...] = ()
    configs: tuple[ConfigData, ...] = ()
    services: tuple[NetworkService, ...] = ()
    others: tuple[OtherObject, ...] = ()
    partly: bool = False
    gaps: tuple[Gap, ...] = ()
    documents: tuple[Tree, ...] = ()


class Patch(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A patch of a kustomization: a file (`path`, from the repository's root) or inline `documents`, mappings or lists of operations.

    `kind`, `name` and `labels` are the target's; all empty when the documents' own kind and name say it.
    """

    line: int
    path: str = ""
    documents: tuple[Tree, ...] = ()
    kind: str = ""
    name: str = ""
    labels: str = ""


class Generator(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A configMapGenerator's or secretGenerator's entry. behavior: create merge replace. A secret's values are None."""

    kind: str  # ConfigMap Secret
    name: str
    line: int
    behavior: str = "create"
    variables: tuple[Variable, ...] = ()
    environment_files: tuple[Text, ...] = ()  # from the repository's root


class Kustomization(msgspec.Struct, frozen=True, array_like=True, tag="kustomization", gc=False):
    """A kustomization.yaml. Paths are relative to the repository's root; what is fetched from elsewhere stays as written."""

    path: str
    resources: tuple[Text, ...] = ()
    components: tuple[Text, ...] = ()
    patches: tuple[Patch, ...] = ()
    images: tuple[tuple[str, str, str, int], ...] = ()  # (name, new name, new tag or "@digest", line)
    replicas: tuple[tuple[str, int, int], ...] = ()  # (name, count, line)
    generators: tuple[Generator, ...] = ()
    name_prefix: str = ""
    name_suffix: str = ""
    namespace: str = ""
    component: bool = False
    gaps: tuple[Gap, ...] = ()


class Chart(msgspec.Struct, frozen=True, array_like=True, tag="chart", gc=False):
    """A Helm Chart.yaml, values file or template. `values` are leaves (dotted path, text, line); `text` is a template's source."""

    path: str
    kind: str  # chart values template
    name: str = ""
    values: tuple[tuple[str, str, int], ...] = ()
    gaps: tuple[Gap, ...] = ()
    text: str = ""
