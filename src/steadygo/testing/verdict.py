"""How a package ended: what was planned against what ran, and the sentence for each way in which tests go missing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import structs

from steadygo.testing.events import Watch
from steadygo.testing.flags import Flags
from steadygo.testing.plan import Planned
from steadygo.testing.results import Looked, Outcome, Package, Test
from steadygo.tools.processes import ended_by
from steadygo.tools.run import Outcome as Ended
from steadygo.tools.run import Ran

_HEADING = re.compile(r"^# (?:\[(?P<vetted>\S+)\]|(?P<package>\S+)(?: \[(?P<variant>[^\]]+)\])?)$")
_TIMED_OUT = re.compile(r"^panic: test timed out after (\S+)", re.MULTILINE)
_PANIC = re.compile(r"^(panic: .+|fatal error: .+)$", re.MULTILINE)
_EXIT_0 = "unexpected call to os.Exit(0) during test"
MEANT = "It failed, but the test binary ended with PASS: a test ran it to see it fail."
"""Said of a test that passed all the same, as in `go test`: testing.RunTests inside of a test."""


@dataclass(frozen=True)
class Seen:
    """What is known of a package's run besides its events. `stopped`: by the user."""

    seconds: float
    looked: tuple[Looked, ...]
    stopped: bool


def judge(package: Planned, watch: Watch, ran: Ran, flags: Flags, seen: Seen) -> Package:
    """The package's result. Nothing that was planned stays without a verdict, unless -failfast asked for that."""
    output = watch.output()
    tests = watch.tests((), "")
    how = _how(ran, seen.stopped, output + "".join(t.output for t in tests if t.outcome.bad))
    ran_names = {t.name for t in tests}
    absent = [n for n in package.tests if n not in ran_names]
    cut_short = flags.failfast and any(t.outcome is Outcome.FAILED for t in tests)
    tests = watch.tests(package.tests, how, absent=not cut_short)
    if ran.ok and watch.passed_marker:
        tests = meant(tests)
    why = _why(package, ran, how, tests, absent if not cut_short else [], watch)
    bad = bool(why) or any(t.outcome.bad for t in tests)
    outcome = Outcome.FAILED if bad else Outcome.PASSED
    return Package(package.path, outcome, seen.seconds, why, output, package.source, package.tests, tests, seen.looked)


def meant(tests: Sequence[Test]) -> tuple[Test, ...]:
    """The tests of a binary that passed: none of them has failed then, whatever was printed."""
    return tuple(structs.replace(t, outcome=Outcome.PASSED, why=MEANT) if t.outcome is Outcome.FAILED else t for t in tests)


def refused(package: Planned, why: str, complaint: str) -> Package:
    """A package whose tests could not be started at all; its first complaint stands in the sentence, without go's headings."""
    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    first = next((line for line in lines if not line.startswith("# ")), lines[0] if lines else "it does not say why")
    return Package(package.path, Outcome.FAILED, 0.0, f"{why}: {first}", complaint, package.source, package.tests)


def _how(ran: Ran, stopped: bool, output: str) -> str:
    """How the process ended, as the end of a sentence."""
    if stopped:
        return "the run was stopped"
    if ran.outcome is Ended.MISSING:
        return f"the test binary cannot be started: {ran.complaint}"
    if ran.outcome is Ended.TOO_LONG:
        return "it was killed for printing more than 1 GiB"
    timed_out = _TIMED_OUT.search(output)
    if timed_out:
        return f"the package timed out after {timed_out[1]}"
    if ran.outcome is Ended.TIMED_OUT and (ran.status is None or ran.status != 0):
        return "the package did not end by -timeout and a minute, and was killed"
    if _EXIT_0 in output:
        return "a test called os.Exit(0)"
    panic = _PANIC.search(output)
    if panic:
        return f"the process ended with {panic[1]}"
    if ran.status is not None and ran.status < 0:
        return f"the process was {ended_by(ran.status)}"
    return f"the process ended with exit status {ran.status}"


def _why(package: Planned, ran: Ran, how: str, tests: Sequence[Test], absent: Sequence[str], watch: Watch) -> str:
    """The sentence when the package failed as a whole, "" when its tests say it all."""
    unfinished = [t.name for t in tests if t.why.startswith("it never finished")]
    if ran.status == 0 and ran.outcome is Ended.TIMED_OUT:
        return "It ended, but a process that it left behind held its output open and was killed."
    if unfinished:
        return f"{_upper(how)} while {_names(unfinished)} ran" + (f"; {_many(len(absent))} never ran." if absent else ".")
    if ran.status == 0 and absent and len(absent) == len(package.tests):
        return f"TestMain never ran the tests: the process ended with exit status 0 and {_many(len(absent))} never ran."
    if absent:
        return f"{_upper(how)} before {_many(len(absent))} had run: {_names(absent)}."
    if ran.status == 0 and not any(t.outcome.bad for t in tests) and not watch.passed_marker and tests:
        return "The process ended with exit status 0 before it said that the tests had passed."
    if ran.status != 0 and not any(t.outcome.bad for t in tests):
        return f"{_upper(how)}, though no test failed."
    if ran.status != 0 and not how.startswith("the process ended with exit status"):
        return f"{_upper(how)}."
    return ""


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]


def _names(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _many(count: int) -> str:
    return f"{count} planned test{'s' if count > 1 else ''}"


def own_complaint(said: str, path: str, cut_short: str = "") -> tuple[str, str]:
    """(what happened, the complaint): what go says about the package, else everything it says, for a dependency may be at fault.

    go heads complaints with `# PACKAGE` or `# PACKAGE [PACKAGE.test]`, those of the linker with `# PACKAGE.test`, and adds `# [PACKAGE]`
    before those of vet. `cut_short`: what kept go from building it, when that is known.
    """
    blocks: list[tuple[str, bool, list[str]]] = []
    for line in said.splitlines():
        heading = _HEADING.match(line)
        if heading:
            vetted, variant = heading["vetted"], heading["variant"]
            owner = vetted or (variant.removesuffix(".test") if variant else heading["package"])
            blocks.append((owner, vetted is not None, []))
        elif blocks:
            blocks[-1][2].append(line)
    own = [b for b in blocks if b[0] in (path, f"{path}.test") and b[2]]
    if not own and cut_short:
        return "It was not built", f"{cut_short}\n{said}".strip()
    if not own:
        return "It does not compile", said.strip() or "go test -c wrote no test binary and did not say why"
    return ("go vet refuses it" if all(vet for _, vet, _ in own) else "It does not compile"), "\n".join("\n".join(b[2]) for b in own)


def cut_short(ran: Ran) -> str:
    """What kept go from its end: it could not be started, or was killed; "" when it ended by itself."""
    if ran.outcome is Ended.MISSING:
        return ran.complaint
    return f"go test was {ended_by(ran.status)}" if ran.status is not None and ran.status < 0 else ""
