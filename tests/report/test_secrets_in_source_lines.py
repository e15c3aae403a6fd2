"""Values that look like secrets are hidden; references, names and code are not."""

import time

import pytest

from steadygo.facts.secrets import without_secrets
from steadygo.report.source import shown


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("DB_PASSWORD=hunter22", False),
        ("  password: hunter22", False),
        ('Environment="API_TOKEN=hunter22" FOO=1', False),
        ("ENV SECRET_KEY hunter22", False),
        ("url: postgres://u:hunter22@db/x", False),
        ('password := "hunter22"', True),
        ('dsn := "postgres://app:hunter22@db:5432/orders"', True),
        ('flag.String("token", "hunter22", "usage")', True),
        ('{"clientSecret": "hunter22"}', False),
    ],
)
def test_hides_the_value_of_a_secret(line: str, code: bool) -> None:
    assert "hunter22" in line
    assert "hunter22" not in without_secrets(line, code=code)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("DB_PASSWORD=$PW", False),
        ("secretName: orders-tls", False),
        ("token: ${{ secrets.GITHUB_TOKEN }}", False),
        ("- name: DB_PASSWORD", False),
        ("key: api-token", False),
        ("secretKeyRef:", False),
        ("automountServiceAccountToken: false", False),
        ("LoadCredential=token:/etc/orders/token", False),
        ("token := getToken()", True),
        ('os.Getenv("API_TOKEN")', True),
        ('mustGet(&secret, "API_SECRET_KEY")', True),
        ('cfg.Token = os.Getenv("TOKEN")', True),
        ("image: registry:5000/orders@sha256:abc", False),
    ],
)
def test_leaves_what_only_names_a_secret(line: str, code: bool) -> None:
    assert without_secrets(line, code=code) == line


def test_a_huge_line_is_cut_and_quick() -> None:
    line = 'token="' * 200_000
    began = time.process_time()
    text = shown(lambda path, number: line, "a.env", 1)
    assert text is not None
    assert len(text) < 400
    assert time.process_time() - began < 0.5


def test_a_line_that_cannot_be_shown_is_none() -> None:
    assert shown(lambda path, line: None, "a.go", 1) is None


def test_hides_the_value_below_a_secret_name() -> None:
    lines = ["- name: DB_PASSWORD", "  value: hunter22", "- name: MODE", "  value: fast"]
    assert shown(lambda path, line: lines[line - 1], "d.yaml", 2) == "value: •••"
    assert shown(lambda path, line: lines[line - 1], "d.yaml", 4) == "value: fast"
