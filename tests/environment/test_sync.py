"""`env sync`: what drifted is replaced, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygo.environment import jsonc
from steadygo.environment.sync import Source, fits, like, of_editorconfig

FILES = {
    "go.mod": "module git.example/shop/orders\n\ngo 1.25.0\n\ntoolchain go1.26.6\n",
    "steadygo.toml": '[env.sync]\ngolangci = "2.5.0"\n',
    ".devcontainer/devcontainer.json": """\
{
  // The team's container.
  "image": "mcr.microsoft.com/devcontainers/go:1-1.24-bookworm", /* tag */
  "features": {
    "ghcr.io/devcontainers/features/go:1": { "version": "1.25.3", },
    "ghcr.io/devcontainers/features/node:1": { "version": "22.1.0" }
  },
  "customizations": { "vscode": { "settings": { "gopls": { "formatting.local": "git.example/old" }, "editor.rulers": [100] } } },
}
""",
    ".editorconfig": "root = true\n\n[*]\nindent_style = space # all\n\n[*.{go,mod}]\nindent_style = space\nindent_size = 4\n",
    ".golangci.yml": "version: '2'\nrun:\n  go: '1.24' # language\n",
    ".github/workflows/ci.yml": """\
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/setup-go@v5
        with: {go-version: '1.25.3', cache: true} # keep
      - uses: golangci/golangci-lint-action@v8
        with:
          version: v2.1
  matrix:
    runs-on: ubuntu-latest
    strategy: {matrix: {go: ['1.24', '1.25']}}
    steps:
      - uses: actions/setup-go@v5
        with: {go-version: '${{ matrix.go }}'}
  follows:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/setup-go@v5
        with: {go-version-file: go.mod}
""",
    "Dockerfile": "ARG GO=1.25.3\nFROM golang:${GO}-alpine AS build\nRUN go build -o /x .\nFROM golang:1.24 AS other\nFROM alpine\n",
}
EXPECTED = {
    ".devcontainer/devcontainer.json": [
        ("go:1-1.24-", "go:1-1.26-"),
        ('"version": "1.25.3"', '"version": "1.26.6"'),
        ("git.example/old", "git.example/shop/orders"),
    ],
    ".editorconfig": [("[*.{go,mod}]\nindent_style = space", "[*.{go,mod}]\nindent_style = tab")],
    ".golangci.yml": [("'1.24'", "'1.26'")],
    ".github/workflows/ci.yml": [("'1.25.3', cache", "'1.26.6', cache"), ("version: v2.1", "version: v2.5")],
    "Dockerfile": [("GO=1.25.3", "GO=1.26.6"), ("golang:1.24 AS", "golang:1.26 AS")],
}


def sync(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from steadygo.cli import main; main()", "env", "sync", *arguments],
        cwd=directory,
        env={"PATH": os.environ["PATH"], "HOME": str(directory)},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def drifted(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_check_names_each_file_that_drifted_and_changes_none(drifted: Path) -> None:
    done = sync(drifted, "--check", "--json")
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    assert (found["go"], found["from"]) == ("1.26.6", "toolchain line, go.mod:5")
    assert {d["path"] for d in found["drift"]} == set(EXPECTED)
    assert all((drifted / name).read_text() == text for name, text in FILES.items())


def test_comments_and_foreign_keys_survive(drifted: Path) -> None:
    (drifted / "Dockerfile").chmod(0o640)
    done = sync(drifted)
    assert done.returncode == 0, done.stderr
    for name, text in FILES.items():
        for old, new in EXPECTED.get(name, []):
            assert text.count(old) == 1
            text = text.replace(old, new)
        assert (drifted / name).read_text() == text
    assert (drifted / "Dockerfile").stat().st_mode & 0o777 == 0o640
    again = sync(drifted, "--check")
    assert (again.returncode, "Everything is in step" in again.stdout) == (0, True)
    assert sorted(str(p.relative_to(drifted)) for p in drifted.rglob("*") if p.is_file()) == sorted(FILES)


def test_missing_files_are_named_and_made_when_asked(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text(FILES["go.mod"])
    (tmp_path / ".editorconfig").write_text("[*.go]\nindent_style = tab # mine\n")
    said = sync(tmp_path, "--check")
    assert (said.returncode, ".devcontainer/devcontainer.json, .vscode/settings.json (--create" in said.stdout) == (0, True)
    assert sync(tmp_path, "--check", "--create").returncode == 2
    assert json.loads(sync(tmp_path, "--create", "--json").stdout)["created"] == [
        ".devcontainer/devcontainer.json",
        ".vscode/settings.json",
    ]
    assert json.loads((tmp_path / ".devcontainer/devcontainer.json").read_text())["image"].endswith("go:1-1.26")
    assert (tmp_path / ".editorconfig").read_text().endswith("# mine\n")
    again = json.loads(sync(tmp_path, "--check", "--json").stdout)
    assert (again["drift"], again["missing"]) == ([], [])
    (tmp_path / "go.mod").write_text("module x.example/y\n\ngo 1.27.1\n")
    assert {d["path"] for d in json.loads(sync(tmp_path, "--check", "--json").stdout)["drift"]} == {
        ".devcontainer/devcontainer.json",
        ".vscode/settings.json",
    }


def test_a_mere_go_line_is_a_minimum(drifted: Path) -> None:
    (drifted / "go.mod").write_text("module git.example/shop/orders\n\ngo 1.25.0\n")
    found = json.loads(sync(drifted, "--check", "--json").stdout)["drift"]
    assert [(d["path"], d["found"]) for d in found if d["what"].startswith("Go of")] == [("Dockerfile", "1.24")]


def test_a_wrong_key_in_the_settings_is_one_sentence(drifted: Path) -> None:
    (drifted / "steadygo.toml").write_text('[env.sync]\ngolang = "1.26"\n')
    done = sync(drifted, "--check")
    assert (done.returncode, done.stdout, "unknown key env.sync.golang" in done.stderr) == (2, "", True)


@pytest.mark.parametrize(
    ("found", "go", "exact", "expected"),
    [
        ("1.26", "1.26.6", True, True),
        ("1.26.x", "1.26.6", True, True),
        ("1.26.5", "1.26.6", True, False),
        ("1.26.7", "1.26.6", True, False),
        ("1.27", "1.26.6", True, False),
        ("1.26.7", "1.26.6", False, True),
        ("1.27", "1.26.6", False, True),
        ("1.26.5", "1.26.6", False, False),
        ("1.25", "1.26", False, False),
        ("1.26.3", "1.26", True, True),
    ],
)
def test_what_is_in_step(found: str, go: str, exact: bool, expected: bool) -> None:
    assert fits(found, Source(go, "test", exact, "x")) is expected


@pytest.mark.parametrize(
    ("found", "expected"), [("1.25", "1.26"), ("1.25.3", "1.26.6"), ("1.25.x", "1.26.x"), ("go1.25.3", "go1.26.6"), ("v1.25.1", "v1.26.6")]
)
def test_writes_a_version_as_it_was_written(found: str, expected: str) -> None:
    assert like(found, "1.26.6") == expected


def test_spaces_for_all_files_get_a_section_of_their_own_for_go() -> None:
    edits = list(of_editorconfig(".editorconfig", "[*]\nindent_style = space"))
    assert [e.wanted for e in edits] == ["\n\n[*.go]\nindent_style = tab\n"]
    assert list(of_editorconfig("x", "[*]\nindent_style = space\n[*.go]\nindent_style = tab\n")) == []
    assert list(of_editorconfig("x", "[*.py]\nindent_style = space\n[*.gohtml]\nindent_style = space\n")) == []


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x), max_leaves=20
    )
)
def test_json_is_read_with_its_places(value: object) -> None:
    text = json.dumps(value)
    for found in jsonc.scalars(text).values():
        assert json.loads(text[found.start : found.end]) == found.value


@given(st.text(alphabet='{}[]",:/* \n\\a1'))
def test_what_is_no_json_is_refused(text: str) -> None:
    try:
        jsonc.scalars(text)
    except jsonc.NotJson:
        return
