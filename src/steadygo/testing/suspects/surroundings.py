"""Lines through which a factor of the environment comes in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadygo.testing.suspects.chance import unlocked
from steadygo.testing.suspects.clue import Clue, clue
from steadygo.testing.suspects.source import Source

_LOCAL = "this uses the time zone of the machine: .UTC(), or a fixed time.Location"
_MODE = "the umask takes bits off this mode: os.Chmod afterwards sets them"
_PATH = "this depends on where the checkout lies"
_FACTORS: dict[str, tuple[tuple[str, float, str], ...]] = {
    "TZ": (
        (r"\btime\.Unix(?:Milli|Micro)?\([^\n]*\)(?!\.(?:UTC|In)\()(?=\.\w|\s|,|\)|$)", 95, _LOCAL),
        (r"\btime\.Local\b|\.Local\(\)", 100, _LOCAL),
        (r"\btime\.Now\(\)\.(?!UTC|In|Unix|Sub|Add\(|After|Before|Equal)\w+", 90, _LOCAL),
        (r"\bParseInLocation\(|\bLoadLocation\(", 70, "a time zone is chosen here"),
        (r"\btime\.Now\(\)(?=\s*[,);]|\s*$)", 55, _LOCAL),
        (r"\.(?:Format|Date|Day|Hour|Weekday|YearDay|Zone)\(", 50, "shows a time in the time zone that it carries"),
    ),
    "umask": (
        (r"\bos\.(?:WriteFile|OpenFile|MkdirAll|Mkdir)\([^\n]*\b0o?[0-7]*[1-7][0-7]?\)", 90, _MODE),
        (r"\.Perm\(\)|\.Mode\(\)", 85, "compares the mode of a file that the umask has changed"),
        (r"\bos\.Create\(", 70, _MODE),
    ),
    "GOMAXPROCS": (
        (r"\bruntime\.(?:GOMAXPROCS|NumCPU)\(", 95, "the number of processors decides here"),
        (r"^\s*[\w.\[\]]+ <- \w", 60, "waits until another goroutine takes it: with one worker there may be none"),
        (r"\bruntime\.Gosched\(|\bgo\s", 50, "goroutines take turns differently on other numbers of processors"),
    ),
    "working directory": (
        (r"filepath\.(?:Base|Dir|Rel)\([^\n]*[!=]=\s*\"|strings\.\w+\((?:wd|cwd|dir|directory|path|root)\b[^\n]*\"", 100, _PATH),
        (r"\bos\.Getwd\(|\bruntime\.Caller\(|\bos\.Chdir\(|\bfilepath\.Abs\(", 80, _PATH),
        (r"\"/(?:home|root|Users|go|src|app|workspace|builds)/", 95, "an absolute path"),
    ),
    "memory limit": (
        (r"\bdebug\.SetMemoryLimit\(|\bdebug\.SetGCPercent\(|memory\.(?:max|limit_in_bytes)", 95, "the memory limit decides here"),
        (r"\bruntime\.(?:ReadMemStats|GC|SetFinalizer|AddCleanup)\(|\bsync\.Pool\b|\bweak\.", 85, "the collector decides here"),
        (r"\bmake\(\[\][^\n]*(?:<<\s*[23]\d|\d{7,})", 80, "a large piece of memory"),
    ),
    "cache": (
        (r"exec\.Command(?:Context)?\([^\n]*\"go\"", 95, "go compiles first what its cache does not hold"),
        (r"\bcontext\.WithTimeout\(", 88, "a deadline that holds only while the cache is warm"),
        (r"\bos\.UserCacheDir\(|GOCACHE|XDG_CACHE_HOME", 90, "what an earlier run left in the cache decides here"),
    ),
    "network": (
        (r"\bnet\.(?:Dial\w*|Lookup\w*|Resolve\w*|InterfaceAddrs|Interfaces)\(|\.(?:Dial|DialContext)\(", 90, "needs a network"),
        (r"\bhttp\.(?:Get|Post|Head|PostForm|DefaultClient)\b|\"https?://(?!localhost|127\.)", 85, "needs a network"),
    ),
    "ulimit -n": (
        (r"\b(?:os\.(?:Open|OpenFile|Create)|net\.Dial\w*|net\.Listen)\(", 70, "each of these stays open"),
        (r"\bdefer\s+\w+\.Close\(\)", 60, "is closed only when the function ends"),
    ),
    "user": (
        (r"\b0o?0*[0-5][0-7]{0,2}\)|\bos\.Chmod\(", 60, "root is not stopped by a file's mode"),
        (r"\b0(?:o?000)?\b\)", 90, "root is not stopped by a file's mode"),
        (r"\bos\.Gete?[ug]id\(|\buser\.Current\(|fs\.ErrPermission|os\.ErrPermission|os\.IsPermission", 75, "who runs it decides here"),
        (r"\":\d{1,3}\"|\bos\.Chown\(|\bsyscall\.(?:Mount|Setuid|Chroot)", 70, "only root may"),
    ),
    "cpu throttling": (
        (r"\bcontext\.With(?:Timeout|Deadline)\(|\.Set(?:Read|Write)?Deadline\(", 90, "a deadline that a slower machine misses"),
        (r"\btime\.(?:After|NewTimer|AfterFunc|Sleep|Since)\(", 80, "measures by the clock what a slower machine does later"),
    ),
    "go version": (
        (r"[!=]=\s*(?:`[^`\n]{6,}`|\"(?:[^\"\\\n]|\\.){6,}\")", 80, "compares with a text that Go's own library makes"),
        (r"\b(?:json|xml|gob|flate|gzip|zlib|png|jpeg|format|template)\.(?:Marshal\w*|New\w*(?:er|or)|Encode|Source)\(", 76,
         "what this writes is not the same in all versions of Go"),
        (r"\bruntime\.Version\(|\brand\.(?:New|Seed|Int|Perm|Shuffle)\w*\(|\.Error\(\)", 70, "not the same in all versions of Go"),
    ),
    "HOME": ((r"\bos\.User(?:Home|Config|Cache)Dir\(|\buser\.Current\(|\"HOME\"", 95, "reads the home of whoever runs it"),),
    "TMPDIR": (
        (r"\bos\.TempDir\(|\"/tmp/", 95, "the same place for every test and process: t.TempDir gives each its own"),
        (r"\bos\.(?:MkdirTemp|CreateTemp)\(\"\"", 80, "the directory for temporary files decides here"),
        (r"net\.Listen\(\"unix\"", 85, "the path of a Unix socket may have about 100 characters"),
    ),
}  # fmt: skip
_FACTORS["cpu count"] = _FACTORS["GOMAXPROCS"]
_FACTORS["root"] = _FACTORS["user"]
_FACTORS["GOMEMLIMIT"] = _FACTORS["GOGC"] = _FACTORS["memory limit"]
_FACTORS["GOCACHE"] = _FACTORS["cache"]
_FACTORS["trimpath"] = _FACTORS["working directory"]
_LOCALE = ("LC_ALL", "LC_NUMERIC", "LC_TIME", "LC_CTYPE", "LC_MESSAGES", "LANG", "LANGUAGE")
_IN_LOOP = re.compile(r"\bos\.(?:Open|OpenFile|Create)\(|\bnet\.Dial\w*\(|\bappend\(\s*files|\bdefer\s+\w+\.Close\(\)")


def clues(source: Source, test: str, factor: str) -> Iterator[Clue]:
    """Lines that a test comes to and that this factor decides about."""
    if factor == "race":
        yield from unlocked(source, test)
        return
    for routine, depth in source.reach([test, "TestMain"]).items():
        for shape, weight, why in _shapes(factor):
            yield from (clue(routine, n, why, weight, depth) for n, text in routine.raw if re.search(shape, text))
        if factor == "ulimit -n":
            loops = [b for b in routine.blocks if b.kind in ("for", "range")]
            for number, text in routine.lines:
                if _IN_LOOP.search(text) and any(b.line < number <= b.end_line for b in loops):
                    yield clue(routine, number, "each round of the loop keeps one more file open", 92, depth)


def _shapes(factor: str) -> tuple[tuple[str, float, str], ...]:
    if factor in _FACTORS:
        return _FACTORS[factor]
    names = _LOCALE if factor in _LOCALE else (factor,)
    word = "|".join(map(re.escape, names))
    return (
        (rf"(?i:env)\w*\([^\n]*\"(?:{word})\"", 100, f"reads {factor} from the environment"),
        (rf"\"(?:{word})\"", 90, f"names the variable {factor}"),
        (r"\bos\.(?:Getenv|LookupEnv)\(\s*[a-z]\w*\s*\)", 70, "reads a variable of the environment"),
        (r"\bos\.(?:ExpandEnv|Environ)\(", 60, "reads the environment"),
    )
