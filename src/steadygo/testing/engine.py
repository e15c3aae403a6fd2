"""Compile each test binary once, run it from its package's directory, several at a time, and tell what happens while it happens."""

from __future__ import annotations

import os
import queue
import shlex
import shutil
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from steadygo.errors import UserError
from steadygo.testing import meanwhile, testlog, trace, verdict
from steadygo.testing.building import Building
from steadygo.testing.coverage import profile
from steadygo.testing.events import Lines, Watch
from steadygo.testing.flags import Flags
from steadygo.testing.plan import Planned
from steadygo.testing.results import Interference, Outcome, Package, Test
from steadygo.tools import go_test, guard
from steadygo.tools.go_binaries import Handing, Held
from steadygo.tools.processes import ended_by

_TICK_SECONDS = 0.1
_KILL_AFTER_SECONDS = 60.0  # past -timeout, like go test


RUN_VARIABLE = "STEADYGO_RUN"
"""Tests find the id of their run here, and can put it into what they send and log."""

Lender = Callable[[str, Mapping[str, str]], AbstractContextManager[Mapping[str, str]]]
"""(shard's id, its environment so far) -> variables that it gets on top, for as long as its process runs. Raises NotLent.

A lender that is a context manager itself is entered before the first test binary runs and left after the last.
"""


@runtime_checkable
class Witness(Protocol):
    """A lender that tells what it did to a test binary."""

    def saw(self, shard: str) -> Sequence[Interference]:
        """What happened so far, oldest first."""
        ...


class NotLent(UserError):
    """One test binary cannot have what should be its own; others may."""


@dataclass(frozen=True)
class Setting:
    """What every test binary of a run shares. `environment` is what the tests see, `run` the id of the run, `root` is GOROOT.

    `lenders` give each binary what is its own, a database for example; a later one sees what the earlier ones gave.
    """

    go: Path
    root: str
    directory: Path
    environment: Mapping[str, str]
    flags: Flags
    test2json: Path
    run: str = ""
    lenders: tuple[Lender, ...] = ()

    @property
    def at_once(self) -> int:
        return self.flags.at_once or len(os.sched_getaffinity(0))

    @property
    def shell_go(self) -> str:
        """How a shell calls this go."""
        found = shutil.which("go", path=self.environment.get("PATH"))
        return "go" if found and Path(found).resolve() == self.go.resolve() else shlex.quote(str(self.go))

    @property
    def test_environment(self) -> dict[str, str]:
        """go's own programs come first on PATH, as `go test` arranges it."""
        found = dict(self.environment)
        if self.root:
            found["PATH"] = f"{self.root}/bin{os.pathsep}{found.get('PATH', os.defpath)}"
        if self.run:
            found[RUN_VARIABLE] = self.run
        return found

    @contextmanager
    def lending(self) -> Iterator[None]:
        """What lenders need for a whole run: servers reached, templates there. Raises UserError; then no test can run."""
        with ExitStack() as stack:
            for lender in self.lenders:
                if isinstance(lender, AbstractContextManager):
                    stack.enter_context(lender)
            yield

    @contextmanager
    def lent(self, shard: str, directory: Path) -> Iterator[dict[str, str]]:
        """The environment of one test binary that runs in `directory`, with what is lent to it. Raises NotLent."""
        found = {**self.test_environment, "PWD": str(directory)}
        if self.run:
            found[trace.VARIABLE] = trace.traceparent(self.run, shard, found.get(trace.VARIABLE, ""))
        with ExitStack() as stack:
            for lend in self.lenders:
                found |= stack.enter_context(lend(shard, found))
            yield found

    def saw(self, shard: str) -> list[Interference]:
        """What the lenders did to a test binary, by time."""
        lenders: Sequence[object] = self.lenders
        return sorted(one for lender in lenders if isinstance(lender, Witness) for one in lender.saw(shard))


@dataclass(frozen=True)
class Tested:
    """A test got its verdict."""

    package: str
    test: Test


@dataclass(frozen=True)
class Finished:
    """A package is through. `profile`: what its tests covered, as `go test -coverprofile` writes it; empty without that flag."""

    package: Package
    profile: bytes = b""


@dataclass(frozen=True)
class Tick:
    """Time passes. `running`: (package, test, seconds), the longest first."""

    compiling: int
    running: tuple[tuple[str, str, float], ...]


@dataclass(frozen=True)
class Notice:
    """A sentence for the user about the run itself."""

    sentence: str


Happening = Tested | Finished | Tick | Notice


@dataclass
class _State:
    """What threads share. `watches` are the packages that run."""

    stop: threading.Event = field(default_factory=threading.Event)
    told: queue.SimpleQueue[list[Tested] | Finished | BaseException | None] = field(default_factory=queue.SimpleQueue)
    watches: dict[str, Watch] = field(default_factory=dict)
    compiling: int = 0


def run(plan: Sequence[Planned], setting: Setting, begun: Handing | None = None) -> Generator[Happening, None, None]:
    """Run everything. On Ctrl-C all processes are killed, what is known so far is told, and KeyboardInterrupt is raised.

    `begun` builds these packages already.
    """
    state = _State()
    with guard.scratch("steadygo-test-", setting.environment) as scratch:
        work = threading.Thread(target=_conduct, args=(plan, setting, scratch, state, begun), daemon=True)
        work.start()
        interrupted = False
        merger = profile.Merger()
        try:
            while True:
                try:
                    told = state.told.get(timeout=_TICK_SECONDS)
                    if isinstance(told, BaseException):
                        raise told
                    if told is None:
                        break
                    if isinstance(told, Finished):
                        merger.add(told.profile, f"the profile of {told.package.path}")
                        yield told
                    else:
                        yield from told
                except queue.Empty:
                    yield _tick(state)
                except KeyboardInterrupt:
                    if interrupted:
                        raise
                    interrupted = True
                    state.stop.set()
        finally:
            state.stop.set()
            work.join()
        if setting.flags.coverprofile:
            profile.write(merger.profile(), setting.flags.coverprofile, setting.directory)
    if interrupted:
        raise KeyboardInterrupt


def _tick(state: _State) -> Tick:
    running = [(path, name, seconds) for path, watch in list(state.watches.items()) for name, seconds in _safely(watch)]
    return Tick(state.compiling, tuple(sorted(running, key=lambda r: -r[2])))


def _safely(watch: Watch) -> list[tuple[str, float]]:
    try:
        return list(watch.running())
    except RuntimeError:  # a dictionary grew in its own thread; the next tick asks again
        return []


def _conduct(plan: Sequence[Planned], setting: Setting, scratch: Path, state: _State, begun: Handing | None) -> None:
    try:
        with ThreadPoolExecutor(setting.at_once) as pool:
            pool.submit(_pass_over, [p for p in plan if p.error], setting, state)
            there = [p for p in plan if not p.error]
            built = [p for p in there if p.has_files or not setting.flags.covers]  # go takes long for what is covered and has no tests
            failed = _build(built, setting, scratch, state, pool, begun) if begun or built else frozenset[str]()
            pool.submit(_pass_over, [p for p in there if not p.has_files and p.path not in failed], setting, state)
    except BaseException as error:  # told to the thread that waits
        state.told.put(error)
    state.told.put(None)


def _build(
    packages: Sequence[Planned], setting: Setting, scratch: Path, state: _State, pool: ThreadPoolExecutor, begun: Handing | None
) -> frozenset[str]:
    """Let go build them all, and put each into the pool when its binary is there. The paths of those that cannot be built."""
    refused = set()

    def refuse(package: Planned, what: str, complaint: str) -> None:
        refused.add(package.path)
        if not state.stop.is_set():
            state.told.put(Finished(verdict.refused(package, what, complaint)))

    def take(held: Held) -> None:
        package = building.take(held.directory)
        state.compiling = len(building)
        if package is None:
            held.release(state.stop.is_set)
        else:
            pool.submit(_guarded, package, held, setting, scratch, state)

    building = Building(packages, refuse)
    state.compiling = len(building)
    with begun or _begin(packages, setting, scratch) as handing:
        ran = handing.follow([str(p.directory) for p in packages if p.has_files], take, building.hear, state.stop.is_set)
    killed = f"go test was {ended_by(ran.status)}" if ran.status is not None and ran.status < 0 else ""
    building.end(ran.stderr.decode("utf-8", "replace") or killed)
    state.compiling = 0
    return frozenset(refused)


def _begin(packages: Sequence[Planned], setting: Setting, scratch: Path) -> Handing:
    work = scratch / "go"
    work.mkdir()
    return Handing(setting.go, setting.directory, [p.path for p in packages], setting.flags.building, setting.environment, work)


def _guarded(package: Planned, held: Held, setting: Setting, scratch: Path, state: _State) -> None:
    try:
        if not state.stop.is_set():
            watch = state.watches[package.path] = Watch()
            name = f"{held.binary.parent.name}-{held.binary.stem}"
            tell: Callable[[Sequence[Test]], None] = lambda tests: state.told.put([Tested(package.path, t) for t in tests])  # noqa: E731
            one = Process(held.binary, scratch / name, watch, tell, state.stop.is_set)
            judged = run_tests(package, setting, one)
            state.told.put(Finished(judged, one.profile.read_bytes() if one.profile.exists() else b""))
    except BaseException as error:  # told to the thread that waits
        state.told.put(error)
    finally:
        state.watches.pop(package.path, None)
        held.release(state.stop.is_set)


@dataclass(frozen=True)
class Process:
    """One test binary that is going to run. Its log and its profile are written as `files`.log and `files`.cover.

    `watch` follows it, `tell` gets tests as they have their verdict. `only`: what -test.run selects instead of what the flags select.
    """

    binary: Path
    files: Path
    watch: Watch
    tell: Callable[[Sequence[Test]], None]
    stopped: Callable[[], bool]
    only: str = ""

    @property
    def profile(self) -> Path:
        """Where the coverage profile is, if there is one."""
        return self.files.with_name(f"{self.files.name}.cover")


def run_tests(package: Planned, setting: Setting, process: Process) -> Package:
    """Run a test binary to its end and judge it; a package that cannot have what should be lent to it has failed."""
    lines, shard = Lines(), f"{package.path} {process.only}".strip()

    def take(chunk: bytes) -> None:
        tests = [t for event in lines.feed(chunk) if (t := process.watch.take(event)) is not None]
        if tests:
            process.tell([meanwhile.told(t, setting.saw(shard)) if t.outcome.bad else t for t in tests])

    flags, log = setting.flags, process.files.with_name(f"{process.files.name}.log")
    arguments = [*flags.binary(), f"-test.testlogfile={log}"]
    if process.only:
        arguments.append(f"-test.run={process.only}")
    if flags.coverprofile:
        arguments.append(f"-test.coverprofile={process.profile}")
    limit = flags.timeout_seconds + _KILL_AFTER_SECONDS if flags.timeout_seconds else float(1 << 31)
    try:
        with setting.lent(shard, package.directory) as environment:
            started, began = time.monotonic(), time.time()
            ran = go_test.run_binary(
                process.binary,
                [*arguments, *flags.arguments],
                take,
                test2json=setting.test2json,
                directory=package.directory,
                environment=environment,
                timeout_seconds=limit,
                stopped=process.stopped,
            )
            seconds = time.monotonic() - started
    except NotLent as error:
        return verdict.refused(package, "It never ran", str(error))
    looked = testlog.parse(log.read_bytes(), package.directory, began) if log.exists() else ()
    if ran.status is None or ran.status < 0:
        process.profile.unlink(missing_ok=True)  # a killed process may have written half of it
    judged = verdict.judge(package, process.watch, ran, flags, verdict.Seen(seconds, looked, process.stopped()))
    return meanwhile.annotated(judged, setting.saw(shard))


def _pass_over(plan: Sequence[Planned], setting: Setting, state: _State) -> None:
    try:
        for finished in pass_over(plan, setting, state.stop.is_set):
            state.told.put(finished)
    except BaseException as error:  # told to the thread that waits
        state.told.put(error)


def pass_over(plan: Sequence[Planned], setting: Setting, stopped: Callable[[], bool] = lambda: False) -> Iterator[Finished]:
    """The packages of a plan that nothing can be run of: go cannot load them, or they have no tests.

    The statements of the latter belong into a profile, as `go test` puts them there from Go 1.22 on.
    """
    yield from (Finished(verdict.refused(p, "Go cannot load it", p.error)) for p in plan if p.error)
    untested = [p for p in plan if not p.error and not p.has_files]
    said = b""
    if untested and setting.flags.coverprofile:
        with guard.scratch("steadygo-test-", setting.environment) as scratch:
            out, paths = scratch / "untested.cover", [p.path for p in untested]
            go_test.cover_untested(setting.go, setting.directory, paths, out, setting.flags.build, setting.environment, stopped)
            said = out.read_bytes() if out.exists() else b""
    for package in untested:
        yield Finished(Package(package.path, Outcome.SKIPPED, why="no test files", source=package.source), said)
        said = b""
