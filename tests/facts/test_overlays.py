"""Kustomize overlays applied."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from steadygo.facts.commands import Variable
from steadygo.facts.overlays import Rendered, known_environment, render
from steadygo.facts.renaming import split_image
from steadygo.facts.workloads import Container
from steadygo.read import kubernetes, kustomize

BASE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: orders}
spec:
  replicas: 1
  template:
    metadata: {labels: {app: orders}}
    spec:
      containers:
        - name: orders
          image: acme/orders:1
          env:
            - {name: LOG, value: info}
            - {name: OLD, value: gone}
          envFrom: [{configMapRef: {name: settings}}]
          livenessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 5}
        - {name: debug, image: busybox}
"""
TREE = {
    "deploy/base/kustomization.yaml": "resources: [deployment.yaml]\nconfigMapGenerator: [{name: settings, literals: [A=1, B=2]}]\n",
    "deploy/base/deployment.yaml": BASE,
    "deploy/overlays/prod/kustomization.yaml": """\
resources: [../../base]
components: [../../components/memory]
namespace: shop
namePrefix: prod-
images: [{name: acme/orders, newTag: "2"}]
replicas: [{name: orders, count: 4}]
configMapGenerator:
  - {name: settings, behavior: merge, literals: [B=3], envs: [prod.env]}
patches:
  - path: patch.yaml
  - target: {kind: Deployment, name: orders}
    patch: |
      - op: replace
        path: /spec/template/spec/containers/0/livenessProbe/periodSeconds
        value: 30
      - op: remove
        path: /spec/absent
""",
    "deploy/overlays/prod/patch.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: orders}
spec:
  template:
    spec:
      terminationGracePeriodSeconds: 60
      containers:
        - name: orders
          env:
            - {name: LOG, value: warn}
            - {name: OLD, $patch: delete}
            - {name: NEW, value: "1"}
        - {name: debug, $patch: delete}
""",
    "deploy/components/memory/kustomization.yaml": """\
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches:
  - patch: |-
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: orders}
      spec: {template: {spec: {containers: [{name: orders, resources: {limits: {memory: 512Mi}}}]}}}
""",
    "deploy/overlays/dev/kustomization.yaml": "bases: [../../base]\n",
    "plain/job.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: solo}\nspec: {containers: [{name: a, image: b}]}\n",
}


def rendered(tree: dict[str, str]) -> Rendered:
    kustomizations = [kustomize.read(path, text.encode()) for path, text in tree.items() if path.endswith("kustomization.yaml")]
    files = [kubernetes.read(path, text.encode()) for path, text in tree.items() if not path.endswith("kustomization.yaml")]
    variables = {"deploy/overlays/prod/prod.env": (Variable("C", "4", 1),)}
    return render(kustomizations, files, variables, kubernetes.objects_of_trees)


def prod() -> Container:
    return next(w for w in rendered(TREE).workloads if w.environment == "prod").containers[0]


def test_workloads_come_out_once_per_environment() -> None:
    found = sorted((w.environment, w.name, w.namespace) for w in rendered(TREE).workloads)
    assert found == [("", "solo", ""), ("dev", "orders", ""), ("prod", "prod-orders", "shop")]


def test_strategic_merge_joins_containers_and_variables_by_name() -> None:
    workload = next(w for w in rendered(TREE).workloads if w.environment == "prod")
    assert [c.name for c in workload.containers] == ["orders"]
    assert {v.name: v.value for v in prod().variables} == {"LOG": "warn", "NEW": "1"}
    assert workload.grace is not None and (workload.grace.value, workload.grace.path) == (60, "deploy/overlays/prod/patch.yaml")


def test_what_a_patch_sets_stands_in_the_patch() -> None:
    log = next(v for v in prod().variables if v.name == "LOG")
    assert (log.path, log.line) == ("deploy/overlays/prod/patch.yaml", 11)
    limit = prod().memory_limit
    assert limit is not None and (limit.value, limit.path, limit.line) == (2**29, "deploy/components/memory/kustomization.yaml", 8)


def test_json_patches_change_one_value_and_say_what_they_could_not() -> None:
    (probe,) = prod().probes
    assert (probe.period, probe.path) == (30, "/healthz")
    assert [(n.message, n.at.line) for n in rendered(TREE).not_known] == [
        ("kustomize: remove /spec/absent could not be applied to Deployment orders", 16)
    ]


def test_images_and_replicas_are_set_by_the_overlay() -> None:
    workload = next(w for w in rendered(TREE).workloads if w.environment == "prod")
    assert workload.replicas is not None and workload.replicas.value == 4
    image = prod().image
    assert image is not None and (image.value, image.path) == ("acme/orders:2", "deploy/overlays/prod/kustomization.yaml")


def test_generated_config_is_merged_and_references_follow_its_name() -> None:
    config = next(c for c in rendered(TREE).configs if c.environment == "prod")
    assert config.name == "prod-settings"
    assert {v.name: v.value for v in config.variables} == {"A": "1", "B": "3", "C": "4"}
    assert [t.value for t in prod().variables_from] == ["configmap:prod-settings"]


def test_a_base_alone_stands_by_itself() -> None:
    tree = {path: text for path, text in TREE.items() if path.startswith("deploy/base")}
    assert [(w.environment, w.name) for w in rendered(tree).workloads] == [("", "orders")]


def test_overlays_that_include_each_other_end() -> None:
    tree = {
        "a/kustomization.yaml": "resources: [../b]",
        "b/kustomization.yaml": "resources: [../a]",
        "c/kustomization.yaml": "resources: [../a]",
    }
    assert any("includes itself" in n.message for n in rendered(tree).not_known)


def test_what_lies_elsewhere_is_not_known() -> None:
    tree = {"k/kustomization.yaml": "resources: [https://example.com/x.yaml, ./absent]\npatches: [{path: gone.yaml}]\n"}
    assert [n.at.line for n in rendered(tree).not_known] == [1, 1, 2]


def test_json_patch_in_a_file() -> None:
    tree = {
        "k/kustomization.yaml": "resources: [d.yaml]\npatchesJson6902: [{path: p.yaml, target: {kind: Deployment, name: .*}}]\n",
        "k/d.yaml": BASE,
        "k/p.yaml": "- {op: add, path: /spec/template/spec/containers/0/env/-, value: {name: X, value: y}}\n",
    }
    variables = rendered(tree).workloads[0].containers[0].variables
    assert [(v.name, v.path) for v in variables] == [("LOG", ""), ("OLD", ""), ("X", "k/p.yaml")]


def test_kustomizations_of_tests_are_no_environment() -> None:
    tree = {**TREE, "deploy/tests/all/kustomization.yaml": "resources: [../../base]\n"}
    assert sorted(w.environment for w in rendered(tree).workloads) == ["", "dev", "prod"]


def test_a_directory_named_like_an_environment_is_one() -> None:
    assert [known_environment(p) for p in ("k8s/staging/a.yaml", "k8s/a.yaml", "prod.yaml")] == ["staging", "", ""]


def test_splits_images_with_a_registrys_port() -> None:
    assert split_image("host:5000/app") == ("host:5000/app", "")
    assert split_image("host:5000/app:1@sha256:ab") == ("host:5000/app", ":1@sha256:ab")


@given(st.sampled_from(sorted(TREE)), st.integers(0, 900), st.binary(max_size=3))
@settings(max_examples=150, deadline=None)
def test_never_raises_on_a_mutated_tree(path: str, position: int, text: bytes) -> None:
    data = TREE[path].encode()
    position %= len(data)
    rendered({**TREE, path: (data[:position] + text + data[position + len(text) + 1 :]).decode("utf-8", "replace")})
