"""What looks like a secret."""

from __future__ import annotations

import pytest

from steadygo.facts.secrets import is_secret, names_a_secret, without_secrets


@pytest.mark.parametrize(
    "name",
    [
        "PASSWORD",
        "DB_PASSWORD",
        "PGPASSWORD",
        "dbPassword",
        "GITHUB_TOKEN",
        "API_KEY",
        "apiKey",
        "KEY",
        "CLIENT_SECRET",
        "JWT_SIGNING_KEY",
        "DB_PASS",
    ],
)
def test_a_name_of_a_secret(name: str) -> None:
    assert names_a_secret(name)


@pytest.mark.parametrize(
    "name", ["PGPASSWORD", "dbPassword", "GITHUB_TOKEN", "apiKey", "CLIENT_SECRET", "JWT_SIGNING_KEY", "DB_PASS", "sessionKey"]
)
def test_a_line_hides_the_value_of_every_such_name(name: str) -> None:
    assert names_a_secret(name)
    assert "hunter22" not in without_secrets(f"{name}=hunter22", code=False)
    assert "hunter22" not in without_secrets(f'{name} := "hunter22"', code=True)


@pytest.mark.parametrize("token", ["AKIAABCDEFGHIJKLMNOP", "glpat-abcdefghijklmnopqrst", "ghp_" + "a1" * 18])
def test_a_token_is_known_by_its_shape(token: str) -> None:
    assert is_secret("DEPLOYED_BY", token)
    assert token not in without_secrets(f"deployed_by: {token}", code=False)


@pytest.mark.parametrize("line", ["bypass: all", "public_key: abcdef", "partition_key: customer"])
def test_a_line_without_a_secret_stays(line: str) -> None:
    assert without_secrets(line, code=False) == line


@pytest.mark.parametrize(
    "name",
    [
        "TOKEN_TTL",
        "PRIVATE_KEY_FILE",
        "PWD",
        "PARTITION_KEY",
        "KEYCLOAK_REALM",
        "SECRET_NAME",
        "MONKEY",
        "COMPASS",
        "PASSWORD_MIN_LENGTH",
        "",
    ],
)
def test_a_name_of_something_else(name: str) -> None:
    assert not names_a_secret(name)


@pytest.mark.parametrize(
    ("value", "secret"),
    [
        ("postgres://app:hunter2@db:5432/orders", True),
        ("app:hunter2@tcp(db:3306)/orders", True),
        ("host=db user=app password=hunter2", True),
        ("-----BEGIN RSA PRIVATE KEY-----", True),
        ("postgres://db:5432/orders", False),
        ("postgres://app@db/orders", False),
        ("http://localhost:8080", False),
        ("", False),
    ],
)
def test_a_value_with_credentials(value: str, secret: bool) -> None:
    assert is_secret("DATABASE_URL", value) == secret


def test_an_empty_or_referred_secret_is_none() -> None:
    assert not is_secret("DB_PASSWORD", "")
    assert not is_secret("DB_PASSWORD", "${OTHER}")
