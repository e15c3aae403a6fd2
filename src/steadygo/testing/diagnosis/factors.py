"""What of an environment can be changed here, one thing at a time: the catalogue of experiments, and what cannot be had."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from steadygo.facts.secrets import replaced
from steadygo.testing.diagnosis.case import NotTried
from steadygo.testing.diagnosis.trial import Change, variable
from steadygo.tools import confine

_NEEDED = frozenset({"PATH", "HOME", "TMPDIR", "PWD", "USER", "XDG_CACHE_HOME", "GOCACHE", "LD_LIBRARY_PATH"})
# Asked for by Go's own library, or the name of a place: no value that could be made up is one that anybody has.
_NOTHING_TO_SET = re.compile(
    r"GO[A-Z]+$|ZONEINFO$|(?i:\w+_proxy)$|REQUEST_METHOD$|LOCALDOMAIN$|RES_OPTIONS$|XDG_|\w*(DIR|PATH|HOME|ROOT|FILE)$"
)
_OWN_CHANGES = re.compile(r"TZ$|GOMAXPROCS$|GOMEMLIMIT$|LC_ALL$|LANG$")
_MOST_VARIABLES = 16
_MEMORY_BYTES = 256 << 20
_FILES = 256
_AWAKE = 0.1
_LONG = 120  # characters: the path of a Unix socket may have 107
_GETENV = re.compile(r'\b(?:Getenv|LookupEnv)\(\s*(?:"(?P<name>\w+)"|(?P<constant>\w+))\s*\)(?:\s*[!=]=\s*"(?P<value>[^"\n]*)")?')
_CONSTANT = re.compile(r'\b(\w+)\s*(?::=|=)\s*"(\w+)"')
_MODULE = re.compile(r"^module\s+\"?([\w./~-]+)", re.MULTILINE)
_UMASK = 'umask "$0"; exec "$@"'
_DUTY = (
    'sh -c \'trap "kill -CONT $p" EXIT; "$0" "$@" & p=$!; '
    "while kill -STOP $p 2>/dev/null; do sleep 0.09; kill -CONT $p; sleep 0.01; done; wait $p'"
)


@dataclass(frozen=True)
class Surroundings:
    """Where the experiments take place. `scratch` is a directory of the diagnosis; `module` the source's;

    `goes` are other toolchains; `go` is how a shell calls the one that is used.
    """

    environment: Mapping[str, str]
    scratch: Path
    module: Path
    package: Path
    goes: tuple[Path, ...] = ()
    lent: bool = False
    go: str = "go"


def cheap(here: Surroundings) -> tuple[list[Change], list[NotTried]]:
    """Changes that need no other binary, the likeliest causes first."""
    given = here.environment
    changes = [
        *(variable("TZ", zone) for zone in ("America/St_Johns", "Asia/Kathmandu", "UTC")),
        variable("GOMAXPROCS", "1"),
        variable("GOMAXPROCS", "8"),
        *(Change("umask", f"umask {mask}", f"(umask {mask} && {{}})", start=("sh", "-c", _UMASK, mask)) for mask in ("0077", "0002")),
        variable("LC_ALL", "de_DE.UTF-8"),
        variable("LC_ALL", "C"),
        Change("LANG", "LANG=de_DE.UTF-8", "env -u LC_ALL LANG=de_DE.UTF-8 {}", environment=(("LC_ALL", None), ("LANG", "de_DE.UTF-8"))),
        *_places(here),
        variable("GOMEMLIMIT", "32MiB", factor="memory limit"),
        variable("GOGC", "1"),
        Change("working directory", "reached through a symbolic link", _linked(here.module), place="link"),
        Change("cpu throttling", f"allowed to run {_AWAKE:.0%} of the time", awake=_AWAKE, wrapped=(f"-exec={_DUTY}",)),
    ]
    missing = [NotTried("date", "the clock of a Go program cannot be set without setting the machine's")]
    for one in _users(here):
        if isinstance(one, Change):
            changes.append(one)
        else:
            missing.append(one)
    for factor, words, said, kind in _confined(here):
        if words is None:
            missing.append(NotTried(factor, said))
        elif kind == "prefix":
            changes.append(Change(factor, said, f"{shlex.join(words)} {{}}", start=words))
        else:
            changes.append(Change(factor, said, start=words, wrapped=(f"-exec={' '.join(words)}",)))
    return [_with_what_is_so(c, given) for c in changes if not _is_so(c, given)], missing


def _confined(here: Surroundings) -> Iterator[tuple[str, confine.Words, str, str]]:
    """(factor, words or None, the change or why it cannot be had, how the plain command says it)."""
    given = here.environment
    processor = confine.one_processor(given)
    yield "cpu count", processor, "one processor" if processor else "taskset is missing", "prefix"
    memory, files = confine.data_limit(given, _MEMORY_BYTES), confine.file_limit(given, _FILES)
    yield "memory limit", memory, f"{_MEMORY_BYTES >> 20} MiB of data" if memory else "prlimit is missing", "exec"
    yield "ulimit -n", files, f"{_FILES} open files" if files else "prlimit is missing", "prefix"
    if here.lent:
        yield "network", None, "its test data come over the network", ""
    else:
        network = confine.no_network(given)
        yield "network", network, "no network but loopback" if network else "no network namespace can be made here", "prefix"


_ASKS_WHO = re.compile(r"\bos\.Gete?[ug]id|user\.(Current|Lookup)")
_ASKS_WHERE = re.compile(r"runtime\.(Caller|FuncForPC)|ReadBuildInfo")
_HINTS = {
    "TZ": r"time\.(Local|Date|LoadLocation|Now)\b|\.(Local|Zone|Weekday|YearDay|Format|Day)\(",
    "GOMAXPROCS": r"GOMAXPROCS|NumCPU",
    "cpu count": r"NumCPU",
    "umask": r"\.Perm\(\)|Umask|\.Mode\(\)",
    "LC_ALL": r'"(LC_|LANG)|exec\.Command',
    "LANG": r'"LANG',
    "TMPDIR": r"TempDir|MkdirTemp|CreateTemp|os\.Rename",
    "cache": r"UserCacheDir|GOCACHE|XDG_CACHE_HOME",
    "HOME": r"UserHomeDir|UserConfigDir|user\.Current|\bHOME\b",
    "memory limit": r"SetMemoryLimit|GOMEMLIMIT|MemStats|1\s*<<\s*(2[5-9]|3\d)",
    "working directory": r"Getwd|runtime\.Caller|EvalSymlinks|os\.Executable",
    "user": r"Getuid|Geteuid|user\.Current|ErrPermission|IsPermission|Chmod\(",
    "ulimit -n": r"Rlimit|EMFILE",
    "network": r"net\.(Dial|Lookup|Interface)|http\.Get",
    "cpu throttling": r"time\.(Sleep|After|Since|NewTimer|NewTicker|Tick)\b|WithTimeout|WithDeadline",
}  # fmt: skip
"""What in a package's source makes a factor worth an early look."""


def likely_first(changes: Iterable[Change], package: Path) -> list[Change]:
    """The same changes, those first that the package's source hints at."""
    text = "\n".join(_sources(package))
    return sorted(changes, key=lambda c: not re.search(_HINTS.get(c.factor, r"(?!)"), text))


def _sources(package: Path) -> list[str]:
    return [f.read_text("utf-8", "replace") for f in sorted(package.glob("*.go"))]


def _is_so(change: Change, given: Mapping[str, str]) -> bool:
    return bool(change.environment) and all(given.get(name) == value for name, value in change.environment)


def _with_what_is_so(change: Change, given: Mapping[str, str]) -> Change:
    """With a command that fails in another shell too, where a variable's present value makes the test fail; no secret is spelled."""
    values = {name: given.get(name) for name, _ in change.environment}
    if not values or values.keys() & _NEEDED or any(replaced(n, v, lambda _: "") != v for n, v in values.items() if v is not None):
        return change
    spelled = [f"-u {name}" for name, value in values.items() if value is None]
    spelled += [f"{name}={shlex.quote(value)}" for name, value in values.items() if value is not None]
    return replace(change, unchanged=f"env {' '.join(spelled)} {{}}")


def _users(here: Surroundings) -> Iterator[Change | NotTried]:
    """Root without its power, nobody, or root of a user namespace for everybody else.

    Nobody has no way to much that root's variables name; so that is tried only where the source asks who it is.
    """
    given = here.environment
    root = os.geteuid() == 0
    words = confine.powerless(given) if root else confine.namesake_of_root(given)
    said = "as root without capabilities" if root else "as root of a user namespace"
    if words is None:
        yield NotTried("user", "setpriv does not work here" if root else "unshare -r does not work here")
    else:
        yield Change("user", said, f"{shlex.join(words)} {{}}", start=words)
    if not root or not any(_ASKS_WHO.search(text) for text in _sources(here.package)):
        return
    words = confine.nobody(given, str(here.package), str(here.scratch))
    if words is None:
        yield NotTried("user", "nobody may not enter the package's directory")
        return
    script = f'd=$(mktemp -d) && chmod 777 $d && cp $0 $d/t && HOME=$d exec {shlex.join(words)} $d/t "$@"'
    yield Change("user", "as nobody", fresh=("HOME",), start=words, wrapped=(f"-exec=sh -c '{script}'",))


def _places(here: Surroundings) -> list[Change]:
    """Other directories for temporary files, for the home and for caches."""
    space, long = "with space", "long" * (_LONG // 4)
    for name in (space, long):
        (here.scratch / name).mkdir(exist_ok=True)
    found = [
        Change("TMPDIR", "another TMPDIR", 'env TMPDIR="$(mktemp -d)" {}', fresh=("TMPDIR",)),
        *(
            Change(
                "TMPDIR",
                words,
                f'(mkdir -p "/tmp/{name}" && env TMPDIR="/tmp/{name}" {{}})',
                environment=(("TMPDIR", str(here.scratch / name)),),
            )
            for name, words in ((space, "a TMPDIR with a space"), (long, f"a TMPDIR of more than {_LONG} characters"))
        ),
    ]
    temporary = here.environment.get("TMPDIR") or "/tmp"
    shared = Path("/dev/shm")
    if shared.is_dir() and os.access(shared, os.W_OK) and _device(Path(temporary)) != _device(shared):
        found.append(variable("TMPDIR", str(shared), words="a TMPDIR on another file system"))
    go = " ".join(f'{n}="$({here.go} env {n})"' for n in ("GOCACHE", "GOENV", "GOMODCACHE", "GOPATH"))  # go itself keeps its own
    return [
        *found,
        Change("cache", "an empty XDG_CACHE_HOME", f'env {go} XDG_CACHE_HOME="$(mktemp -d)" {{}}', fresh=("XDG_CACHE_HOME",)),
        Change("cache", "an empty GOCACHE", fresh=("GOCACHE",), wrapped=("-exec=sh -c 'GOCACHE=$(mktemp -d) exec $0 \"$@\"'",)),
        Change("HOME", "an empty HOME", f'env {go} HOME="$(mktemp -d)" {{}}', fresh=("HOME",)),
        Change("HOME", "HOME unset", f"env -u HOME {go} {{}}", environment=(("HOME", None),)),
    ]


def _device(path: Path) -> int:
    try:
        return path.stat().st_dev
    except OSError:
        return -1


def _linked(module: Path) -> str:
    return f'(d=$(mktemp -d) && ln -s {shlex.quote(str(module))} "$d/link" && cd "$d/link" && {{}})'


def dear(here: Surroundings) -> list[Change]:
    """Changes for which the tests are compiled again; without the paths of the source only where it asks for those."""
    copied = f'(d=$(mktemp -d) && cp -R {shlex.quote(str(here.module))} "$d/copy" && cd "$d/copy" && {{}})'
    return [
        Change("working directory", "a copy of the module in another directory", copied, place="copy/elsewhere"),
        *_named(here),
        *([Change("trimpath", "-trimpath", build=("-trimpath",))] if any(_ASKS_WHERE.search(t) for t in _sources(here.package)) else []),
        Change("race", "-race", build=("-race",)),
        *(Change("go version", f"{_version(go)}", 'env GOTOOLCHAIN=local {}', go=go)
          for go in here.goes),
    ]  # fmt: skip


def _named(here: Surroundings) -> list[Change]:
    """A copy whose directory is called as the module is: some tests look for that name above them."""
    found = _MODULE.search((here.module / "go.mod").read_text("utf-8", "replace")) if (here.module / "go.mod").is_file() else None
    name = found[1].rpartition("/")[2] if found else ""
    if not name or name == here.module.name:
        return []
    said = f'(d=$(mktemp -d)/{name} && cp -R {shlex.quote(str(here.module))} "$d" && cd "$d" && {{}})'
    return [Change("working directory", f"a copy of the module in a directory called {name}", said, place=f"copy/{name}")]


def _version(go: Path) -> str:
    try:
        return (go.parent.parent / "VERSION").read_text().split()[0]
    except (OSError, IndexError):
        return str(go)


def variables(asked_for: Iterable[str], package: Path, environment: Mapping[str, str]) -> list[Change]:
    """Each variable that the tests asked for or that the package's source names: unset where it is set, set where it is not."""
    named: dict[str, list[str]] = {name: [] for name in asked_for}
    for text in _sources(package):
        constants = dict(_CONSTANT.findall(text))
        for found in _GETENV.finditer(text):
            name = found["name"] or constants.get(found["constant"], "")
            if name:
                named.setdefault(name, []).extend([found["value"]] if found["value"] else [])
    chosen = sorted(
        (n for n in named if n not in _NEEDED and not n.startswith("STEADYGO_") and not _OWN_CHANGES.match(n)),
        key=lambda n: (not named[n], n),
    )
    return [_with_what_is_so(c, environment) for name in chosen[:_MOST_VARIABLES] for c in _states(name, named[name], environment)]


def _states(name: str, values: Sequence[str], environment: Mapping[str, str]) -> Iterator[Change]:
    likely = ["de_DE.UTF-8"] if name.startswith("LC_") else ["1", "x"]
    likely = [] if _NOTHING_TO_SET.match(name) else likely
    states = [*([None] if name in environment else []), *dict.fromkeys([*values, *likely])]
    yield from (variable(name, state) for state in states[:3] if environment.get(name) != state)
