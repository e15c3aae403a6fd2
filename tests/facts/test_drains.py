"""How long programs take to stop, through the real reader."""

from __future__ import annotations

from textwrap import dedent

from steadygo.facts import drains
from steadygo.facts.gocode import GoCode
from steadygo.facts.repository import Repository, Service
from steadygo.facts.settings import Settings
from steadygo.read import go

IMPORTS = '"context"; "net/http"; "os"; "os/signal"; "syscall"; "time"; "google.golang.org/grpc"; "golang.org/x/sync/errgroup"; "sync"'


def drain(body: str) -> drains.Drain | None:
    """The shutdown of a main package."""
    code = GoCode([go.read("main.go", f"package main\nimport ({IMPORTS})\n{dedent(body)}".encode())], [])
    service = Service("orders", "", packages=code.reachable(""))
    return drains.of(Repository("orders", Settings(), code, services=(service,)), service)


def seconds(body: str) -> float:
    found = drain(body)
    assert found is not None
    return found.seconds


def test_adds_what_comes_one_after_the_other() -> None:
    found = drain("""
    func main() {
        quit := make(chan os.Signal, 1)
        signal.Notify(quit, syscall.SIGTERM)
        srv := &http.Server{}
        go srv.ListenAndServe()
        <-quit
        time.Sleep(5 * time.Second)
        ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
        defer cancel()
        srv.Shutdown(ctx)
        flush, cancelFlush := context.WithTimeout(context.Background(), 10*time.Second)
        defer cancelFlush()
        provider.Shutdown(flush)
    }
    """)
    assert found is not None
    assert (found.seconds, found.waits_first) == (35.0, True)


def test_follows_a_context_that_another_function_ends() -> None:
    found = drain("""
    func main() {
        ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
        defer stop()
        run(ctx)
    }
    func run(ctx context.Context) error {
        srv := &http.Server{}
        errs := make(chan error, 1)
        go func() { errs <- srv.ListenAndServe() }()
        select {
        case err := <-errs:
            return err
        case <-ctx.Done():
        }
        limit, cancel := context.WithTimeout(context.Background(), 40*time.Second)
        defer cancel()
        return srv.Shutdown(limit)
    }
    """)
    assert found is not None
    assert (found.seconds, found.waits_first) == (40.0, False)


def test_a_sleep_inside_of_a_time_limit_counts_with_it() -> None:
    body = """
    func main() {
        ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
        defer stop()
        srv := &http.Server{}
        <-ctx.Done()
        limit, cancel := context.WithTimeout(context.Background(), 20*time.Second)
        defer cancel()
        time.Sleep(5 * time.Second)
        srv.Shutdown(limit)
    }
    """
    assert seconds(body) == 20.0


def test_counts_one_context_once() -> None:
    body = """
    func main() {
        ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
        defer stop()
        a, b := &http.Server{}, &http.Server{}
        <-ctx.Done()
        limit, cancel := context.WithTimeout(context.Background(), 20*time.Second)
        defer cancel()
        a.Shutdown(limit)
        b.Shutdown(limit)
    }
    """
    assert seconds(body) == 20.0


def test_follows_the_signal_into_a_goroutine() -> None:
    body = """
    func main() {
        srv := &http.Server{}
        idle := make(chan struct{})
        go func() {
            quit := make(chan os.Signal, 1)
            signal.Notify(quit, os.Interrupt, syscall.SIGTERM)
            <-quit
            ctx, cancel := context.WithTimeout(context.Background(), 25*time.Second)
            defer cancel()
            srv.Shutdown(ctx)
            close(idle)
        }()
        srv.ListenAndServe()
        <-idle
    }
    """
    assert seconds(body) == 25.0


def test_follows_functions_that_stop() -> None:
    body = """
    type app struct{ http *http.Server }
    func main() {
        ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
        defer stop()
        a := &app{http: &http.Server{}}
        <-ctx.Done()
        a.stop()
    }
    func (a *app) stop() {
        ctx, cancel := context.WithTimeout(context.Background(), 12*time.Second)
        defer cancel()
        a.http.Shutdown(ctx)
        a.drain()
    }
    func (a *app) drain() { time.Sleep(3 * time.Second) }
    """
    assert seconds(body) == 15.0


def test_what_runs_side_by_side_counts_once() -> None:
    body = """
    func main() {
        ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
        defer stop()
        srv := &http.Server{}
        g, _ := errgroup.WithContext(ctx)
        <-ctx.Done()
        g.Go(func() error {
            limit, cancel := context.WithTimeout(context.Background(), 10*time.Second)
            defer cancel()
            return srv.Shutdown(limit)
        })
        g.Go(func() error {
            limit, cancel := context.WithTimeout(context.Background(), 20*time.Second)
            defer cancel()
            return other.Shutdown(limit)
        })
        g.Wait()
    }
    """
    assert seconds(body) == 20.0


def test_takes_a_time_from_the_environment() -> None:
    found = drain("""
    type config struct { Grace time.Duration `env:"GRACE" envDefault:"25s"` }
    func main() {
        var cfg config
        ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
        defer stop()
        srv := &http.Server{}
        <-ctx.Done()
        limit, cancel := context.WithTimeout(context.Background(), cfg.Grace)
        defer cancel()
        srv.Shutdown(limit)
    }
    """)
    assert found is not None
    assert found.seconds == 25.0
    given = drains.given(found, {"GRACE": "40s"})
    assert given is not None
    assert given.seconds == 40.0
    assert drains.given(found, {"GRACE": None}) is None


def test_sleeps_of_workers_are_no_part_of_it() -> None:
    body = """
    func main() {
        ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
        defer stop()
        srv := &http.Server{}
        go work()
        <-ctx.Done()
        limit, cancel := context.WithTimeout(context.Background(), 5*time.Second)
        defer cancel()
        srv.Shutdown(limit)
    }
    func work() { for { time.Sleep(time.Minute) } }
    """
    assert seconds(body) == 5.0


def test_a_program_that_stops_no_server_has_none() -> None:
    assert drain("func main() { http.ListenAndServe(addr, nil) }") is None
