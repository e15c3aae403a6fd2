"""Real Go tests that talk to real servers through the proxy."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import drivers
import pytest
import servers
from go_tests import Bench

Give = Callable[..., Bench]
pytestmark = pytest.mark.slow

SERVER = """package main
import ("fmt"; "net"; "net/http"; "strings")
func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil { panic(err) }
	fmt.Println(l.Addr())
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "ok") })
	http.HandleFunc("/big", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, strings.Repeat("x", 250000)) })
	panic(http.Serve(l, nil))
}
"""
CLIENT = """
import ("errors"; "io"; "net/http"; "os"; "syscall"; "testing"; "time")
func get(t *testing.T, path string) (string, error) {
	r, err := http.Get(os.Getenv("API") + path)
	if err != nil { return "", err }
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	return string(b), err
}
func TestTime(t *testing.T) {
	began := time.Now()
	if _, err := get(t, "/"); err != nil { t.Fatal(err) }
	t.Logf("took %d ms", time.Since(began).Milliseconds())
	if os.Getenv("WANT") == "log" { t.Fail() }
}
func TestBig(t *testing.T) {
	began := time.Now()
	b, err := get(t, "/big")
	if err != nil { t.Fatal(err) }
	t.Logf("%d bytes in %d ms", len(b), time.Since(began).Milliseconds())
	if os.Getenv("WANT") == "log" { t.Fail() }
}
func TestReset(t *testing.T) {
	lost := 0
	for i := 0; i < 300; i++ {
		c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		r, err := c.Post(os.Getenv("API"), "text/plain", nil)
		if err == nil { r.Body.Close(); continue }
		if !errors.Is(err, syscall.ECONNRESET) { t.Fatal(err) }
		lost++
	}
	t.Errorf("lost %d", lost)
}
func TestTimeout(t *testing.T) {
	c := &http.Client{Timeout: 200 * time.Millisecond}
	_, err := c.Get(os.Getenv("API"))
	t.Errorf("it said %v", err)
}
func TestQuiet(t *testing.T) { t.Error("fails for another reason") }
"""
TOML = '[test.dependencies.api]\nvariable = "API"\n'


@contextlib.contextmanager
def server(here: Bench) -> Iterator[str]:
    here.write({"server/main.go": SERVER})
    built = here.go("build", "-o", "srv", "./server")
    assert built.returncode == 0, built.stderr
    process = subprocess.Popen([here.root / "srv"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_go_sees_delay_bandwidth_and_resets(bench: Give) -> None:
    here = bench({"p/p_test.go": CLIENT, "steadygo.toml": TOML})
    with server(here) as api:
        delayed = here.test("./p", "--fault", "api:delay=500ms", "--", "-run=^TestTime$|TestQuiet", code=1, API=api, WANT="log")
        said = {t["test"]: t for t in delayed["tests"]}
        took = re.search(r"took (\d+) ms", said["TestTime"]["output"])
        assert took and 500 <= int(took[1]) < 60_000
        assert said["TestTime"]["meanwhile"] == "while it ran, 1 connection to api was delayed"
        assert said["TestQuiet"]["meanwhile"] == ""
        assert [(i["what"], i["dependency"]) for i in delayed["interference"]] == [("opened", "api"), ("delayed", "api")]
        assert delayed["interference"][1]["at"] <= said["TestTime"]["ended"]

        gave_up = here.test("./p", "--fault", "api:delay=500ms", "--", "-run=TestTimeout|TestQuiet", code=1, API=api)
        said = {t["test"]: t for t in gave_up["tests"]}
        assert "Client.Timeout exceeded" in said["TestTimeout"]["output"]
        assert said["TestTimeout"]["meanwhile"] == "while it ran, 1 connection to api was delayed"
        assert said["TestQuiet"]["meanwhile"] == ""

        slow = here.test("./p", "--fault", "api:rate=1Mbit", "--", "-run=TestBig", code=1, API=api, WANT="log")
        took = re.search(r"250000 bytes in (\d+) ms", slow["tests"][0]["output"])
        assert took and 2000 <= int(took[1]) < 60_000

        text = here.run("test", "./p", "--fault", "api:loss=10%", "--", "-run=TestReset", code=1, API=api)
        lost = re.search(r"lost (\d+)", text)
        assert lost and 12 < int(lost[1]) < 50  # 30 ± 3.5 standard deviations
        assert f"while it ran, {lost[1]} connections to api were cut" in text
        again = re.search(r"--fault (api:loss=10%,seed=\d+)", text)
        assert again and f"lost {lost[1]}\n" in here.run("test", "./p", "--fault", again[1], "--", "-run=TestReset", code=1, API=api)
        assert re.search(r"api connection \d+ cut lost", here.run("test", "show", "--interference"))


def test_go_sees_a_refusal_and_a_dead_line(bench: Give) -> None:
    text = """
import ("errors"; "net"; "os"; "syscall"; "testing"; "time")
func TestDown(t *testing.T) {
	_, err := net.Dial("tcp", os.Getenv("CACHE"))
	if !errors.Is(err, syscall.ECONNREFUSED) { t.Fatal(err) }
	t.Error("seen")
}
func TestHole(t *testing.T) {
	c, err := net.Dial("tcp", os.Getenv("CACHE"))
	if err != nil { t.Fatal(err) }
	c.SetDeadline(time.Now().Add(100 * time.Millisecond))
	if _, err = c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) { t.Fatal(err) }
	t.Error("seen")
}
"""
    here = bench({"p/p_test.go": text, "steadygo.toml": '[test.dependencies.cache]\nvariable = "CACHE"\naddress = "127.0.0.1:1"\n'})
    down = here.test("./p", "--fault", "cache:down", "--", "-run=Down", code=1)["tests"][0]
    assert "seen" in down["output"] and down["meanwhile"] == "while it ran, cache was down"
    hole = here.test("./p", "--fault", "cache:blackhole", "--", "-run=Hole", code=1)["tests"][0]
    assert "seen" in hole["output"] and hole["meanwhile"] == "while it ran, 1 connection to cache was held without an answer"


def test_redis_through_the_proxy(bench: Give, tmp_path: Path) -> None:
    program = shutil.which("redis-server")
    if program is None:
        reason = "redis-server is missing; install it with: apt-get install redis-server"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    text = """
import ("bufio"; "fmt"; "net"; "net/url"; "os"; "testing"; "time")
func TestSet(t *testing.T) {
	u, err := url.Parse(os.Getenv("REDIS_URL"))
	if err != nil { t.Fatal(err) }
	c, err := net.Dial("tcp", u.Host)
	if err != nil { t.Fatal(err) }
	defer c.Close()
	r := bufio.NewReader(c)
	began := time.Now()
	for i := 0; i < 3; i++ {
		fmt.Fprintf(c, "SET k%d v\\r\\n", i)
		if s, err := r.ReadString('\\n'); err != nil || s != "+OK\\r\\n" { t.Fatal(s, err) }
	}
	t.Fatal("took", time.Since(began).Milliseconds())
}
"""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([program, "--port", str(port), "--save", "", "--dir", str(tmp_path)], stdout=subprocess.DEVNULL)
    try:
        here = bench({"p/p_test.go": text, "steadygo.toml": f'[test.dependencies.cache]\naddress = "127.0.0.1:{port}"\n'})
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
        url = f"redis://127.0.0.1:{port}/0"
        found = here.test("./p", "--fault", "cache:delay=100ms", code=1, REDIS_URL=url)
        took = re.search(r"took (\d+)", found["tests"][0]["output"])
        assert took and 300 <= int(took[1]) < 60_000, found["tests"][0]["output"]
    finally:
        process.kill()
        process.wait()


def test_the_run_travels_with_the_tests(bench: Give) -> None:
    text = """
import ("os"; "testing")
func TestEnv(t *testing.T) { t.Error(os.Getenv("STEADYGO_RUN"), os.Getenv("TRACEPARENT")) }
"""
    here = bench({"a/a_test.go": text, "b/b_test.go": text})
    found = here.test("./...", code=1)
    ids = {}
    for one in found["tests"]:
        said = re.search(r"(\w{8}) 00-([0-9a-f]{32})-([0-9a-f]{16})-01", one["output"])
        assert said and said[1] == found["run"]
        ids[one["package"]] = said[2], said[3]
    assert len({trace for trace, _ in ids.values()}) == 1 and len({span for _, span in ids.values()}) == 2
    given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert all(given in one["output"] for one in here.test("./...", code=1, TRACEPARENT=given)["tests"])


@pytest.mark.parametrize(
    ("toml", "words", "sentence"),
    [
        (TOML, "apo:delay=1s", "--fault apo: no dependency is called that. Did you mean api?"),
        ("", "api:delay=1s", "steadygo.toml declares none"),
        (TOML, "api:delay=1s", "$API is not set"),
        (TOML, "api:delai=1s", "Did you mean delay?"),
        ("[test.dependencies.api]\n", "api:delay=1s", "needs `variable` or `address`"),
        ('[test.dependencies.api]\nvariabel = "X"\n', "api:delay=1s", "variabel"),
        ('[test.dependencies.api]\naddress = "localhost:9"\n', "api:delay=1s", "no variable of the environment names localhost:9"),
        ('[test.dependencies.api]\nvariable = "HOME"\n', "api:delay=1s", "$HOME holds no host and port"),
        ('[test.dependencies.api]\nvariable = "X"\naddress = "nowhere.invalid:80"\n', "api:delay=1s", "nowhere.invalid cannot be found"),
    ],
)
def test_says_what_is_wrong_with_a_fault(bench: Give, toml: str, words: str, sentence: str) -> None:
    here = bench({"p/p_test.go": 'import "testing"\nfunc TestA(t *testing.T) {}\n', "steadygo.toml": toml})
    said = here.run("test", "./p", "--fault", words, code=2)
    assert sentence in said and "Traceback" not in said


def test_says_when_no_test_met_the_fault(bench: Give) -> None:
    files = {"p/p_test.go": 'import "testing"\nfunc TestA(t *testing.T) {}\n', "steadygo.toml": TOML}
    here = bench(files)
    assert "--fault api: no test connected to it" in here.run("test", "./p", "--fault", "api:delay=1s", API="localhost:9")


def test_killed_it_leaves_no_port(bench: Give) -> None:
    text = """
import ("os"; "testing"; "time")
func TestWait(t *testing.T) { os.WriteFile("address", []byte(os.Getenv("API")), 0o600); time.Sleep(time.Minute) }
"""
    here = bench({"p/p_test.go": text, "steadygo.toml": TOML})
    process = here.start("test", "./p", "--fault", "api:delay=1s", API="127.0.0.1:9")
    file, deadline = here.root / "p" / "address", time.monotonic() + 60
    while not (file.exists() and file.read_text()) and time.monotonic() < deadline:
        time.sleep(0.1)
    host, _, port = file.read_text().partition(":")
    with socket.create_connection((host, int(port))):
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)))


def test_the_schema_knows_what_is_printed(bench: Give) -> None:
    here = bench({"p/p_test.go": 'import "testing"\nfunc TestA(t *testing.T) {}\n', "steadygo.toml": TOML})
    found = here.test("./p", "--fault", "api:blackhole", API="127.0.0.1:9")
    schema = json.loads((Path(__file__).parents[2] / "docs/schema/test.schema.json").read_text())
    assert set(found) <= set(schema["properties"])
    assert set(found["tests"][0]) == set(schema["properties"]["tests"]["items"]["properties"])


def test_faults_stand_in_front_of_test_data(bench: Give) -> None:
    text = """
import ("database/sql"; "os"; "testing"; "time"; _ "github.com/lib/pq")
func TestQuery(t *testing.T) {
	db, err := sql.Open("postgres", os.Getenv("DATABASE_URL"))
	if err != nil { t.Fatal(err) }
	defer db.Close()
	if err := db.Ping(); err != nil { t.Fatal(err) }
	began, n := time.Now(), 0
	if err := db.QueryRow("SELECT 1").Scan(&n); err != nil { t.Fatal(err) }
	t.Fatal("took", time.Since(began).Milliseconds())
}
"""
    toml = '[test.data.db]\nkind = "postgresql"\nvariable = "DATABASE_URL"\nurl-from = "SERVER"\ntemplate = "empty"\n'
    with servers.postgresql() as server:
        server.ask("CREATE DATABASE empty")
        here = bench({**drivers.module("github.com/lib/pq"), "p/p_test.go": text, "steadygo.toml": toml})
        found = here.test("./p", "--fault", "db:delay=200ms", code=1, SERVER=server.url(), **drivers.ENVIRONMENT)
        took = re.search(r"took (\d+)", found["tests"][0]["output"])
        assert took and 200 <= int(took[1]) < 60_000, found["tests"][0]["output"]
        assert found["tests"][0]["meanwhile"] == "while it ran, 1 connection to db was delayed"
        said = here.run("test", "./p", "--fault", "dbx:delay=200ms", code=2, SERVER=server.url())
        assert "Did you mean db?" in said
        down = here.test("./p", "--fault", "db:down", code=1, SERVER=server.url(), **drivers.ENVIRONMENT)
        assert "connection refused" in down["tests"][0]["output"]
