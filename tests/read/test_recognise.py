"""Which reader a file belongs to."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygo.read.dispatch import KINDS
from steadygo.read.recognise import recognise, skip_directory

BY_NAME = {
    "cmd/orders/main.go": "go",
    "go.mod": "gomod",
    "tools/go.mod": "gomod",
    "go.work": "gowork",
    "go.work.sum": "gosum",
    "vendor/modules.txt": "vendor",
    "vendor/go.mod": None,
    "vendor/a.go": None,
    "Dockerfile": "dockerfile",
    "build/Dockerfile.release": "dockerfile",
    "Dockerfile-alpine": "dockerfile",
    "orders.Dockerfile": "dockerfile",
    "orders.dockerfile": "dockerfile",
    "Containerfile": "dockerfile",
    "Dockerfile.dockerignore": None,
    "Dockerfile.j2": None,
    "Dockerfile.md": None,
    "dockerfile.go": "go",
    "docker-compose.yml": "compose",
    "docker-compose.prod.yaml": "compose",
    "compose.yaml": "compose",
    "composer.yaml": None,
    ".github/workflows/ci.yml": "github-workflow",
    "examples/x/.github/workflows/ci.yml": None,
    ".gitlab-ci.yml": "gitlab-ci",
    "ci/deploy.gitlab-ci.yml": "gitlab-ci",
    ".gitlab/ci/build.yml": "gitlab-ci",
    "Makefile": "makefile",
    "Makefile.common": "makefile",
    "build/docker.mk": "makefile",
    "Makefile.am": None,
    "run.sh": "script",
    "deploy/orders.service": "unit",
    "deploy/orders@.service": "unit",
    "deploy/orders.service.in": "unit",
    "deploy/orders.service.d/10-limits.conf": "unit",
    "deploy/service.d/all.conf": "unit",
    "deploy/nginx.conf": None,
    ".env": "envfile",
    ".env.example": "envfile",
    "orders.env": "envfile",
    ".envrc": None,
    "env.d.ts": None,
    ".env.ts": None,
    "etc/default/orders": "envfile",
    "kustomization.yaml": "kustomization",
    "charts/orders/Chart.yaml": "chart",
    ".goreleaser.yaml": "goreleaser",
    ".goreleaser.nightly.yml": "goreleaser",
    ".ko.yaml": "ko",
    "api/openapi.yaml": "openapi",
    "db/migrations/001_init.sql": "migration",
    "schema/000001_init.up.sql": "migration",
    "sql/V1__init.sql": "migration",
    "internal/db/queries/orders.sql": None,
    "db/migrations/fixtures/orders.sql": None,
    "values.yaml": None,
    "README.md": None,
}
BY_CONTENT = {
    ("deploy/app.yaml", b"# orders\napiVersion: apps/v1\nkind: Deployment\n"): "kubernetes",
    ("deploy/app.json", b'{"apiVersion": "v1", "kind": "Service"}'): "kubernetes",
    ("kube/config.yaml", b"apiVersion: v1\nkind: Config\nclusters: []\n"): None,
    ("rules.yaml", b"apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\n"): "prometheus-rules",
    ("orders.rules", b"groups:\n- name: a\n  rules:\n  - alert: A\n    expr: up\n"): "prometheus-rules",
    ("groups.yaml", b"groups:\n- name: admins\n"): None,
    ("prometheus.yml", b"global: {}\nscrape_configs:\n- job_name: a\n"): "prometheus-config",
    ("promtail.yml", b"clients: []\nscrape_configs:\n- job_name: a\n"): None,
    ("stack.yml", b"services:\n  orders:\n    image: orders\n"): "compose",
    (".travis.yml", b"language: go\nservices:\n  - docker\n"): None,
    ("x/action.yml", b"name: x\nruns:\n  using: composite\n"): "github-action",
    ("x/action.yml", b"name: x\n"): None,
    ("api.yaml", b'openapi: "3.0.0"\ninfo: {}\n'): "openapi",
    ("api.json", b'{\n  "swagger": "2.0"}'): "openapi",
    ("d.json", b'{"annotations": {}, "editable": true, "panels": []}'): "dashboard",
    ("d.json", b'{"panels": 3}'): None,
    ("x.sql", b"-- +goose Up\nSELECT 1;\n"): "migration",
    ("x.sql", b"SELECT 1;\n"): None,
    ("bin/start", b"#!/usr/bin/env bash\nset -e\n"): "script",
    ("bin/start", b"#!/bin/sh -e\n"): "script",
    ("bin/start", b"#!/usr/bin/env python3\n"): None,
    ("bin/start", b"#!/bin/sh\0"): None,
}


@pytest.mark.parametrize(("path", "kind"), BY_NAME.items())
def test_knows_a_file_by_its_name(path: str, kind: str | None) -> None:
    assert recognise(path, b"") == kind


@pytest.mark.parametrize(("file", "kind"), BY_CONTENT.items())
def test_knows_a_file_by_its_beginning(file: tuple[str, bytes], kind: str | None) -> None:
    assert recognise(*file) == kind


def test_knows_the_parts_of_a_chart_by_its_neighbours() -> None:
    paths = frozenset({"c/Chart.yaml", "c/values-prod.yaml", "c/templates/sub/a.yaml", "c/templates/_x.tpl", "templates/b.yaml"})
    kinds = [recognise(path, b"", paths) for path in sorted(paths)]
    assert kinds == ["chart", "helm-template", "helm-template", "values", None]


def test_a_templated_manifest_outside_a_known_chart_is_a_template() -> None:
    assert recognise("x/templates/a.yaml", b"apiVersion: v1\nkind: Pod\nmetadata: {{ .x }}\n") == "helm-template"


def test_a_nested_workflow_counts_beside_a_module() -> None:
    assert recognise("a/.github/workflows/ci.yml", b"", frozenset({"a/go.mod"})) == "github-workflow"


def test_enters_vendor_only_for_its_list() -> None:
    assert not skip_directory("vendor", "vendor")
    assert skip_directory("github.com", "vendor/github.com")
    assert skip_directory("github.com", "a/vendor/github.com")
    assert skip_directory("testdata", "a/testdata")
    assert not skip_directory("internal", "a/internal")


@given(st.text(), st.binary())
def test_answers_a_known_kind_for_anything(path: str, head: bytes) -> None:
    assert recognise(path, head) in {*KINDS, None}


@given(st.from_regex(re.compile(r"(?:a/)?x\.(?:yaml|json|sql|rules)"), fullmatch=True), st.binary())
def test_answers_a_known_kind_for_any_beginning(path: str, head: bytes) -> None:
    assert recognise(path, b"apiVersion: x\nkind: y\n" + head) in {*KINDS, None}
