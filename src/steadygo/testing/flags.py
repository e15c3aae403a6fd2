"""The flags of `go test`: which go to the build, which to the test binary, and which steadygo acts on itself."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from steadygo.errors import UserError

_BUILD_BOOLEANS = frozenset({"a", "race", "msan", "asan", "cover", "trimpath", "linkshared", "modcacherw", "buildvcs"})
_BUILD_VALUES = frozenset(
    {
        "tags", "ldflags", "gcflags", "asmflags", "gccgoflags", "mod", "modfile", "overlay", "pgo", "covermode", "coverpkg", "compiler",
        "pkgdir", "installsuffix", "toolexec", "vet",
    }
)  # fmt: skip
_BINARY_BOOLEANS = frozenset({"short", "failfast", "benchmem", "fullpath"})
_BINARY_VALUES = frozenset(
    {
        "run", "skip", "count", "timeout", "shuffle", "parallel", "cpu", "bench", "benchtime", "blockprofilerate", "mutexprofilefraction",
        "memprofilerate",
    }
)  # fmt: skip
_OWN_VALUES = frozenset({"p", "coverprofile"})
_REFUSED = {
    "c": "steadygo compiles by itself",
    "o": "steadygo compiles by itself",
    "exec": "test binaries are run here",
    "json": "give --json before the --",
    "list": "use `go test -list`",
    "fuzz": "fuzzing is a search, not a verdict: use `go test -fuzz`",
    "n": "use `go test -n`",
    "C": "change the directory before",
}
_LISTS = frozenset({"tags", "mod", "modfile", "overlay", "compiler", "race", "msan", "asan", "trimpath"})
_COVERS = ("-cover=", "-covermode=", "-coverpkg=")
_UNIT = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DEFAULT_TIMEOUT = "10m0s"


@dataclass(frozen=True)
class Flags:
    """Flags by where they go. `seed`: "off", or the shuffle's number."""

    given: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    values: dict[str, str] = field(default_factory=dict)
    verbose: bool = False
    arguments: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """What `parse` makes the same flags of, at any time: -shuffle=on has its number."""
        at = next((i for i, word in enumerate(self.given) if word in ("-args", "--args")), len(self.given))
        seed = (f"-shuffle={self.seed}",) if self.seed != "off" else ()
        return (*self.given[:at], *seed, *self.given[at:])

    @property
    def listing(self) -> tuple[str, ...]:
        """The build flags that change which files belong to a package."""
        return tuple(f for f in self.build if f[1:].partition("=")[0] in _LISTS)

    @property
    def run(self) -> str:
        return self.values.get("run", "")

    @property
    def skip(self) -> str:
        return self.values.get("skip", "")

    @property
    def failfast(self) -> bool:
        return self.values.get("failfast", "false") != "false"

    @property
    def seed(self) -> str:
        return self.values.get("shuffle", "off")

    @property
    def timeout_seconds(self) -> float:
        """0 is no limit."""
        return seconds_of(self.values.get("timeout", _DEFAULT_TIMEOUT))

    @property
    def at_once(self) -> int | None:
        """`-p`: how many packages at a time."""
        return int(self.values["p"]) if "p" in self.values else None

    @property
    def coverprofile(self) -> str:
        return self.values.get("coverprofile", "")

    def covering(self, profile: str) -> Flags:
        """The same with a coverage profile written to `profile`, instead of another one that they may name."""
        build = self.build if any(f.startswith(_COVERS) for f in self.build) else (*self.build, "-cover=true")
        return replace(self, build=build, values={**self.values, "coverprofile": profile})

    def binary(self) -> list[str]:
        """What the test binary gets, as `go test` gives it."""
        words = [f"-test.{k}={v}" for k, v in self.values.items() if k in _BINARY_VALUES or k in _BINARY_BOOLEANS]
        if "timeout" not in self.values:
            words.append(f"-test.timeout={_DEFAULT_TIMEOUT}")
        return ["-test.paniconexit0", *words]


def parse(words: Sequence[str]) -> Flags:
    """The words after `--`. Raises UserError on what is no flag of `go test`, or cannot mean anything here."""
    build: list[str] = []
    values: dict[str, str] = {}
    verbose = False
    left = list(words)
    arguments: tuple[str, ...] = ()
    while left:
        word = left.pop(0)
        if word in ("-args", "--args"):
            arguments = tuple(left)
            break
        if not word.startswith("-") or word in ("-", "--"):
            raise UserError(f"{word!r} after -- is no flag of go test.", "Packages come before the --; flags of the tests after -args.")
        name, equals, value = word.lstrip("-").partition("=")
        name = name.removeprefix("test.")
        if name in _REFUSED:
            raise UserError(f"-{name} cannot be used here: {_REFUSED[name]}.")
        boolean = name in _BUILD_BOOLEANS or name in _BINARY_BOOLEANS or name == "v"
        if not boolean and name not in _BUILD_VALUES | _BINARY_VALUES | _OWN_VALUES:
            raise UserError(f"-{name} is no flag of go test that steadygo knows.", "A flag of the tests themselves goes after -args.")
        if not equals:
            if not boolean and not left:
                raise UserError(f"-{name} needs a value.", f"Write -{name}=VALUE.")
            value = "true" if boolean else left.pop(0)
        if name == "v":
            verbose = value != "false"
        elif name in _BUILD_BOOLEANS or name in _BUILD_VALUES:
            build.append(f"-{name}={value}")
        else:
            values[name] = value
    flags = _checked(Flags(tuple(words), tuple(build), values, verbose, arguments))
    return flags.covering(flags.coverprofile) if flags.coverprofile else flags


def _checked(flags: Flags) -> Flags:
    values = flags.values
    if values.get("shuffle") == "on":
        values["shuffle"] = str(time.time_ns())
    if values.get("shuffle", "off") != "off" and not re.fullmatch(r"-?\d+", values["shuffle"]):
        raise UserError(f"-shuffle={values['shuffle']} is neither on, off nor a number.")
    if "p" in values and not (values["p"].isdecimal() and int(values["p"])):
        raise UserError(f"-p={values['p']} is no number of packages.")
    seconds_of(values.get("timeout", _DEFAULT_TIMEOUT))
    return flags


def seconds_of(duration: str) -> float:
    """A duration as Go writes it, "1m30s". Raises UserError."""
    if duration in ("0", "+0", "-0"):
        return 0.0
    parts = re.findall(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)", duration)
    if not parts or "".join(n + u for n, u in parts) != duration:
        raise UserError(f"{duration!r} is no duration.", "Write 30s or 10m.")
    return sum(float(number) * _UNIT[unit] for number, unit in parts)
