"""Servers as Go code starts them, through the real reader."""

from __future__ import annotations

from textwrap import dedent

from steadygo.facts import servers
from steadygo.facts.gocode import GoCode
from steadygo.read import go


def only(body: str, imports: str = '"net/http"; "os"; "flag"; "fmt"; "net"') -> servers.Server:
    """The server that a main package starts."""
    text = f"package main\nimport ({imports})\n{dedent(body)}"
    (found,) = servers.of(GoCode([go.read("main.go", text.encode())], [])).all
    return found


def test_folds_a_port_from_the_environment_with_its_default() -> None:
    server = only("""
    func main() { http.ListenAndServe(":"+env("PORT", "8080"), nil) }
    func env(name, other string) string { if v := os.Getenv(name); v != "" { return v }; return other }
    """)
    assert server.ports() == frozenset({8080})
    assert server.address.variables == ("PORT",)
    assert server.roots == ("default",)


def test_takes_a_flag_from_the_command_line() -> None:
    server = only("""
    func main() {
        addr := flag.String("addr", ":8080", "where to listen")
        flag.Parse()
        srv := &http.Server{Addr: *addr}
        srv.ListenAndServe()
    }
    """)
    assert server.ports() == frozenset({8080})
    assert server.ports(words=("/app", "--addr=:9000")) == frozenset({9000})
    assert server.ports(words=("/app", "-addr", ":9001")) == frozenset({9001})


def test_follows_settings_in_struct_tags() -> None:
    server = only("""
    type config struct { Port int `env:"ORDERS_PORT" envDefault:"8090"` }
    func main() {
        var cfg config
        srv := http.Server{Addr: fmt.Sprintf(":%d", cfg.Port), Handler: http.NewServeMux()}
        srv.ListenAndServe()
    }
    """)
    assert server.ports() == frozenset({8090})
    assert server.address.variables == ("ORDERS_PORT",)
    assert server.roots != ("default",)


def test_finds_the_listener_of_a_server() -> None:
    server = only("""
    func main() {
        l, _ := net.Listen("tcp", "127.0.0.1:6060")
        srv := &http.Server{}
        srv.Serve(l)
    }
    """)
    assert server.ports() == frozenset({6060})
    assert server.loopback


def test_does_not_guess_a_port_that_was_not_seen() -> None:
    server = only("func main() { http.ListenAndServe(read(), nil) }")
    assert server.ports() is None


def test_reads_ports_of_addresses() -> None:
    assert [servers.port_of(a) for a in (":8080", "0.0.0.0:80", "[::]:9090", "8081", ":http", "localhost", "")] == [
        8080, 80, 9090, 8081, 80, None, None,
    ]  # fmt: skip
