"""The drift gate: which differences stop a deployment, and the table that shows developer, CI, image and host together."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from steadygo.environment.compare import Comparison, Difference, compare
from steadygo.environment.fingerprint import Fingerprint
from steadygo.environment.impact import Impact
from steadygo.errors import BadSettings
from steadygo.findings import Verdict

# What differs between any two places by its nature. A team blocks on it by naming it in `block_keys`.
_NATURAL = (
    "git.branch",
    "git.described",
    "module.path",
    "clock.*",
    "tool.*",
    "kernel.release",
    "env.HOME",
    "env.PATH",
    "env.USER",
    "env.LOGNAME",
)


_SUBTABLES = ("sync",)
_T = TypeVar("_T", bound=msgspec.Struct)


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The `[env]` table of steadygo.toml.

    `block`: impacts that stop a deployment. `block_keys`: keys (globs) that do so whatever their impact. `allow`: keys that never do.
    `private`: module paths (globs as in GOPRIVATE) that `env doctor` shall take for private.
    """

    block: tuple[Impact, ...] = (Impact.FATAL, Impact.BEHAVIOUR)
    block_keys: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    private: tuple[str, ...] = ()


class Decision(msgspec.Struct, frozen=True):
    """What blocks, worst first, and what the policy lets through. The verdict is not known when nothing could be compared."""

    verdict: Verdict
    blocking: tuple[Difference, ...]
    passing: tuple[Difference, ...]
    not_compared: tuple[str, ...] = ()


def load_policy(directory: Path) -> Policy:
    """The policy of the service around `directory`: `[env]` of the nearest steadygo.toml, the default without one."""
    return load_table(directory, "", Policy)


def load_table(directory: Path, name: str, kind: type[_T]) -> _T:
    """`[env]` (name "") or `[env.NAME]` of the nearest steadygo.toml as `kind`. Raises BadSettings with the nearest known key."""
    path = next((p / "steadygo.toml" for p in (directory, *directory.parents) if (p / "steadygo.toml").is_file()), None)
    if path is None:
        return kind()
    shown = f"env.{name}" if name else "env"
    try:
        table: Any = tomllib.loads(path.read_text("utf-8")).get("env", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise BadSettings(f"{path} cannot be read: {error}.", "Mend the line.") from error
    if isinstance(table, dict) and name:
        table = table.get(name, {})
    if not isinstance(table, dict):
        raise BadSettings(f"{path}: {shown} must be a table.", f"Write [{shown}] and the keys below it.")
    mine = {key: value for key, value in table.items() if name or key not in _SUBTABLES}
    known = tuple(f.name for f in msgspec.structs.fields(kind))
    for key in mine:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]}?" if near else f"Known keys: {', '.join(known)}."
            raise BadSettings(f"{path}: unknown key {shown}.{key}.", hint)
    try:
        return msgspec.convert(mine, kind)
    except msgspec.ValidationError as error:
        raise BadSettings(f"{path}: {shown}: {error}.", "See docs/environment.md for the keys.") from error


def decide(compared: Comparison, policy: Policy) -> Decision:
    """Split the differences. A fatal one blocks unless the policy allows its very key."""
    blocking = [d for d in compared.differences if _blocks(d, policy)]
    passing = [d for d in compared.differences if d not in blocking]
    verdict = Verdict.FAIL if blocking else Verdict.NOT_KNOWN if compared.verdict is Verdict.NOT_KNOWN else Verdict.PASS
    return Decision(verdict, tuple(blocking), tuple(passing), compared.not_compared)


def _blocks(difference: Difference, policy: Policy) -> bool:
    if _is_in(difference.key, policy.allow):
        return False
    if _is_in(difference.key, policy.block_keys):
        return True
    natural = difference.impact is not Impact.FATAL and _is_in(difference.key, _NATURAL)
    return difference.impact in policy.block and not natural


def _is_in(key: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(key, g) for g in globs)


class Row(msgspec.Struct, frozen=True):
    """One key over all sides. A cell is "?" where the side does not know, "–" where it is unset."""

    key: str
    cells: tuple[str, ...]
    impact: Impact


def four_way(sides: Mapping[str, Fingerprint], reads: Mapping[str, str] | None) -> list[Row]:
    """Every key on which two of the sides differ by more than looks, worst first, with what each side has."""
    worst: dict[str, Impact] = {}
    order = list(Impact)
    named = list(sides.values())
    for number, one in enumerate(named):
        for two in named[number + 1 :]:
            for d in compare(one, two, reads).differences:
                if d.impact is not Impact.COSMETIC and (d.key not in worst or order.index(d.impact) < order.index(worst[d.key])):
                    worst[d.key] = d.impact
    keys = sorted(worst, key=lambda k: (order.index(worst[k]), k))
    return [Row(k, tuple(_cell(s, k) for s in named), worst[k]) for k in keys]


def _cell(side: Fingerprint, key: str) -> str:
    if key in side.values:
        value = side.values[key].value
        return "?" if value is None else value or '""'
    return "–" if side.says_unset(key) else "?"
