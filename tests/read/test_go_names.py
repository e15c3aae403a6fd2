"""The Go reader says what names mean: imports, types, scopes."""

from __future__ import annotations

from go_texts import file, inside, names


def test_names_imports_as_the_file_uses_them() -> None:
    found = file("var _ = nats.Connect\nvar _ = yaml.Marshal\nvar _ = chi.NewRouter\n")
    assert {i.path: i.name for i in found.imports} == {
        "context": "context",
        "database/sql": "sql",
        "net/http": "http",
        "time": "time",
        "github.com/go-chi/chi/v5": "chi",
        "github.com/nats-io/nats.go": "nats",
        "github.com/prometheus/client_golang/prometheus": "prometheus",
        "gopkg.in/yaml.v3": "yaml",
        "example.com/x/y": "other",
        "github.com/lib/pq": "_",
    }
    assert [i.line for i in found.imports][:2] == [4, 5]


def test_resolves_functions_of_imported_packages() -> None:
    found = inside('http.ListenAndServe(":8080", nil)\nother.Do()\nlocal(1)')
    assert names(found) == ["net/http.ListenAndServe", "example.com/x/y.Do", "local"]
    assert found.calls[0].args == ('":8080"', "nil")


def test_knows_the_types_of_parameters_receivers_and_variables() -> None:
    found = file(
        """
type server struct {
	db *sql.DB
	http.Server
}

func (s *server) run(ctx context.Context, r *http.Request) {
	s.db.QueryContext(r.Context(), "x")
	s.Server.Shutdown(ctx)
	s.stop()
	srv := &http.Server{}
	srv.Close()
	var t time.Timer
	t.Stop()
	rows, err := s.db.Query("x")
	rows.Close()
	unknown.Do()
}
"""
    )
    assert names(found) == [
        "database/sql.DB.QueryContext",
        "net/http.Request.Context",
        "net/http.Server.Shutdown",
        "server.stop",
        "net/http.Server.Close",
        "time.Timer.Stop",
        "database/sql.DB.Query",
        "database/sql.Rows.Close",
        ".Do",
    ]
    assert found.calls[-1].receiver == "unknown"


def test_knows_what_functions_of_the_same_file_return() -> None:
    found = file("func open() (*sql.DB, error) { return nil, nil }\nfunc g() {\n db, err := open()\n db.Ping()\n}\n")
    assert names(found) == ["open", "database/sql.DB.Ping"]


def test_knows_well_known_constructors_and_chains() -> None:
    found = file(
        """
var requests = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total"}, []string{"code"})

func g() {
	requests.WithLabelValues("200").Inc()
	r := chi.NewRouter()
	r.Route("/api", func(r chi.Router) { r.Get("/x", nil) })
	db, err := sql.Open("postgres", "")
	db.SetMaxOpenConns(3)
	mux := http.NewServeMux()
	mux.HandleFunc("/", nil)
}
"""
    )
    metrics = "github.com/prometheus/client_golang/prometheus"
    assert set(names(found)) == {
        f"{metrics}.NewCounterVec",
        f"{metrics}.Counter.Inc",
        f"{metrics}.CounterVec.WithLabelValues",
        "github.com/go-chi/chi/v5.NewRouter",
        "github.com/go-chi/chi/v5.Mux.Route",
        "github.com/go-chi/chi/v5.Router.Get",
        "database/sql.Open",
        "database/sql.DB.SetMaxOpenConns",
        "net/http.NewServeMux",
        "net/http.ServeMux.HandleFunc",
    }


def test_a_local_variable_hides_a_package_only_where_it_is_in_scope() -> None:
    found = inside('if http := other.New(); http != nil {\n http.Get()\n}\nhttp.Get("x")\ntime := time.Now()\ntime.Add(1)')
    assert names(found) == ["example.com/x/y.New", ".Get", "net/http.Get", "time.Now", "time.Time.Add"]


def test_variables_of_an_if_are_known_in_its_else() -> None:
    found = inside(
        'if db, err := sql.Open("x", "y"); err != nil {\n db := 1\n} else if ok {\n db.Ping()\n} else {\n db.Close()\n}\ndb.Exec()'
    )
    assert names(found) == ["database/sql.Open", "database/sql.DB.Ping", "database/sql.DB.Close", ".Exec"]
