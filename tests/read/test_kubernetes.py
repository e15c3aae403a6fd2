"""Kubernetes manifests."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from steadygo.facts.workloads import Manifests
from steadygo.read import kubernetes
from steadygo.read.quantities import byte_size, duration, kubernetes_quantity

FULL = b"""\
apiVersion: apps/v1
kind: Deployment
metadata: {name: orders, namespace: shop, annotations: {team: a}}
spec:
  replicas: 3
  revisionHistoryLimit: 0
  strategy:
    type: RollingUpdate
    rollingUpdate: {maxUnavailable: 25%, maxSurge: 1}
  template:
    metadata:
      labels: {app: orders}
      annotations: {prometheus.io/scrape: "true"}
    spec:
      terminationGracePeriodSeconds: 45
      securityContext: {runAsUser: 65532}
      initContainers:
        - name: migrate
          image: acme/migrate
        - name: proxy
          image: acme/proxy
          restartPolicy: Always
      containers:
        - name: orders
          image: acme/orders:1.2
          args: [--addr, ":$(PORT)"]
          env:
            - {name: PORT, value: "8080"}
            - {name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
            - {name: ADDRESS, value: "$(IP):$(PORT)"}
            - {name: PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}
            - name: GOMEMLIMIT
              valueFrom: {resourceFieldRef: {resource: limits.memory}}
          envFrom: [{configMapRef: {name: orders}}, {secretRef: {name: keys}}]
          ports: [{name: http, containerPort: 8080}]
          resources: {limits: {memory: 512Mi, cpu: 500m}, requests: {memory: 1e8}}
          livenessProbe: {httpGet: {path: /healthz, port: http}, periodSeconds: 5}
          readinessProbe: {grpc: {port: 9000}, initialDelaySeconds: 3}
          lifecycle: {preStop: {exec: {command: [sh, -c, "sleep 5; kill -TERM 1"]}}}
          volumeMounts: [{name: tmp, mountPath: /tmp}, {name: conf, mountPath: /etc/orders, readOnly: true}]
      volumes:
        - {name: tmp, emptyDir: {medium: Memory, sizeLimit: 64Mi}}
        - {name: conf, configMap: {name: orders}}
---
apiVersion: v1
kind: Secret
metadata: {name: db}
stringData: {password: hunter2}
---
apiVersion: v1
kind: Service
metadata: {name: orders}
spec: {selector: {app: orders}, ports: [{name: http, port: 80, targetPort: http}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: orders}
spec: {minAvailable: 2}
"""


def facts(data: bytes = FULL) -> Manifests:
    return kubernetes.read("deploy/orders.yaml", data)


def test_reads_the_workload() -> None:
    (w,) = facts().workloads
    assert (w.kind, w.name, w.namespace, w.line) == ("Deployment", "orders", "shop", 2)
    assert w.replicas is not None and (w.replicas.value, w.replicas.line) == (3, 5)
    assert w.revision_history is not None and w.revision_history.value == 0
    assert w.max_unavailable is not None and w.max_unavailable.value == "25%"
    assert w.grace is not None and (w.grace.value, w.grace.line) == (45, 15)
    assert w.labels == (("app", "orders"),)
    assert dict(w.annotations) == {"team": "a", "prometheus.io/scrape": "true"}
    assert [(c.name, c.role) for c in w.containers] == [("migrate", "init"), ("proxy", "sidecar"), ("orders", "main")]


def test_reads_the_container() -> None:
    c = facts().workloads[0].containers[2]
    assert c.args == ("--addr", ":8080")
    assert {v.name: (v.value, v.source) for v in c.variables} == {
        "PORT": ("8080", ""),
        "IP": (None, "field:status.podIP"),
        "ADDRESS": (None, "expression"),
        "PASSWORD": (None, "secret:db/password"),
        "GOMEMLIMIT": (None, "field:limits.memory"),
    }
    assert [t.value for t in c.variables_from] == ["configmap:orders", "secret:keys"]
    assert c.memory_limit is not None and c.memory_limit.value == 512 * 1024**2
    assert c.cpu_limit is not None and c.cpu_limit.value == 0.5
    assert c.memory_request is not None and c.memory_request.value == 1e8
    assert [(p.kind, p.handler, p.port, p.path, p.period) for p in c.probes] == [
        ("liveness", "http", "http", "/healthz", 5),
        ("readiness", "grpc", "9000", "", 10),
    ]
    assert c.prestop_seconds is not None and c.prestop_seconds.value == 5
    assert [(m.path, m.kind, m.size) for m in c.mounts] == [("/tmp", "memory", 64 * 1024**2), ("/etc/orders", "configmap", 0)]
    assert c.user is not None and c.user.value == "65532"


def test_a_sleep_action_is_a_prestop() -> None:
    data = FULL.replace(b'{exec: {command: [sh, -c, "sleep 5; kill -TERM 1"]}}', b"{sleep: {seconds: 7}}")
    seconds = facts(data).workloads[0].containers[2].prestop_seconds
    assert seconds is not None and seconds.value == 7


def test_a_branching_prestop_is_not_a_plain_sleep() -> None:
    data = FULL.replace(b"sleep 5; kill -TERM 1", b"while pgrep orders; do sleep 1; done")
    container = facts(data).workloads[0].containers[2]
    assert container.prestop is not None and container.prestop_seconds is None


def test_secret_values_are_never_kept() -> None:
    found = facts()
    (secret,) = found.configs
    assert [(v.name, v.value) for v in secret.variables] == [("password", None)]
    assert b"hunter2" not in msgspec.msgpack.encode(found)


def test_services_and_other_objects() -> None:
    found = facts()
    assert found.services[0].ports == (("http", 80, "http", found.services[0].ports[0][3]),)
    (other,) = found.others
    assert other.kind == "PodDisruptionBudget" and ("spec.minAvailable", "2", 58) in other.settings


def test_reads_cron_jobs_rollouts_and_lists() -> None:
    data = """
apiVersion: v1
kind: List
items:
  - apiVersion: batch/v1
    kind: CronJob
    spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: b}]}}}}}
  - apiVersion: argoproj.io/v1alpha1
    kind: Rollout
    spec: {strategy: {canary: {maxSurge: 1}}, template: {spec: {containers: [{name: a, image: b}]}}}
  - apiVersion: serving.knative.dev/v1
    kind: Service
    spec: {template: {spec: {containers: [{name: a, image: b}]}}}
"""
    found = facts(data.encode())
    assert [w.kind for w in found.workloads] == ["CronJob", "Rollout", "KnativeService"]
    assert found.workloads[1].strategy is not None and found.workloads[1].strategy.value == "canary"


def test_other_yaml_and_helm_templates_are_left_alone() -> None:
    assert kubernetes.read("a.yaml", b"name: x\nsteps: []\n") == Manifests("a.yaml", "kubernetes")
    template = kubernetes.read("a.yaml", b"apiVersion: v1\nkind: Pod\nmetadata: {name: {{ .Values.name }}}\n")
    assert template.partly and template.gaps and not template.workloads


def test_facts_survive_the_cache() -> None:
    found = facts()
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=Manifests) == found


def test_quantities() -> None:
    assert [kubernetes_quantity(t) for t in ("512Mi", "500m", "1.5", "1e3", "2Gi", "x", "")] == [2**29, 0.5, 1.5, 1000, 2**31, None, None]
    assert [byte_size(t) for t in ("1g", "512m", "64kb", "100", "1GiB", "x")] == [2**30, 2**29, 2**16, 100, 2**30, None]
    assert [duration(t) for t in ("1m30s", "500ms", "0", "1.5h", "10", "s")] == [90, 0.5, 0, 5400, None, None]


@given(st.lists(st.tuples(st.integers(0, len(FULL) - 1), st.binary(max_size=4)), max_size=6))
@settings(max_examples=150, deadline=None)
def test_never_raises_on_a_mutated_file(edits: list[tuple[int, bytes]]) -> None:
    data = FULL
    for position, text in edits:
        data = data[:position] + text + data[position + len(text) + 1 :]
    kubernetes.read("a.yaml", data)


_SCALAR = st.sampled_from(["x", "1", "~", "[]", "{}", "[1]", "{a: b}", "true", "''"])


@given(st.lists(_SCALAR, min_size=12, max_size=12))
@settings(max_examples=150, deadline=None)
def test_never_raises_on_values_of_the_wrong_kind(values: list[str]) -> None:
    keys = ["name", "image", "command", "args", "env", "envFrom", "ports", "resources", "livenessProbe", "lifecycle", "volumeMounts"]
    container = ", ".join(f"{key}: {value}" for key, value in zip(keys, values, strict=False))
    pod = f"{{containers: [{{{container}}}], volumes: {values[11]}, securityContext: {values[0]}}}"
    for kind in ("Pod", "Deployment"):
        spec = (
            pod if kind == "Pod" else f"{{replicas: {values[1]}, strategy: {values[2]}, template: {{metadata: {values[3]}, spec: {pod}}}}}"
        )
        kubernetes.read("a.yaml", f"apiVersion: v1\nkind: {kind}\nmetadata: {values[4]}\nspec: {spec}\n".encode())


def test_templates_of_other_programs_are_only_text() -> None:
    text = b'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  x: |\n    {{ define "t" }}{{ template "u" . }}{{ end }}\n'
    assert len(facts(text).configs) == 1
