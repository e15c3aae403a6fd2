"""`steadygo env gate`: stop a deployment when the environment is not the one that was meant."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from steadygo.commands.env.around import read_names
from steadygo.commands.env.sides import resolve
from steadygo.commands.env.workflows import find_dockerfile, find_workflow
from steadygo.environment.compare import compare
from steadygo.environment.gate import decide, four_way, load_policy
from steadygo.findings import Verdict
from steadygo.report.differences import gate_text, table


@click.command()
@click.argument("side", default="here")
@click.option("--against", required=True, metavar="SIDE", help="What it must be like: a JSON file, a saved name, image:PATH, unit:FILE, …")
@click.option(
    "--module", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".", help="Where the module is (default: here)."
)
@click.option("--explain", is_flag=True, help="Show developer, CI, image and host side by side.")
@click.option("--ci", metavar="FILE", help="The workflow for --explain (default: the one in .github/workflows that builds).")
@click.option("--image", metavar="PATH", help="The image for --explain (default: what the Dockerfile promises).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(side: str, against: str, module: Path, explain: bool, ci: str | None, image: str | None, as_json: bool) -> int:
    """Compare SIDE (default: here) with the reference; exit code 1 when the policy in steadygo.toml calls a difference blocking,
    or when the two state nothing in common.
    """
    reference, there = resolve(against, module), resolve(side, module)
    reads = read_names(module, reference, there)
    decision = decide(compare(reference, there, reads), load_policy(module.resolve()))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(decision), indent=2).decode())
    else:
        click.echo(gate_text(decision, against, side))
    if explain:
        named = {
            "developer": there,
            "ci": ci or find_workflow(module),
            "image": f"image:{image}" if image else find_dockerfile(module),
            "host": reference,
        }
        sides = {
            n: s if not isinstance(s, str) else resolve(s if ":" in s else f"ci:{s}", module) for n, s in named.items() if s is not None
        }
        click.echo("\n" + table(list(sides), four_way(sides, reads)), err=as_json)
    return 0 if decision.verdict is Verdict.PASS else 1
