"""The flags of `go test`: which go to the build, which to the test binary, and which steadygo acts on itself."""

from __future__ import annotations

import re
import time
from collections.abc import Container, Sequence
from dataclasses import dataclass, field, replace

from steadygo.errors import UserError
from steadygo.testing import patterns

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
_FROM_GOFLAGS = _BINARY_BOOLEANS | _BINARY_VALUES | _OWN_VALUES | {"v"}
_TRUTH = {
    **dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), "true"),
    **dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), "false"),
}
_NUMBER = re.compile(r"0[xX][\da-fA-F_]+|0[oO]?[0-7_]+|0[bB][01_]+|[1-9][\d_]*|0")
_AT_LEAST = {"count": 0, "parallel": 1, "blockprofilerate": 0, "mutexprofilefraction": 0, "memprofilerate": 0}
_PATTERNS = ("run", "skip", "bench")
_LISTS = frozenset({"tags", "mod", "modfile", "overlay", "compiler", "race", "msan", "asan", "trimpath"})
_COVERS = ("-cover=", "-covermode=", "-coverpkg=")
_UNIT = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DEFAULT_TIMEOUT = "10m0s"


@dataclass(frozen=True)
class Flags:
    """Flags by where they go. `seed`: "off", or the shuffle's number. `inherited`: words of GOFLAGS, which count less."""

    given: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    values: dict[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    inherited: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """What `parse` makes the same flags of, at any time: -shuffle=on has its number."""
        at = next((i for i, word in enumerate(self.given) if word in ("-args", "--args")), len(self.given))
        seed = (f"-shuffle={self.seed}",) if self.seed != "off" else ()
        return (*self.inherited, *self.given[:at], *seed, *self.given[at:])

    @property
    def listing(self) -> tuple[str, ...]:
        """The build flags that change which files belong to a package."""
        return tuple(f for f in self.build if f[1:].partition("=")[0] in _LISTS)

    @property
    def building(self) -> tuple[str, ...]:
        """What `go test` gets that builds the test binaries."""
        return (*self.build, *([f"-p={self.at_once}"] if self.at_once else []))

    @property
    def covers(self) -> bool:
        """Whether coverage is measured."""
        return any(f.startswith(_COVERS) and f != "-cover=false" for f in self.build)

    @property
    def run(self) -> str:
        return self.values.get("run", "")

    @property
    def skip(self) -> str:
        return self.values.get("skip", "")

    @property
    def verbose(self) -> bool:
        return self.values.get("v", "false") != "false"

    @property
    def failfast(self) -> bool:
        return self.values.get("failfast", "false") != "false"

    @property
    def selects(self) -> bool:
        """Whether -run and -skip alone say which tests run: -count=0 runs none, and behind -args the binary's own flags come again."""
        again = any(re.match("--?test[.]", word) for word in self.arguments)
        return _number(self.values.get("count", "1")) > 0 and not again

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

    def under(self, goflags: str) -> Flags:
        """The same with those flags of GOFLAGS that go gives to the test binary. Those of the build go finds by itself.

        Raises UserError for one that would have go do something else than test.
        """
        for word in _split(goflags):
            name, _, value = word.lstrip("-").partition("=")
            if name in _REFUSED and name != "json" and (word.endswith(name) or _TRUTH.get(value, value) not in ("", "false")):
                raise UserError(
                    f"-{name} in GOFLAGS cannot be used here: {_REFUSED[name]}.", "Take it out of GOFLAGS; see `go env GOFLAGS`."
                )
        inherited = tuple(w for w in _split(goflags) if w.lstrip("-").partition("=")[0].removeprefix("test.") in _FROM_GOFLAGS)
        found = parse(inherited).values
        flags = replace(self, values={**found, **self.values}, inherited=inherited)
        return flags.covering(flags.coverprofile) if flags.coverprofile else flags

    def but(self, names: Container[str]) -> tuple[str, ...]:
        """Flags of the test binary as `go test` takes them, without those of these names."""
        own = _BINARY_VALUES | _BINARY_BOOLEANS
        return tuple(f"-{name}={value}" for name, value in self.values.items() if name in own and name not in names)

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
        if name in _BUILD_BOOLEANS or name in _BUILD_VALUES:
            build.append(f"-{name}={value}")
        else:
            values[name] = value
    flags = _checked(Flags(tuple(words), tuple(build), values, arguments))
    return flags.covering(flags.coverprofile) if flags.coverprofile else flags


def _checked(flags: Flags) -> Flags:
    values = flags.values
    if values.get("shuffle") == "on":
        values["shuffle"] = str(time.time_ns())
    if values.get("shuffle", "off") != "off" and not re.fullmatch(r"-?\d+", values["shuffle"]):
        raise UserError(f"-shuffle={values['shuffle']} is neither on, off nor a number.")
    if "p" in values and not (values["p"].isdecimal() and int(values["p"])):
        raise UserError(f"-p={values['p']} is no number of packages.")
    for name in values.keys() & (_BINARY_BOOLEANS | {"v"}):
        if values[name] not in _TRUTH and (name, values[name]) != ("v", "test2json"):
            raise UserError(f"-{name}={values[name]} is neither true nor false.")
        values[name] = _TRUTH.get(values[name], values[name])
    for name in values.keys() & _AT_LEAST.keys():
        if not _NUMBER.fullmatch(values[name]) or _number(values[name]) < _AT_LEAST[name]:
            raise UserError(f"-{name}={values[name]} is no number from {_AT_LEAST[name]} on.")
    if not all(n.strip().isdecimal() and int(n) for n in values.get("cpu", "1").split(",") if n.strip()):
        raise UserError(f"-cpu={values['cpu']} is no list of numbers of processors.", "Write -cpu=1,2,4.")
    for name in _PATTERNS:
        patterns.check(name, values.get(name, ""))
    seconds_of(values.get("timeout", _DEFAULT_TIMEOUT))
    return flags


def _number(text: str) -> int:
    """A number as Go's flags read it: 017 is octal."""
    bare = text.replace("_", "")
    return int(bare, 8) if re.fullmatch("0[0-7]+", bare) else int(bare, 0)


def _split(goflags: str) -> list[str]:
    """The words of GOFLAGS: a word that starts with a quote ends with the next one, and nothing else is special."""
    return [
        w[1:-1] if w[0] in "'\"" and len(w) > 1 and w[0] == w[-1] else w for w in re.findall(r"\"[^\"]*\"|'[^']*'|\S+", goflags, re.ASCII)
    ]


def seconds_of(duration: str) -> float:
    """A duration as Go writes it, "1m30s". Raises UserError."""
    if duration in ("0", "+0", "-0"):
        return 0.0
    parts = re.findall(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)", duration)
    if not parts or "".join(n + u for n, u in parts) != duration:
        raise UserError(f"{duration!r} is no duration.", "Write 30s or 10m.")
    return sum(float(number) * _UNIT[unit] for number, unit in parts)
