"""Helm charts read statically."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from steadygo.facts.workloads import Manifests
from steadygo.read import helm
from steadygo.read.go_template import MARK, Renderer, parse

TREE = {
    "chart/Chart.yaml": "name: orders\nappVersion: 1.10\n",
    "chart/values.yaml": """\
image: {repository: acme/orders, tag: ""}
replicas: 2
resources: {limits: {memory: 256Mi}}
env: [{name: LOG, value: info}]
probes: {enabled: true}
extra: {}
""",
    "chart/values-prod.yaml": "replicas: 5\nresources: {limits: {memory: 1Gi}}\n",
    "chart/templates/_helpers.tpl": """\
{{- define "orders.fullname" -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}
""",
    "chart/templates/deployment.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "orders.fullname" . }}
spec:
  {{- if .Values.extra.autoscaling }}
  minReadySeconds: 5
  {{- else }}
  replicas: {{ .Values.replicas }}
  {{- end }}
  template:
    spec:
      containers:
        - name: {{ .Chart.Name }}
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          env:
            {{- range .Values.env }}
            - name: {{ .name }}
              value: {{ .value | quote }}
            {{- end }}
          {{- with .Values.resources }}
          resources:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- if .Values.probes.enabled }}
          readinessProbe:
            httpGet: { path: /ready, port: {{ .Files.Get "port" }} }
          {{- end }}
""",
}


def rendered(tree: dict[str, str] = TREE) -> tuple[Manifests, ...]:
    return helm.render([helm.read(path, text.encode()) for path, text in tree.items()])


def evaluate(text: str) -> str:
    return "".join(piece[0] for piece in Renderer({"Values": {"a": "1.10", "on": True, "l": ["x", "y"]}}, {}).render(parse(text)[0]))


def test_values_are_put_into_templates() -> None:
    own, prod = (manifests.workloads[0] for manifests in rendered())
    assert (own.name, own.environment, prod.environment) == ("release-name-orders", "", "prod")
    image, limit = own.containers[0].image, own.containers[0].memory_limit
    assert image is not None and (image.value, image.line) == ("acme/orders:1.10", 15)
    assert limit is not None and (limit.value, limit.line) == (256 * 2**20, 23)
    assert own.replicas is not None and (own.replicas.value, own.replicas.line) == (2, 9)
    assert prod.replicas is not None and prod.replicas.value == 5
    assert [(v.name, v.value, v.line) for v in own.containers[0].variables] == [("LOG", "info", 18)]


def test_what_is_not_known_is_a_gap() -> None:
    manifests = rendered()[0]
    assert manifests.partly
    assert [(gap.line, ".Files.Get" in gap.reason) for gap in manifests.gaps] == [(27, True)]


def test_expressions() -> None:
    assert evaluate("{{ .Values.a | quote }}") == '"1.10"'
    assert evaluate('{{ default (printf "v%s" .Values.a) .Values.b }}') == "v1.10"
    assert evaluate("{{- if and .Values.on (not .Values.b) }}yes{{ else }}no{{ end }}") == "yes"
    assert evaluate("{{ range $i, $e := .Values.l }}{{ $i }}{{ $e }}{{ end }}") == "0x1y"
    assert evaluate("{{ $x := .Values.a }}{{ $x }}{{/* a comment */}}") == "1.10"
    assert evaluate("{{ .Values.a | sha1sum }}") == MARK


def test_endless_templates_end() -> None:
    again = '{{ include "orders.fullname" . }}'
    tree = {**TREE, "chart/templates/_helpers.tpl": '{{ define "orders.fullname" }}' + again * 2 + "{{ end }}"}
    rendered(tree)
    nested = "{{ range .Values.l }}" * 25 + "x" + "{{ end }}" * 25
    evaluate(nested)
    evaluate("{{ " + "(" * 5000)
    evaluate("{{ if a }}" * 5000)


@given(st.sampled_from(sorted(TREE)), st.integers(0, 900), st.text(alphabet='{}-(). |"$:=x\n', max_size=4))
@settings(max_examples=150, deadline=None)
def test_never_raises_on_a_mutated_chart(path: str, position: int, text: str) -> None:
    data = TREE[path]
    position %= len(data)
    rendered({**TREE, path: data[:position] + text + data[position + len(text) + 1 :]})


def test_hostile_templates_stay_small() -> None:
    for text in (
        "{{ " * 50_000,
        '{{ "' * 10_000,
        "{{/*" * 2_000,
        "{{ if a }}" * 20_000,
        '{{ $x := "aaaaaaaa" }}' + "{{ $x = print $x $x $x $x $x $x }}" * 40,
        "{{ $x := list 1 }}" + "{{ $x = list $x $x $x $x $x $x }}" * 40 + "{{ toYaml $x }}",
    ):
        began = time.process_time()
        rendered({"c/Chart.yaml": "name: x", "c/templates/a.yaml": "kind: x\n" + text})
        assert time.process_time() - began < 3
