"""Which variables a program reads, and what it does without them."""

from __future__ import annotations

from steadygo.facts.environment_names import given_by_platform, read_by_others
from steadygo.facts.environment_reads import Reads, all_reads
from steadygo.facts.gocode import GoCode
from steadygo.facts.gostart import always_run
from steadygo.read.go import read

HEAD = 'package main\n\nimport (\n\t"log"\n\t"os"\n)\n\n'


def code(source: str, path: str = "main.go") -> GoCode:
    return GoCode([read(path, source.encode())], [])


def reads_of(source: str) -> Reads:
    return all_reads(code(source))


def needs(source: str) -> dict[str, tuple[str, str | None]]:
    return {r.name: (r.need, r.default) for r in reads_of(source).reads}


def test_stops_without_it() -> None:
    assert needs(HEAD + 'func main() {\n\tv := os.Getenv("A")\n\tif v == "" {\n\t\tlog.Fatal("A")\n\t}\n}\n') == {"A": ("required", None)}
    assert needs(HEAD + 'func main() {\n\tv, ok := os.LookupEnv("B")\n\tif !ok {\n\t\tpanic(v)\n\t}\n}\n') == {"B": ("required", None)}


def test_goes_on_with_a_default() -> None:
    assert needs(HEAD + 'func main() {\n\tv := os.Getenv("A")\n\tif v == "" {\n\t\tv = "x"\n\t}\n\tlog.Print(v)\n}\n') == {
        "A": ("optional", None)
    }
    assert needs(HEAD + 'func main() {\n\tif os.Getenv("A") == "1" {\n\t\tlog.Print(1)\n\t}\n}\n') == {"A": ("optional", None)}


def test_follows_wrappers_to_their_callers() -> None:
    wrapper = 'func get(key, fallback string) string {\n\tif v := os.Getenv(key); v != "" {\n\t\treturn v\n\t}\n\treturn fallback\n}\n'
    assert needs(HEAD + 'const name = "B"\n\nfunc main() { log.Print(get("A", "1"), get(name, "2")) }\n\n' + wrapper) == {
        "A": ("optional", '"1"'),
        "B": ("optional", '"2"'),
    }
    must = 'func must(to *string, key string) {\n\tv := os.Getenv(key)\n\tif v == "" {\n\t\tpanic(key)\n\t}\n\t*to = v\n}\n'
    assert needs(HEAD + 'func main() {\n\tvar a string\n\tmust(&a, "ADDR")\n}\n\n' + must) == {"ADDR": ("required", None)}


def test_follows_two_levels_and_closures() -> None:
    text = (
        'func main() {\n\tget := func(k string) string { return os.Getenv(k) }\n\tlog.Print(get("A"), number("B"))\n}\n\n'
        "func number(k string) int { return len(text(k)) }\n\nfunc text(k string) string { return os.Getenv(k) }\n"
    )
    assert set(needs(HEAD + text)) == {"A", "B"}


def test_asks_what_is_done_with_the_field() -> None:
    text = 'type T struct{ URL, Token string }\n\nfunc load() T { return T{URL: os.Getenv("A"), Token: os.Getenv("B")} }\n\n'
    text += 'func check(t T) {\n\tif t.Token == "" {\n\t\tlog.Fatal("token")\n\t}\n\tif t.URL != "" {\n\t\tlog.Print(t.URL)\n\t}\n}\n'
    assert needs(HEAD + text) == {"A": ("optional", None), "B": ("required", None)}


def test_reads_tags_with_prefixes() -> None:
    text = (
        'package main\n\nimport "github.com/caarlos0/env/v11"\n\ntype DB struct {\n\tHost string `env:"HOST,required"`\n}\n\n'
        'type Config struct {\n\tDB DB `envPrefix:"DB_"`\n\tPort int `env:"PORT" envDefault:"8080"`\n}\n\n'
        "func main() { var c Config; _ = env.Parse(&c) }\n"
    )
    assert needs(text) == {"DB_HOST": ("required", None), "PORT": ("optional", "8080")}


def test_reads_what_envconfig_makes_of_fields() -> None:
    text = (
        'package main\n\nimport "github.com/kelseyhightower/envconfig"\n\ntype Config struct {\n'
        '\tDatabaseURL string `split_words:"true" required:"true"`\n'
        '\tPort int `default:"8080"`\n\tTLS struct{}\n}\n\nfunc main() {\n\tvar c Config\n\tenvconfig.MustProcess("app", &c)\n}\n'
    )
    found = needs(text)
    assert found["APP_DATABASE_URL"] == ("required", None)
    assert found["APP_PORT"] == ("optional", "8080")


def test_reads_viper_and_cli_flags() -> None:
    text = (
        'package main\n\nimport (\n\t"github.com/spf13/viper"\n\t"github.com/urfave/cli/v2"\n)\n\nfunc main() {\n'
        '\tviper.SetEnvPrefix("app")\n'
        '\t_ = viper.BindEnv("db.host")\n\t_ = viper.BindEnv("port", "PORT")\n\tviper.AutomaticEnv()\n'
        '\t_ = &cli.StringFlag{Name: "x", EnvVars: []string{"X_ADDR", "X_OLD"}}\n}\n'
    )
    found = reads_of(text)
    assert {"APP_DB_HOST", "PORT", "X_ADDR", "X_OLD"} <= found.names
    assert [u.prefix for u in found.unseen] == ["APP_"]


def test_admits_names_that_are_made_at_run_time() -> None:
    found = reads_of(HEAD + 'func main() {\n\tfor _, n := range os.Args {\n\t\tlog.Print(os.Getenv("APP_" + n), os.Getenv(n))\n\t}\n}\n')
    assert sorted(u.prefix for u in found.unseen) == ["", "APP_"]


def test_lists_of_names_are_names() -> None:
    assert set(needs(HEAD + 'func main() {\n\tfor _, n := range []string{"A", "B"} {\n\t\tlog.Print(os.Getenv(n))\n\t}\n}\n')) == {"A", "B"}


def test_knows_what_runs_at_every_start() -> None:
    go = code(
        'package main\n\nimport "os"\n\nfunc main() {\n\tif err := a(); err != nil {\n\t\tb()\n\t}\n'
        "\tgo func() { c() }()\n\thandle(func() { d() })\n}\n\n"
        "func a() error { return nil }\nfunc b() {}\nfunc c() { os.Exit(1) }\nfunc d() {}\nfunc handle(f func()) {}\n"
    )
    file = go.files[0]
    names = {f.block: f.name for f in file.functions if f.name}
    assert {names[block] for _, block in always_run(go, "")} == {"main", "a", "c", "handle"}


def test_knows_variables_that_others_read() -> None:
    assert all(read_by_others(n) for n in ("OTEL_SERVICE_NAME", "AWS_REGION", "PGHOST", "GOMEMLIMIT", "https_proxy", "TZ", "NOTIFY_SOCKET"))
    assert not any(read_by_others(n) for n in ("ORDERS_ADDR", "DATABASE_URL", "PAGE_SIZE", "PGX", "PAYMENTS_TOKEN", "CONFIG_FILE"))
    assert given_by_platform("KUBERNETES_SERVICE_HOST") and given_by_platform("REDIS_SERVICE_PORT") and not given_by_platform("REDIS_URL")


def test_takes_variables_without_values_and_counters() -> None:
    text = "func main() {\n\tvar get func(string) string\n\tget = os.Getenv\n"
    text += "\tfor n := 0; n < 3; n++ {\n\t\tlog.Print(os.Getenv(n), get(n))\n\t}\n}\n"
    assert reads_of(HEAD + text).reads == ()
