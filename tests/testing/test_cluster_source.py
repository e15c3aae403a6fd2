"""Which folders go with a run: as go itself puts modules together."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from go_tests import Bench

from steadygo.commands.cluster.source import source
from steadygo.errors import UserError
from steadygo.testing.cluster.blobs import Blobs
from steadygo.testing.cluster.gathering import Gathered
from steadygo.testing.cluster.shipping import Receiver, send
from steadygo.testing.cluster.trees import Trees

LIB = "package lib\nfunc One() int { return 1 }\n"
TEST = 'package svc\nimport ("testing"; "example.com/lib")\nfunc TestOne(t *testing.T) { if lib.One() != 1 { t.Fail() } }\n'


def _paths(found: Gathered) -> set[str]:
    return {e.path for e in found.manifest.entries if e.kind == "file"}


def _runs_elsewhere(found: Gathered, bench: Bench, place: Path, directory: Path) -> None:
    blobs = Blobs(place / "store")
    receiver = Receiver(blobs, found.manifest.files)
    for message in send(found.root, found.manifest, found.manifest.files):
        receiver.take(message)
    receiver.finish()
    with Trees(place / "trees", blobs).tree(found.manifest) as tree:
        where = tree / directory.relative_to(found.root)
        ran = subprocess.run(["go", "test", "./..."], cwd=where, env=dict(bench.environment), capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_replacement_beside_the_module_comes_along(bench: Callable[..., Bench], tmp_path: Path) -> None:
    here = bench({"svc_test.go": TEST, "steadygo.toml": "", "testdata/x": "1"})
    (here.root / "go.mod").write_text(
        "module example.com/svc\ngo 1.21\nrequire example.com/lib v0.0.0\nreplace example.com/lib => ../lib\n"
    )
    (tmp_path / "lib/deep").mkdir(parents=True)
    (tmp_path / "lib/go.mod").write_text("module example.com/lib\ngo 1.21\n")
    (tmp_path / "lib/lib.go").write_text(LIB)
    (tmp_path / "else").mkdir()
    (tmp_path / "else/secret").write_text("")
    found = source(here.root, {})
    assert found.root == tmp_path
    assert _paths(found) == {"svc/go.mod", "svc/svc_test.go", "svc/steadygo.toml", "svc/testdata/x", "lib/go.mod", "lib/lib.go"}
    _runs_elsewhere(found, here, tmp_path / "worker", here.root)


def test_a_workspace_comes_whole_also_from_within_one_of_its_modules(bench: Callable[..., Bench], tmp_path: Path) -> None:
    here = bench({"api/svc_test.go": TEST, "api/go.mod": "module example.com/svc\ngo 1.21\n", "docs/readme": ""})
    (here.root / "go.mod").unlink()
    here.write({"lib/go.mod": "module example.com/lib\ngo 1.21\n", "lib/lib.go": LIB, "go.work": "go 1.21\nuse (\n ./api\n ./lib\n)\n"})
    found = source(here.root / "api", {})
    assert _paths(found) == {"go.work", "api/go.mod", "api/svc_test.go", "lib/go.mod", "lib/lib.go"}
    _runs_elsewhere(found, here, tmp_path / "worker", here.root / "api")
    assert _paths(source(here.root / "api", {"GOWORK": "off"})) == {"go.mod", "svc_test.go"}
    assert _paths(source(here.root / "api", {"GOWORK": str(here.root / "go.work")})) == _paths(found)


def test_test_data_comes_along_though_git_ignores_it(bench: Callable[..., Bench], tmp_path: Path) -> None:
    here = bench({".gitignore": "data/\nmade.sql\n", "made.sql": "", "data/files/deep/x": "1", "data/other": "", "x.go": "package svc"})
    tables = {
        "files": 'kind = "directory"\nvariable = "F"\ntemplate = "data/files"',
        "db": 'kind = "sqlite"\nvariable = "D"\nsnapshot = "made.sql"',
        "own": 'kind = "sqlite"\nvariable = "O"\ntemplate = "/srv/own.db"',
        "above": 'kind = "sqlite"\nvariable = "A"\ntemplate = "../above.db"',
        "server": 'kind = "postgresql"\nvariable = "P"\nurl = "postgres://h/x"\ntemplate = "x.go"',
    }
    (here.root / "steadygo.toml").write_text("\n".join(f"[test.data.{name}]\n{text}" for name, text in tables.items()))
    (tmp_path / "above.db").write_text("")
    (tmp_path / "above.db-wal").write_text("")
    subprocess.run(["git", "init", "-q", str(here.root)], check=True)
    found = source(here.root, {})
    assert _paths(found) - {"svc/.gitignore", "svc/go.mod", "svc/x.go", "svc/steadygo.toml"} == {
        "above.db", "above.db-wal", "svc/data/files/deep/x", "svc/made.sql",
    }  # fmt: skip


def test_what_go_could_not_use_either_is_said(bench: Callable[..., Bench], tmp_path: Path) -> None:
    here = bench({})
    (here.root / "go.mod").write_text("module example.com/svc\ngo 1.21\nreplace example.com/lib => ../gone\n")
    with pytest.raises(UserError, match="gone, which go"):
        source(here.root, {})
    with pytest.raises(UserError, match="in no module"):
        source(tmp_path, {})
