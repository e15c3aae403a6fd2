"""Questions about the Go files of a small repository."""

from __future__ import annotations

import pytest

from steadygo.facts.go import GoFile
from steadygo.facts.gocode import GoCode
from steadygo.facts.modules import GoMod
from steadygo.facts.place import Text
from steadygo.read.go import read

TREE = {
    "cmd/orders/main.go": """package main

import (
	"net/http"

	"example.com/orders/internal/store"
	"example.com/orders/internal/web"
)

func init() { register() }

func main() {
	s := store.Open("x")
	defer s.Close()
	srv := web.New(s)
	http.HandleFunc("/x", srv.handle)
	srv.Run()
	once(func() { late() })
}

func register() {}
func once(f func()) { f() }
func late() {}
func forgotten() { forgottenToo() }
func forgottenToo() {}
""",
    "cmd/orders/main_test.go": """package main

func TestMain() { forgotten() }
""",
    "internal/store/store.go": """package store

import "database/sql"

type Store struct {
	DB *sql.DB
}

const Table = "orders"

func Open(url string) *Store {
	db, err := sql.Open("postgres", url)
	return &Store{DB: db}
}

func (s *Store) Close() error { return s.DB.Close() }
func (s *Store) Rows() { s.DB.Query("SELECT 1") }
func (s *Store) unused() {}
""",
    "internal/web/server.go": """package web

import (
	"net/http"

	"example.com/orders/internal/store"
)

type Server struct {
	store *store.Store
	http  http.Server
}

func New(s *store.Store) *Server { return &Server{store: s} }
""",
    "internal/web/run.go": """package web

import "context"

func (s *Server) Run() {
	go func() {
		for {
			s.tick()
		}
	}()
	s.http.Shutdown(context.Background())
	s.store.DB.Exec("x")
	tx, err := s.store.DB.BeginTx(nil, nil)
	tx.QueryContext(nil, "y")
}

func (s *Server) tick() { s.store.Rows() }

func use(f Finder) { f.Find() }

type Finder interface{ Find() }

type mem struct{}

func (mem) Find() {}
""",
    "tools/gen.go": """//go:build ignore

package main

func main() {}
""",
}


@pytest.fixture(scope="module")
def code() -> GoCode:
    files = [read(path, text.encode()) for path, text in sorted(TREE.items())]
    assert not any(file.gaps for file in files)
    return GoCode(files, [GoMod("go.mod", Text("example.com/orders", 1))])


def the(code: GoCode, path: str) -> GoFile:
    return next(file for file in code.files if file.path == path)


def reached(code: GoCode) -> set[str]:
    keys = code.reachable_functions("cmd/orders")
    return {f.name for file in code.files for f in file.functions if (file.path, f.block) in keys}


def test_groups_files_into_packages(code: GoCode) -> None:
    web = code.packages["internal/web"]
    assert (web.path, web.name, web.is_main) == ("example.com/orders/internal/web", "web", False)
    assert [f.path for f in web.files] == ["internal/web/run.go", "internal/web/server.go"]
    assert [f.path for f in code.packages["cmd/orders"].tests] == ["cmd/orders/main_test.go"]


def test_finds_the_nearest_module() -> None:
    code = GoCode([read("a/b/c.go", b"package b\n")], [GoMod("go.mod", Text("x", 1)), GoMod("a/go.mod", Text("y", 1))])
    assert code.packages["a/b"].path == "y/b"
    assert code.module_of("z") is code.modules[0]
    assert GoCode([], []).module_of("a") is None


def test_ignored_files_do_not_make_a_package_main() -> None:
    ignored = b"//go:build ignore\n\npackage main\n"
    code = GoCode([read("p/a.go", b"package p\n"), read("p/gen.go", ignored), read("p/gen2.go", ignored)], [])
    assert code.packages["p"].name == "p"
    assert [f.path for f in code.packages["p"].files] == ["p/a.go"]


def test_follows_imports_inside_the_repository(code: GoCode) -> None:
    assert code.reachable("cmd/orders") == {"cmd/orders", "internal/store", "internal/web"}
    assert code.reachable("internal/store") == {"internal/store"}
    assert code.reachable("nowhere") == frozenset()


def test_finds_calls_whose_receiver_is_declared_in_another_file(code: GoCode) -> None:
    assert [(f.path, c.line) for f, c in code.calls("net/http.Server.Shutdown")] == [("internal/web/run.go", 11)]
    assert [c.receiver for _, c in code.calls("database/sql.DB.Exec")] == ["s.store.DB"]
    assert [c.receiver for _, c in code.calls("database/sql.Tx.QueryContext")] == ["tx"]
    assert [c.receiver for _, c in code.calls("database/sql.DB.Query", "database/sql.DB.Close")] == ["s.DB", "s.DB"]


def test_a_dot_matches_every_receiver(code: GoCode) -> None:
    assert {c.receiver for _, c in code.calls(".Close")} == {"s", "s.DB"}
    assert [c.name for _, c in code.calls(".HandleFunc")] == []


def test_leaves_tests_out_unless_asked(code: GoCode) -> None:
    assert list(code.calls("forgotten")) == []
    assert len(list(code.calls("forgotten", tests=True))) == 1


def test_finds_composites_and_importers(code: GoCode) -> None:
    assert [f.path for f, _ in code.composites("Store")] == ["internal/store/store.go"]
    assert [f.path for f in code.importers("example.com/orders/internal")] == ["cmd/orders/main.go", "internal/web/server.go"]
    assert [f.path for f in code.importers("example.com/orders/inter")] == []


def test_answers_questions_about_blocks(code: GoCode) -> None:
    file = the(code, "internal/web/run.go")
    [tick] = [c for c in file.calls if c.name.endswith(".tick")]
    closure, run = code.function_at(file, tick.block), code.declared_function_at(file, tick.block)
    assert closure is not None and closure.name == ""
    assert run is not None and run.name == "Run"
    loop = code.enclosing(file, tick.block, "for")
    assert loop is not None and loop.line == 7
    assert code.enclosing(file, tick.block, "go") is None
    assert code.enclosing(file, tick.block, "go", within_function=False) is not None
    assert code.inside(file, tick.block, run.block)
    assert not code.inside(file, run.block, tick.block)
    assert code.declared_function_at(file, 0) is None


def test_finds_what_a_call_reaches(code: GoCode) -> None:
    main, run = the(code, "cmd/orders/main.go"), the(code, "internal/web/run.go")

    def reach(file: GoFile, name: str) -> list[tuple[str, str]]:
        [call] = [c for c in file.calls if c.name.endswith(name)]
        return [(f.path, g.name) for f, g in code.callees(file, call)]

    assert reach(main, "register") == [("cmd/orders/main.go", "register")]
    assert reach(main, "store.Open") == [("internal/store/store.go", "Open")]
    assert reach(main, ".Close") == [("internal/store/store.go", "Close")]
    assert reach(main, ".Run") == [("internal/web/run.go", "Run")]
    assert reach(run, ".Rows") == [("internal/store/store.go", "Rows")]
    assert reach(run, ".Find") == [("internal/web/run.go", "Find")]
    assert reach(run, ".Shutdown") == []


def test_finds_who_calls_a_function(code: GoCode) -> None:
    store = the(code, "internal/store/store.go")
    callers = {f.name: [(g.path, c.line) for g, c in code.callers(store, f)] for f in store.functions}
    assert callers == {
        "Open": [("cmd/orders/main.go", 13)],
        "Close": [("cmd/orders/main.go", 14)],
        "Rows": [("internal/web/run.go", 17)],
        "unused": [],
    }


def test_knows_what_may_run_in_a_binary(code: GoCode) -> None:
    found = reached(code)
    assert {"main", "init", "register", "once", "late", "Open", "Close", "Rows", "New", "Run", "tick"} <= found
    assert not {"forgotten", "forgottenToo", "unused", "use"} & found
    assert code.reachable_functions("nowhere") == frozenset()


def test_method_values_and_handlers_are_reached() -> None:
    text = b"""package main

import "net/http"

type api struct{}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) { work() }
func (a *api) hook() { workToo() }
func main() {
	a := &api{}
	http.Handle("/", a)
	defer run(a.hook)
}
func run(f func()) {}
func work() {}
func workToo() {}
func never() {}
"""
    code = GoCode([read("main.go", text)], [])
    names = {f.name for f in code.files[0].functions if ("main.go", f.block) in code.reachable_functions("")}
    assert names == {"main", "run", "ServeHTTP", "work", "hook", "workToo"}
