"""Stale proxy answers: lists of versions that are older than what somebody else knows."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from steadygo.environment.doctor import Patient
from steadygo.environment.fingerprint import Fingerprint
from steadygo.environment.staleness import Answer, Known, Question, judge, questions
from steadygo.facts.modules import GoMod
from steadygo.read import gomod

MOD = "module git.corp.example/orders\n\ngo 1.21\n\nrequire (\n\texample.org/a v1.2.0\n\tgit.corp.example/log v1.0.0\n)\n"


def patient(proxies: str, **settings: str) -> Patient:
    module = gomod.read("go.mod", MOD.encode())
    assert isinstance(module, GoMod)
    return Patient(Fingerprint("here", "here", {}), module, Path("/nonexistent"), {"GOPROXY": proxies} | settings)


def stale(listed: dict[str, Answer], cached: dict[str, list[Known]] | None = None) -> tuple[list[str], list[str]]:
    answers = {Question(proxy, "example.org/a"): answer for proxy, answer in listed.items()}
    found, unknown = judge(patient(",".join(listed)), answers, cached or {})
    return [f.message for f in found], unknown


def test_a_list_without_what_go_mod_requires_is_stale() -> None:
    (message,), unknown = stale({"https://p": Answer(("v1.0.0", "v1.1.0", "v1.3.0-rc.1"))})
    assert "https://p lists v1.1.0 as the newest of example.org/a, but v1.2.0 is out" in message
    assert unknown == []
    assert stale({"https://p": Answer(("v1.2.0",))}) == ([], [])


def test_the_module_cache_and_the_next_proxy_know_better() -> None:
    found, _ = stale({"https://p": Answer(("v1.2.0",))}, {"example.org/a": [Known("v1.4.0", "the module cache")]})
    assert "v1.4.0 is out" in found[0]
    found, _ = stale({"https://p": Answer(("v1.2.0",)), "https://user:secret@q": Answer(("v1.10.0", "v1.9.0"))})
    assert "v1.10.0 is out" in found[0]
    assert "secret" not in found[0]


def test_only_the_first_proxy_that_has_the_module_is_judged() -> None:
    absent = Answer((), "404 Not Found", True)
    assert stale({"https://p": absent, "https://q": Answer(("v1.2.0",))}) == ([], [])
    assert stale({"https://p": Answer(("v1.2.0",)), "https://q": Answer(("v1.0.0",))}) == ([], [])


def test_what_could_not_be_asked_is_not_known() -> None:
    assert stale({"https://p": Answer((), "timed out")}) == (
        [],
        ["whether proxies answer with old versions: https://p gave no list: timed out (1 module)"],
    )


def test_prereleases_and_pseudo_versions_prove_nothing() -> None:
    cached = {"example.org/a": [Known("v1.3.0-rc.1", "cache"), Known("v1.2.1-0.20260102030405-abcdefabcdef", "cache")]}
    assert stale({"https://p": Answer(("v1.2.0",))}, cached) == ([], [])


def test_private_paths_are_not_told_to_public_proxies() -> None:
    asked = set(questions(patient("https://proxy.golang.org,file:///mirror,direct,https://never"), over_network=True))
    assert asked == {
        Question("https://proxy.golang.org", "example.org/a"),
        Question("file:///mirror", "example.org/a"),
        Question("file:///mirror", "git.corp.example/log"),
    }
    assert {q.proxy for q in questions(patient("https://p,file:///m"), over_network=False)} == {"file:///m"}
    assert {q.module for q in questions(patient("https://p", GONOPROXY="git.corp.example"), over_network=True)} == {"example.org/a"}


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """(address, directory) of a proxy on this machine."""
    root = tmp_path / "proxy"
    (root / "example.org/a/@v").mkdir(parents=True)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object, **more: object) -> None:
            super().__init__(*arguments, directory=str(root), **more)  # type: ignore[arg-type]

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", root
        server.shutdown()


def doctor(directory: Path, *arguments: str, **environment: str) -> tuple[int, dict[str, list[object]], str]:
    done = subprocess.run(
        [sys.executable, "-m", "steadygo", "env", "doctor", "--json", *arguments],
        cwd=directory,
        env={"PATH": os.environ["PATH"], "HOME": str(directory), "GOENV": "off"} | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode in (0, 1), done.stderr
    found = json.loads(done.stdout)
    return done.returncode, found, " ".join(f["message"] for f in found["findings"] if f["rule"] == "stale-proxy-answer")


def test_the_command_asks_only_when_it_is_told_to(proxy: tuple[str, Path], tmp_path: Path, goroot: Callable[[str], Path]) -> None:
    address, root = proxy
    module = tmp_path / "m"
    module.mkdir()
    (module / "go.mod").write_text("module example.com/m\n\ngo 1.21\n\nrequire example.org/a v1.1.0\n")
    (root / "example.org/a/@v/list").write_text("v1.1.0\nv1.0.0\n")
    info = module / "cache/cache/download/example.org/a/@v/v1.2.0.info"
    info.parent.mkdir(parents=True)
    info.write_text('{"Version":"v1.2.0","Time":"2026-01-02T03:04:05Z"}')
    path = f"{goroot('1.26.6') / 'bin'}{os.pathsep}{os.environ['PATH']}"
    cache = {"GOMODCACHE": str(module / "cache"), "GOPROXY": address, "PATH": path}
    _, found, said = doctor(module, **cache)
    assert (said, found["not_known"]) == (
        "",
        ["whether proxies answer with old versions: none was asked (--ask-proxies asks those of GOPROXY)"],
    )
    code, found, said = doctor(module, "--ask-proxies", **cache)
    assert (code, found["not_known"]) == (1, [])
    assert "lists v1.1.0 as the newest of example.org/a, but v1.2.0 is out" in said
    assert "v1.2.0 is out" in doctor(module, **(cache | {"GOPROXY": f"file://{root}"}))[2]
    _, found, said = doctor(module, "--ask-proxies", **(cache | {"GOPROXY": "http://127.0.0.1:1"}))
    assert said == ""
    assert "Connection refused" in str(found["not_known"])


def test_without_go_nothing_is_known_of_its_settings(tmp_path: Path) -> None:
    assert doctor(tmp_path, PATH="/nonexistent")[1]["not_known"] == ["there is no go on PATH, so its settings were not looked at"]


def test_writing_without_measuring_is_refused(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "steadygo", "env", "doctor", "--write", str(tmp_path)], capture_output=True, text=True)
    assert (done.returncode, "--write needs --measure" in done.stderr) == (2, True)
