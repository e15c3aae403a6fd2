"""Routes as Go code registers them, through the real reader."""

from __future__ import annotations

from textwrap import dedent

import pytest

from steadygo.facts import routes
from steadygo.facts.gocode import GoCode
from steadygo.facts.modules import GoMod
from steadygo.read import go
from steadygo.read.gomod import read as read_module

MODULE = "module example.com/orders\n\ngo 1.24\n"


def code(**files: str) -> GoCode:
    """Go code of `main="…"` (main.go) and `internal__api="…"` (internal/api/api.go)."""
    read = []
    for name, text in files.items():
        path = "main.go" if name == "main" else f"{name.replace('__', '/')}/{name.rpartition('__')[2]}.go"
        read.append(go.read(path, dedent(text).encode()))
    return GoCode(read, [m for m in [read_module("go.mod", MODULE.encode())] if isinstance(m, GoMod)])


def served(source: GoCode) -> list[str]:
    """Whole routes as `METHOD path`."""
    return [f"{r.method or '*'} {r.path}{'…' if r.subtree else ''}" for r in routes.of(source).all if r.whole]


def test_reads_patterns_of_the_standard_mux() -> None:
    main = """
    package main
    import "net/http"
    const base = "/v1"
    func main() {
        mux := http.NewServeMux()
        mux.HandleFunc("GET "+base+"/orders/{id}", get)
        mux.Handle("/static/", http.FileServer(nil))
        http.HandleFunc("/healthz", health)
    }
    """
    assert served(code(main=main)) == ["GET /v1/orders/{id}", "* /static/…", "* /healthz"]


def test_follows_nested_routes_of_chi() -> None:
    main = """
    package main
    import "github.com/go-chi/chi/v5"
    func main() {
        r := chi.NewRouter()
        r.Get("/ping", ping)
        r.Route("/orders", func(r chi.Router) {
            r.Post("/", create)
            r.Route("/{id}", func(r chi.Router) { r.Get("/", get) })
            r.Group(func(r chi.Router) { r.Delete("/all", drop) })
        })
        r.Mount("/admin", admin())
    }
    func admin() chi.Router {
        r := chi.NewRouter()
        r.Get("/users", users)
        return r
    }
    """
    assert served(code(main=main)) == ["GET /ping", "POST /orders/", "GET /orders/{id}/", "DELETE /orders/all", "GET /admin/users"]


def test_follows_groups_through_functions() -> None:
    main = """
    package main
    import "github.com/gin-gonic/gin"
    func main() {
        e := gin.New()
        routes(e.Group("/api"))
    }
    func routes(g *gin.RouterGroup) {
        v1 := g.Group("/v1")
        v1.GET("/orders/:id", get)
        v1.Handle("PUT", "/orders/:id", put)
    }
    """
    assert served(code(main=main)) == ["GET /api/v1/orders/:id", "PUT /api/v1/orders/:id"]


def test_reads_chains_of_gorilla() -> None:
    main = """
    package main
    import "github.com/gorilla/mux"
    func main() {
        r := mux.NewRouter()
        s := r.PathPrefix("/v1").Subrouter()
        s.HandleFunc("/orders", list).Methods("GET", "POST")
        r.Path("/healthz").Methods("GET").HandlerFunc(health)
        r.PathPrefix("/ui/").Handler(ui)
    }
    """
    assert served(code(main=main)) == ["GET /v1/orders", "POST /v1/orders", "GET /healthz", "* /ui/…"]


def test_folds_a_prefix_that_stands_in_another_package() -> None:
    main = """
    package main
    import ("net/http"; "example.com/orders/internal/api")
    func main() { http.ListenAndServe(":8080", api.Handler("/shop")) }
    """
    api = """
    package api
    import "net/http"
    type server struct { mux *http.ServeMux; prefix string }
    func Handler(prefix string) http.Handler {
        s := &server{mux: http.NewServeMux(), prefix: prefix}
        s.routes()
        return s.mux
    }
    func (s *server) routes() { s.mux.HandleFunc("GET " + s.prefix + "/orders", nil) }
    """
    assert served(code(main=main, internal__api=api)) == ["GET /shop/orders"]


def test_a_mux_below_a_path_keeps_what_is_outside_of_it_for_itself() -> None:
    main = """
    package main
    import ("net/http"; "github.com/gorilla/mux")
    func main() {
        r := mux.NewRouter()
        r.PathPrefix("/debug/").Handler(http.DefaultServeMux)
        http.HandleFunc("/debug/vars", nil)
        http.HandleFunc("/metrics", nil)
    }
    """
    found = {(r.path, r.roots == ("default",)) for r in routes.of(code(main=main)).all}
    assert found == {("/debug/vars", True), ("/debug/vars", False), ("/metrics", True)}


def test_says_when_a_prefix_is_not_known() -> None:
    main = """
    package main
    import ("net/http"; "os")
    func main() { http.HandleFunc(read(os.Args)+"/healthz", nil) }
    """
    (route,) = routes.of(code(main=main)).all
    assert not route.whole
    assert route.serves("/shop/healthz") is None
    assert route.serves("/shop/ready") is False


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/orders/{id}", "/orders/7", True),
        ("/orders/{id:[0-9]+}", "/orders/7", True),
        ("/orders/:id", "/orders/7/items", False),
        ("/files/{rest...}", "/files/a/b", True),
        ("/files/*path", "/files/a/b", True),
        ("/healthz/", "/healthz", True),
        ("/{$}", "/", True),
        ("/{$}", "/x", False),
    ],
)
def test_matches_paths(pattern: str, path: str, fits: bool) -> None:
    assert routes.matches(pattern, path) is fits


def test_gives_paths_of_different_routers_one_shape() -> None:
    assert routes.shape("/orders/{id}/") == routes.shape("/orders/:order") == routes.shape("/orders/{id:[0-9]+}") == "/orders/{}"
