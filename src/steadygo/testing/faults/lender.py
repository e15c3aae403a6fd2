"""Lends each test binary a proxy of its own in front of every dependency that a fault names, and remembers what it did."""

from __future__ import annotations

import difflib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from steadygo.errors import UserError
from steadygo.testing.faults.addresses import Address, NoAddress, found, rewritten
from steadygo.testing.faults.proxy import Proxy, resolve
from steadygo.testing.faults.words import Fault, seed_of
from steadygo.testing.results import Interference
from steadygo.testing.settings import Dependency

_MOST = 5000  # kept of one test binary
_OFTEN_SECONDS = 0.01  # a connection's delays that follow faster are one


class Faults:
    """A lender for the engine (see `engine.Lender`), which tells afterwards what it `saw`."""

    def __init__(self, faults: Sequence[Fault], dependencies: Mapping[str, Dependency], run: str) -> None:
        """Faults that state no seed get the run's. Raises UserError when a fault names what is not declared."""
        for fault in faults:
            if fault.dependency not in dependencies:
                raise UserError(f"--fault {fault.dependency}: no dependency is called that.", _nearest(fault.dependency, dependencies))
        self._faults, self._dependencies, self._seed = faults, dependencies, seed_of(run)
        self._seen: dict[str, _Seen] = {}

    def check(self, environment: Mapping[str, str]) -> None:
        """Raises UserError when the environment does not say where a dependency is."""
        for fault in self._faults:
            rewrite(fault.dependency, self._dependencies[fault.dependency], environment, lambda address: address)

    def saw(self, shard: str) -> tuple[Interference, ...]:
        """What happened to the connections of a test binary so far, oldest first."""
        return tuple(self._seen[shard].told) if shard in self._seen else ()

    @contextmanager
    def __call__(self, shard: str, environment: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
        """The variables that name the dependencies, naming the proxies. Raises UserError."""
        seen = self._seen[shard] = _Seen()
        proxy = Proxy(seen.note)
        try:
            changed: dict[str, str] = {}
            for fault in self._faults:
                changed |= self._stand(proxy, fault, shard, {**environment, **changed})
                if fault.state == "down":
                    seen.note(fault.dependency, 0, "down")
            proxy.start()
            yield changed
        finally:
            proxy.close()

    def _stand(self, proxy: Proxy, fault: Fault, shard: str, environment: Mapping[str, str]) -> dict[str, str]:
        seed = f"{self._seed if fault.seed is None else fault.seed}/{shard}/{fault.dependency}"
        there: dict[Address, Address] = {}

        def put(address: Address) -> Address:
            if address not in there:
                there[address] = proxy.listen(fault, seed, address, () if fault.state else _resolved(fault.dependency, address))
            return there[address]

        return rewrite(fault.dependency, self._dependencies[fault.dependency], environment, put)


def rewrite(name: str, dependency: Dependency, environment: Mapping[str, str], put: Callable[[Address], Address]) -> dict[str, str]:
    """The variables that say where the dependency is, with the addresses that `put` gives instead. Raises UserError."""
    if dependency.variable:
        text = environment.get(dependency.variable, "").strip() or dependency.address
        if not text:
            raise UserError(
                f"--fault {name}: ${dependency.variable} is not set, so it is not known where {name} is.",
                f"Set it, or say `address` in [test.dependencies.{name}].",
            )
        return {dependency.variable: _rewritten(name, dependency.variable, text, put)}
    try:
        wanted = found(dependency.address)
    except NoAddress as why:
        raise UserError(f"--fault {name}: its address {why}.", 'Write address = "localhost:5432".') from None
    changed = {}
    for variable, text in environment.items():
        try:
            if set(found(text)) <= set(wanted):
                changed[variable] = rewritten(text, put)
        except NoAddress:
            continue
    if not changed:
        raise UserError(
            f"--fault {name}: no variable of the environment names {dependency.address}, so the tests would never meet the fault.",
            f"Let them read the address from a variable, and say `variable` in [test.dependencies.{name}].",
        )
    return changed


def _rewritten(name: str, variable: str, text: str, put: Callable[[Address], Address]) -> str:
    try:
        return rewritten(text, put)
    except NoAddress as why:
        raise UserError(f"--fault {name}: ${variable} {why}.", "A URL, host:port or user:password@tcp(host:port)/db will do.") from None


def _resolved(name: str, address: Address) -> Sequence[tuple[int, object]]:
    try:
        return resolve(address)
    except OSError as error:
        raise UserError(f"--fault {name}: the host {address.host} cannot be found: {error.strerror}.", "Is its name right?") from None


def _nearest(name: str, known: Mapping[str, Dependency]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if near:
        return f"Did you mean {near[0]}?"
    there = f"Declared are {', '.join(sorted(known))}; others" if known else "steadygo.toml declares none; they"
    return f"{there} are declared in [test.dependencies.{name}]."


class _Seen:
    """What happened, written by the proxy's thread and read by others."""

    def __init__(self) -> None:
        self.told: list[Interference] = []
        self._lately: dict[tuple[str, int, str], float] = {}
        self._lock = threading.Lock()

    def note(self, dependency: str, connection: int, what: str, detail: str = "", seconds: float = 0.0) -> None:
        now, key = time.monotonic(), (dependency, connection, what)
        with self._lock:
            if now - self._lately.get(key, float("-inf")) < _OFTEN_SECONDS or len(self.told) >= _MOST:
                return
            self._lately[key] = now
            at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
            self.told.append(Interference(at, dependency, connection, what, detail, seconds))
