"""What looks like a secret."""

from __future__ import annotations

import pytest

from steadygo.facts.secrets import is_secret, names_a_secret


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
