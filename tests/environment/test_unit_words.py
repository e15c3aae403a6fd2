"""The systemd rules that need no systemd to check: what is refused, ignored, and never raises."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygo.environment import envfile, words
from steadygo.environment.manager import system_manager, user_manager
from steadygo.environment.specifiers import unescape
from steadygo.environment.unit import handed
from steadygo.read import unit as unit_reader


def said(root: Path, text: str) -> tuple[dict[str, str | None], list[str], list[str]]:
    result = handed(unit_reader.read("/etc/systemd/system/orders.service", text.encode()), system_manager(root))
    return {n: v for n, (v, _) in result.variables.items()}, result.refused, result.ignored


def test_a_missing_environment_file_keeps_the_unit_from_starting_unless_it_is_optional(tmp_path: Path) -> None:
    assert "missing" in said(tmp_path, "[Service]\nEnvironmentFile=/etc/orders.env\n")[1][0]
    assert said(tmp_path, "[Service]\nEnvironmentFile=-/etc/orders.env\n")[1] == []


def test_an_environment_file_that_is_not_utf8_keeps_the_unit_from_starting(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/orders.env").write_bytes(b"A=\xff\n")
    assert "not UTF-8" in said(tmp_path, "[Service]\nEnvironmentFile=/etc/orders.env\n")[1][0]


def test_export_in_an_environment_file_is_said_to_be_dropped(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/orders.env").write_text("export GODEBUG=tls10server=1\nA=1\n")
    variables, _, ignored = said(tmp_path, "[Service]\nEnvironmentFile=/etc/orders.env\n")
    assert variables["A"] == "1"
    assert "GODEBUG" not in variables
    assert "knows no `export`: GODEBUG is not set" in ignored[0]


def test_what_is_ignored_never_shows_a_value(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/orders.env").write_text("KEY=-----BEGIN\nhunter2hunter2\nhunter2abc==\n9TOKEN=hunter2\n")
    text = "[Service]\nEnvironmentFile=/etc/orders.env\nEnvironment=DB-PASS=hunter2 hunter2 PCT=hunter2%Z\n"
    _, _, ignored = said(tmp_path, text)
    assert len(ignored) == 5
    assert "hunter2" not in " ".join(ignored)


def test_an_unknown_specifier_drops_the_assignment(tmp_path: Path) -> None:
    variables, _, ignored = said(tmp_path, "[Service]\nEnvironment=A=50%Z B=50%%\n")
    assert "A" not in variables
    assert variables["B"] == "50%"
    assert "write %% for a percent sign" in ignored[0]


def test_a_user_managers_service_gets_the_users_session(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("app:x:1234:1234::/home/app:/bin/bash\n")
    from steadygo.environment.accounts import find_account

    account = find_account(tmp_path, "app")
    assert account
    result = handed(unit_reader.read("x.service", b"[Service]\nStateDirectory=x\n"), user_manager(tmp_path, account))
    values = {n: v for n, (v, _) in result.variables.items()}
    assert values["HOME"] == "/home/app"
    assert values["XDG_RUNTIME_DIR"] == "/run/user/1234"
    assert values["STATE_DIRECTORY"] == "/home/app/.config/x"
    assert "MANAGERPID" in values


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a b", ["a", "b"]),
        ("\"a b\" 'c d'", ["a b", "c d"]),
        ('x"y z"w', ["xy zw"]),
        (r"\x41\101\u00e9\s", ["AAé "]),
        ('""', [""]),
        ("", []),
    ],
)
def test_words_are_split_as_systemd_splits_them(value: str, expected: list[str]) -> None:
    assert words.split(value) == (expected, "")


def test_words_before_a_fault_are_kept() -> None:
    assert words.split(r"A=1 B=\q C=2") == (["A=1"], "\\q is no escape that systemd knows")
    assert words.split('A=1 "B=2') == (["A=1"], "a quote is not closed")


def test_unit_names_are_unescaped() -> None:
    assert unescape("a-b\\x2dc") == "a/b-c"
    assert unescape("\\xc3\\xbc") == "ü"


@given(st.binary())
def test_any_environment_file_is_read_or_refused(data: bytes) -> None:
    try:
        found, _ = envfile.parse(data)
    except ValueError:
        return
    assert all(words.is_name(n) for n in found)


@given(st.text())
def test_any_value_is_split(value: str) -> None:
    words.split(value)


@given(st.binary())
def test_any_unit_is_answered(data: bytes) -> None:
    handed(unit_reader.read("orders.service", data), system_manager(Path("/nonexistent")))
