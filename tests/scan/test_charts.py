"""Charts rendered by a real helm: what it computes, at the lines of the templates."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests import install_go

from steadygo.facts.settings import Settings
from steadygo.facts.workloads import Workload
from steadygo.scan import charts
from steadygo.scan.assemble import assemble, decode
from steadygo.scan.discover import discover
from steadygo.scan.reading import read_all

TEMPLATE = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-{{ .Chart.Name }}
spec:
  {{- if gt (int .Values.replicas) 1 }}
  replicas: {{ .Values.replicas }}
  {{- end }}
  template:
    spec:
      terminationGracePeriodSeconds: {{ add .Values.drain 5 }}
      containers:
        - name: orders
          image: "{{ .Values.image }}:{{ .Chart.AppVersion }}"
          env:
            {{- range $name, $value := .Values.settings }}
            - name: {{ $name | snakecase | upper }}
              value: {{ $value | quote }}
            {{- end }}
"""


@pytest.fixture
def helm(monkeypatch: pytest.MonkeyPatch) -> None:
    program = install_go.root() / "bin" / "helm"
    if not program.exists():
        reason = f"helm is not installed: {install_go.INSTALL_LINE}"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")


def chart(root: Path, template: str = TEMPLATE) -> Path:
    for path, text in {
        "go.mod": "module example.com/orders\n",
        "chart/Chart.yaml": "apiVersion: v2\nname: orders\nversion: 1.0.0\nappVersion: v7\n",
        "chart/values.yaml": "replicas: 3\ndrain: 25\nimage: example.com/orders\nsettings:\n  logLevel: info\n",
        "chart/values-prod.yaml": "replicas: 9\n",
        "chart/templates/deployment.yaml": template,
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def workloads(root: Path) -> dict[str, Workload]:
    found = discover(root, Settings(), lambda path, signature: None)
    reads = read_all(root, found.files, frozenset(), lambda done, total: None)
    artefacts, _ = decode(sorted(((r.path, r.facts) for r in reads), reverse=True))
    render = charts.renderer(root, found.paths)
    assert render is not None
    repository = assemble(root.name, Settings(), artefacts, found.unread, frozenset(found.paths), render)
    return {w.environment: w for w in repository.workloads}


@pytest.mark.usefixtures("helm")
def test_reads_what_helm_renders_at_the_lines_of_the_template(tmp_path: Path) -> None:
    found = workloads(chart(tmp_path))
    own = found[""]
    assert own.path == "chart/templates/deployment.yaml"
    assert own.replicas is not None and (own.replicas.value, own.replicas.line) == (3, 7)
    assert own.grace is not None and (own.grace.value, own.grace.line) == (30, 11)
    (container,) = own.containers
    assert container.image is not None and (container.image.value, container.image.line) == ("example.com/orders:v7", 14)
    assert [(v.name, v.value, v.line) for v in container.variables] == [("LOG_LEVEL", "info", 17)]
    assert found["prod"].replicas is not None and found["prod"].replicas.value == 9


@pytest.mark.usefixtures("helm")
def test_a_chart_that_helm_refuses_is_read_statically(tmp_path: Path) -> None:
    found = workloads(chart(tmp_path, TEMPLATE.replace("replicas: {{", 'replicas: {{ required "no" .Values.none }}{{')))
    assert found[""].containers[0].name == "orders"


@pytest.mark.usefixtures("helm")
def test_helm_sees_nothing_outside_of_the_chart(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("outside-secret")
    root = chart(tmp_path / "repo", TEMPLATE.replace("{{ .Values.image }}", '{{ .Files.Get "secret.txt" }}'))
    (root / "chart" / "secret.txt").symlink_to(tmp_path / "secret.txt")
    image = workloads(root)[""].containers[0].image
    assert image is not None and "outside" not in image.value
