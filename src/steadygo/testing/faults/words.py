"""The words of --fault: NAME:delay=500ms,jitter=50ms,loss=2%,rate=1Mbit,cut=10KB,cut=5s,down,blackhole,seed=7."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from steadygo.errors import UserError
from steadygo.testing.flags import seconds_of

_STATES = ("down", "blackhole")
_KEYS = ("delay", "jitter", "loss", "rate", "cut", "seed", *_STATES)
_PREFIX = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30}
_NUMBER = r"(\d+(?:\.\d+)?)"
_SIZE = re.compile(_NUMBER + r"([kKMG]i?|)B")
_RATE = re.compile(_NUMBER + r"([kKMG]|)(?:(bit|B)(?:/s)?|(bps))")
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_MOST_SECONDS = 86400.0


@dataclass(frozen=True)
class Fault:
    """What happens to connections to one dependency. Sizes are bytes, `rate` bytes a second, `loss` a share of 1; None or 0: nothing.

    `delay` and up to `jitter` more are added to each answer; with probability `loss` the connection is reset in its stead. `cut_bytes`
    of answers, or `cut_seconds`, and the connection is reset. `state`: "", "down" (refuses) or "blackhole" (takes all, answers nothing).
    """

    dependency: str
    delay: float = 0.0
    jitter: float = 0.0
    loss: float = 0.0
    rate: float = 0.0
    cut_bytes: int | None = None
    cut_seconds: float | None = None
    state: str = ""
    seed: int | None = None


def parse(words: Iterable[str]) -> tuple[Fault, ...]:
    """One Fault a dependency; several words about the same one add up. Raises UserError."""
    found: dict[str, tuple[Fault, set[str]]] = {}
    for word in words:
        name, colon, rest = word.partition(":")
        if not colon or not _NAME.fullmatch(name) or not rest.strip():
            raise UserError(f"--fault {word!r} is not understood.", "Write NAME:delay=500ms, NAME:loss=2% or NAME:down.")
        fault, given = found.get(name, (Fault(name), set()))
        for part in rest.split(","):
            fault = _add(fault, part.strip(), given)
        found[name] = fault, given
    for fault, given in found.values():
        if fault.state and given - {fault.state, "seed"}:
            other = sorted(given - {fault.state, "seed"})[0].partition(" ")[0]
            raise UserError(f"--fault {fault.dependency}: {fault.state} leaves nothing for {other}.", "Give one of the two.")
        if given == {"seed"}:
            raise UserError(f"--fault {fault.dependency}:seed alone does nothing.", "Say what happens: delay=500ms, loss=2%, down …")
    return tuple(fault for fault, _ in found.values())


def repeatable(words: Sequence[str], run: str) -> tuple[str, ...]:
    """The words that do the same in another run: those that draw lots get the seed that they have in this run."""
    found = list(words)
    for fault in parse(words):
        if fault.seed is None and (fault.loss or fault.jitter):
            last = max(i for i, word in enumerate(found) if word.startswith(f"{fault.dependency}:"))
            found[last] += f",seed={seed_of(run)}"
    return tuple(found)


def seed_of(run: str) -> int:
    """The seed of faults that state none, out of the run's id."""
    return int(run or "0", 16)


def _add(fault: Fault, part: str, given: set[str]) -> Fault:
    key, equals, value = (s.strip() for s in part.partition("="))
    where = f"--fault {fault.dependency}:{part}"
    if key not in _KEYS:
        near = difflib.get_close_matches(key, _KEYS, n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]}?" if near else f"Known are {', '.join(_KEYS)}."
        raise UserError(f"{where}: no fault is called {key!r}.", hint)
    if key in _STATES:
        if equals:
            raise UserError(f"{where}: {key} takes no value.", f"Write {fault.dependency}:{key}.")
        changed = replace(fault, state=key)
    elif not value:
        raise UserError(f"{where}: {key} needs a value.", f"Write {key}={_EXAMPLES[key]}.")
    elif key == "cut":
        size = _SIZE.fullmatch(value)
        changed = replace(fault, cut_bytes=int(_scaled(size))) if size else replace(fault, cut_seconds=_seconds(where, key, value))
        key = "cut after bytes" if size else "cut after seconds"
    elif key == "loss":
        changed = replace(fault, loss=_share(where, value))
    elif key == "rate":
        changed = replace(fault, rate=_rate(where, value))
    elif key == "seed":
        if not re.fullmatch(r"\d{1,18}", value):
            raise UserError(f"{where}: a seed is a whole number.", "Write seed=7.")
        changed = replace(fault, seed=int(value))
    elif key == "delay":
        changed = replace(fault, delay=_seconds(where, key, value))
    else:
        changed = replace(fault, jitter=_seconds(where, key, value))
    if key in given or (key in _STATES and fault.state):
        raise UserError(f"{where}: {key.partition(' ')[0]} was given twice for {fault.dependency}.", "Give it once.")
    given.add(key)
    return changed


_EXAMPLES = {"delay": "500ms", "jitter": "50ms", "loss": "2%", "rate": "1Mbit", "cut": "10KB, or cut=5s", "seed": "7"}


def _seconds(where: str, key: str, value: str) -> float:
    try:
        seconds = seconds_of(value)
    except UserError:
        neither = "neither a size nor a duration" if key == "cut" else "no duration"
        raise UserError(f"{where}: {value!r} is {neither}.", f"Write {key}={_EXAMPLES[key]}.") from None
    if seconds > _MOST_SECONDS:
        raise UserError(f"{where}: more than a day is not waited for.", f"Write {key}={_EXAMPLES[key]}.")
    return seconds


def _share(where: str, value: str) -> float:
    match = re.fullmatch(_NUMBER + "%", value)
    if match is None or float(match[1]) > 100:
        raise UserError(f"{where}: {value!r} is no share from 0% to 100%.", "Write loss=2%.")
    return float(match[1]) / 100


def _rate(where: str, value: str) -> float:
    match = _RATE.fullmatch(value)
    if match is None or not float(match[1]):
        raise UserError(f"{where}: {value!r} is no rate.", "Write rate=1Mbit (a million bits a second) or rate=200KB/s.")
    return _scaled(match) / (1 if match[3] == "B" else 8)


def _scaled(match: re.Match[str]) -> float:
    return float(match[1]) * _PREFIX[match[2]]
