"""The Go reader: one test for each kind of fact. What names mean stands in test_go_names.py."""

from __future__ import annotations

import msgspec
from go_texts import HEAD, call, file, inside, names

from steadygo.facts.go import GoFile
from steadygo.read.go import read


def test_says_what_a_call_feeds() -> None:
    found = inside("a()\nx, err := b()\nif !c() && err != nil {\n}\nreturn d(e())\ns.t = g()\n_ = h() + 1\ngo i()\ndefer j()")
    assert {c.name: (c.use, c.results, c.mode) for c in found.calls} == {
        "a": ("", (), ""),
        "b": ("assign", ("x", "err"), ""),
        "c": ("condition", (), ""),
        "d": ("return", (), ""),
        "e": ("argument", (), ""),
        "g": ("assign", ("s.t",), ""),
        "h": ("operand", (), ""),
        "i": ("", (), "go"),
        "j": ("", (), "defer"),
    }


def test_builds_the_tree_of_blocks() -> None:
    found = inside(
        """
outer:
	for {
		select {
		case <-ctx.Done():
			return nil
		case v, ok := <-in:
		case out <- 1:
		default:
			break outer
		}
	}
	for i := 0; i < 3; i++ {
	}
	for x > 1 {
	}
	for _, v := range list {
	}
	if a {
	} else if b {
	}
	switch x {
	case 1, 2:
	}
	switch y := x.(type) {
	case *sql.DB:
	}
	go func() {}()"""
    )
    assert [(b.kind, b.text, b.label, found.blocks[b.parent].kind) for b in found.blocks[1:]] == [
        ("function", "f", "", "file"),
        ("for", "", "outer", "function"),
        ("select", "", "", "for"),
        ("comm", "<-ctx.Done()", "", "select"),
        ("comm", "<-in", "", "select"),
        ("comm", "out <- 1", "", "select"),
        ("comm", "default", "", "select"),
        ("for", "i := 0; i < 3; i++", "", "function"),
        ("for", "x > 1", "", "function"),
        ("range", "list", "", "function"),
        ("if", "a", "", "function"),
        ("else", "", "", "function"),
        ("if", "b", "", "else"),
        ("switch", "x", "", "function"),
        ("case", "1, 2", "", "switch"),
        ("switch", "x.(type)", "", "function"),
        ("case", "*sql.DB", "", "switch"),
        ("go", "", "", "function"),
        ("closure", "", "", "go"),
    ]
    assert [(j.kind, j.text) for j in found.jumps] == [("return", "nil"), ("break", "outer")]


def test_reads_uses_of_channels() -> None:
    found = file(
        """
type w struct { done chan struct{} }
func (x *w) f() {
	c := make(chan int, 3)
	c <- 1
	v := <-c
	close(x.done)
	for range x.done {
	}
}
"""
    )
    assert [(u.operation, u.channel, u.value) for u in found.channels] == [
        ("make", "c", "3"),
        ("send", "c", "1"),
        ("receive", "c", ""),
        ("close", "x.done", ""),
        ("range", "x.done", ""),
    ]


def test_reads_assignments() -> None:
    found = inside("a, b := 1, g()\nc = 2\nd += 3\nd++\nvar e, h time.Duration = 4, 5\ns.x[i], y = f()\nconst k = 3")
    assert [(a.names, a.values, a.operator, a.type) for a in found.assignments] == [
        (("a", "b"), ("1", "g()"), ":=", ""),
        (("c",), ("2",), "=", ""),
        (("d",), ("3",), "+=", ""),
        (("d",), (), "++", ""),
        (("e", "h"), ("4", "5"), "var", "time.Duration"),
        (("s.x[i]", "y"), ("f()",), "=", ""),
        (("k",), ("3",), "const", ""),
    ]


def test_reads_composites_with_their_fields() -> None:
    found = inside('srv := &http.Server{\n\tAddr: ":1", // here\n\tHandler: mux,\n}\nuse(pair{1, 2})\n_ = []int{1}')
    assert [(c.type, c.fields, c.results, c.pointer) for c in found.composites] == [
        ("net/http.Server", (("Addr", '":1"'), ("Handler", "mux")), ("srv",), True),
        ("pair", (("", "1"), ("", "2")), (), False),
    ]


def test_reads_comparisons_and_subtractions() -> None:
    found = inside('if err != nil || time.Now().Sub(x) >= 3 && a-b < c && s == "x y" {\n}')
    assert [(c.left, c.operator, c.right) for c in found.comparisons] == [
        ("err", "!=", "nil"),
        ("time.Now().Sub(x)", ">=", "3"),
        ("a-b", "<", "c"),
        ("a", "-", "b"),
        ("s", "==", '"x y"'),
    ]


def test_reads_constants_of_iota_groups() -> None:
    found = file('const (\n\tA = 1 << (10 * iota)\n\tB\n\t_\n\tD\n)\nconst E, F = "x", 2\nvar G int = 3\nvar H = time.Second\n')
    assert [(d.kind, d.name, d.type, d.value) for d in found.declarations] == [
        ("const", "A", "", "1 << (10 * 0)"),
        ("const", "B", "", "1 << (10 * 1)"),
        ("const", "_", "", "1 << (10 * 2)"),
        ("const", "D", "", "1 << (10 * 3)"),
        ("const", "E", "", '"x"'),
        ("const", "F", "", "2"),
        ("var", "G", "int", "3"),
        ("var", "H", "", "time.Second"),
    ]


def test_reads_types_with_tags_and_methods() -> None:
    found = file(
        """
type Config struct {
	Addr, Host string `env:"ADDR" yaml:"addr"`
	*sql.DB
}
type Store interface {
	Get(ctx context.Context) (int, error)
	http.Handler
}
type Seconds = time.Duration
var settings struct { Level string `env:"LEVEL"` }
"""
    )
    config, store, seconds, anonymous = found.types
    assert [(f.name, f.type, f.tag) for f in config.fields] == [
        ("Addr", "string", 'env:"ADDR" yaml:"addr"'),
        ("Host", "string", 'env:"ADDR" yaml:"addr"'),
        ("", "*database/sql.DB", ""),
    ]
    assert (store.kind, [(f.name, f.type) for f in store.fields]) == (
        "interface",
        [("Get", "(ctx context.Context) (int, error)"), ("", "net/http.Handler")],
    )
    assert (seconds.name, seconds.kind, seconds.text) == ("Seconds", "other", "time.Duration")
    assert (anonymous.name, anonymous.fields[0].tag) == ("", 'env:"LEVEL"')


def test_reads_functions_with_their_comment() -> None:
    found = file(
        "// serve waits.\n// It never ends.\n//go:noinline\n"
        "func (s *Server[T]) serve(a, b int, rest ...*sql.DB) (n int, err error) { return }\n"
    )
    [f] = found.functions
    assert (f.name, f.receiver, f.receiver_name, f.doc) == ("serve", "Server", "s", "serve waits. It never ends.")
    assert f.params == (("a", "int"), ("b", "int"), ("rest", "...*database/sql.DB"))
    assert f.results == ("int", "error")


def test_keeps_comments_that_mean_something() -> None:
    found = file(
        "//go:embed a.txt\nvar a string // plain\n\n//nolint:errcheck // why\n"
        "func g() {} // BP-07 the queue\n/* steadygo:ignore x -- y */\n"
    )
    assert [c.text for c in found.comments] == [
        "//go:embed a.txt",
        "//nolint:errcheck // why",
        "// BP-07 the queue",
        "/* steadygo:ignore x -- y */",
    ]


def test_joins_build_line_and_file_name() -> None:
    assert read("a_linux_amd64.go", b"//go:build cgo || x\n\npackage a\n").constraint == "(cgo || x) && linux && amd64"
    assert read("a_windows_test.go", b"package a\n").constraint == "windows"
    assert read("linux.go", b"package a\n").constraint == ""
    assert read("a.go", b"// +build linux,amd64 !cgo\n\npackage a\n").constraint == "linux && amd64 || !cgo"


def test_keeps_the_outline_of_generated_files() -> None:
    found = read("a.pb.go", b"// Code generated by x. DO NOT EDIT.\n\npackage a\n\nfunc F(c *C) { x := c.G(); if x != nil { h(x) } }\n")
    assert found.generated
    assert [c.name for c in found.calls] == ["C.G", "h"]
    assert found.comparisons == found.assignments == ()


def test_reads_calls_with_type_arguments() -> None:
    found = inside("a := other.Map[int](xs)\nb := other.Two[int, string](x, y)\nq[int](1)")
    assert names(found) == ["example.com/x/y.Map", "example.com/x/y.Two", "q"]
    assert [c.results for c in found.calls] == [("a",), ("b",), ()]


def test_reads_new_of_a_value() -> None:
    found = inside("p := new(5 + 3)\nq := new([]int)\nr := new(http.Server)\nr.Close()")
    assert names(found) == ["new", "new", "new", "net/http.Server.Close"]


def test_folds_white_space_but_not_inside_strings() -> None:
    found = inside('g("a  b",\n\t`SELECT\n\t 1`, // why\n\th(1,\n\t2))')
    assert found.calls[0].args == ('"a  b"', "`SELECT 1`", "h(1, 2)")


def test_cuts_long_texts() -> None:
    found = inside('g("' + "x" * 500 + '")')
    assert len(found.calls[0].args[0]) == 200
    assert found.calls[0].args[0].endswith("…")


def test_counts_columns_in_bytes() -> None:
    found = inside('x := "é"; g()')
    assert call(found, "g").column == 12
    assert call(found, "g").line == HEAD.count("\n") + 2


def test_survives_the_round_trip() -> None:
    found = inside("go func() { c <- 1 }()")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=GoFile) == found


def test_variables_that_build_on_others_read_the_same_each_time() -> None:
    source = "package p\n\nvar (\n" + "".join(f"\tv{n} = v{n + 1}\n" for n in range(30)) + "\tv30 = &T{}\n\tw = v30\n\tx = w\n\ty = x\n)\n"
    source += "func f() { v0.Get(); w.Get(); x.Get(); y.Get() }\n"
    reads = {repr(read("p.go", source.encode())) for _ in range(8)}
    assert len(reads) == 1
    assert [call.name for call in read("p.go", source.encode()).calls] == [".Get", "T.Get", "T.Get", "T.Get"]


def test_reads_arguments_beyond_ascii() -> None:
    found = file('func f() { log("first — ä") ; log("é", x, "ü") }\n')
    assert [call.args for call in found.calls] == [('"first — ä"',), ('"é"', "x", '"ü"')]


MESSAGES = """// Code generated by protoc-gen-go. DO NOT EDIT.
package pb

type Order struct{ Id string }

var registered = register("order")

func (x *Order) GetId() string {
	if x != nil {
		return get(x)
	}
	return ""
}

func NewOrder() *Order { return make() }
"""


def test_leaves_out_what_stands_inside_functions_of_generated_messages() -> None:
    found = read("pb/order.pb.go", MESSAGES.encode())
    assert found.generated and not found.gaps
    assert [(f.name, f.receiver, f.line, f.end_line) for f in found.functions] == [("GetId", "Order", 8, 13), ("NewOrder", "", 15, 15)]
    assert [call.name for call in found.calls] == ["register", "make"]
    assert [t.name for t in found.types] == ["Order"]


def test_reads_generated_messages_whole_where_their_layout_is_odd() -> None:
    odd = MESSAGES.replace('return ""', "return `\n}\n`")
    found = read("pb/order.pb.go", odd.encode())
    assert not found.gaps
    assert [call.name for call in found.calls] == ["register", "get", "make"]


def test_keeps_calls_of_generated_wiring() -> None:
    found = read("wire_gen.go", MESSAGES.replace("protoc-gen-go", "Wire").encode())
    assert [call.name for call in found.calls] == ["register", "get", "make"]
