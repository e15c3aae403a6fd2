"""`steadygo test compare`"""

from __future__ import annotations

import click
import msgspec

from steadygo.commands.test.kept import find
from steadygo.environment import compare as environments
from steadygo.environment.fingerprint import decode
from steadygo.environment.impact import Impact
from steadygo.report.grouping import counted
from steadygo.testing.compare import Compared, Evidence, Stated, compare
from steadygo.testing.results import Run

_MOST = 12  # shown of the differences that only differ; --json has all


@click.command()
@click.argument("a")
@click.argument("b", default="last")
@click.option("--json", "as_json", is_flag=True, help="Print JSON (docs/schema/test-compare.schema.json).")
def command(a: str, b: str, as_json: bool) -> int:
    """Compare run A with run B: tests that differ, and what differs around them, ranked by evidence. Exit code 1 when a test differs."""
    one, two = find(a), find(b)
    compared = compare(one, two, stated(one, two))
    click.echo(msgspec.json.encode(compared).decode() if as_json else _text(compared, one, two))
    return 1 if compared.tests else 0


def stated(a: Run, b: Run) -> list[Stated]:
    """The differences of the fingerprints of two runs, for the room of testing; none when one has no fingerprint."""
    if not a.context.fingerprint or not b.context.fingerprint:
        return []
    one, two = (decode(run.context.fingerprint, f"the fingerprint of run {run.id}") for run in (a, b))
    found = environments.compare(one, two).differences
    return [Stated(d.key, d.a, d.b, d.impact is not Impact.COSMETIC, d.why) for d in found]


def _text(compared: Compared, a: Run, b: Run) -> str:
    lines = [f"{a.id} ({a.context.started}, {a.context.origin}) against {b.id} ({b.context.started}, {b.context.origin})", ""]
    for other in compared.tests:
        name = f"{other.package}  {other.test}".rstrip()
        lines.append(f"  {name}: {other.a or 'not there'} → {other.b or 'not there'}" + (f" ({other.note})" if other.note else ""))
    lines.append(f"{counted(len(compared.tests), 'test')} ended otherwise." if compared.tests else "No test differs.")
    for run, path in compared.stale:
        lines.append(f"  {path}: its pass in {run} is out of Go's cache; it did not run in that context.")
    if not a.context.fingerprint or not b.context.fingerprint:
        lines += ["", "A run has no fingerprint: what differs around the tests is not known."]
    lines += ["", *compared.not_known] if compared.not_known else []
    for evidence in Evidence:
        found = [d for d in compared.context if d.evidence is evidence]
        if found:
            lines += ["", f"{evidence[0].upper()}{evidence[1:]}:"]
            shown = found[:_MOST] if evidence is Evidence.DIFFERS else found
            lines += [f"  {d.key}: {_value(d.a)} → {_value(d.b)}  {d.because}" for d in shown]
            lines += [f"  … and {len(found) - len(shown)} more"] if len(found) > len(shown) else []
    return "\n".join(lines)


def _value(value: str | None) -> str:
    return "unset" if value is None else value if len(value) <= 60 else value[:59] + "…"
