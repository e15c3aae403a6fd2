"""`steadygo build cache-key FILE`"""

from __future__ import annotations

import json
from pathlib import Path

import click

from steadygo.build import cachekey, gitlabcaches
from steadygo.errors import UserError
from steadygo.read import github_actions, gitlab_ci


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the machine's form.")
def command(file: Path, as_json: bool) -> int:
    """Hold the cache keys of a GitHub workflow or a .gitlab-ci.yml against what Go hashes, and print keys that are right."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.", "Give a workflow, as in .github/workflows/ci.yml.") from None
    is_gitlab = "gitlab-ci" in file.name
    pipeline = gitlab_ci.read(str(file), data) if is_gitlab else github_actions.read(str(file), data)
    if not pipeline.jobs and pipeline.gaps:
        gap = pipeline.gaps[0]
        raise UserError(f"{file} is no workflow (line {gap.line}: {gap.reason}).", "Give one of .github/workflows, or a .gitlab-ci.yml.")
    found = list(gitlabcaches.audit(pipeline) if is_gitlab else cachekey.audit(pipeline))
    missing = any(i.state == "missing" for cache in found for i in cache.ingredients)
    if as_json:
        rows = [cache._asdict() | {"ingredients": [i._asdict() for i in cache.ingredients]} for cache in found]
        click.echo(json.dumps({"caches": rows}, indent=2))
        return 1 if missing else 0
    for cache in found:
        click.echo(f"{cache.at}: holds {'modules and compiled code' if cache.holds == 'both' else cache.holds}")
        click.echo(f"  key: {cache.key}")
        for ingredient in cache.ingredients:
            click.echo(f"    {ingredient.state:<11}  {ingredient.name}: {ingredient.why}")
        if any(ingredient.state == "missing" for ingredient in cache.ingredients):
            click.echo(f"  a key that is right: {cache.better}")
            for line in cache.restore.splitlines():
                click.echo(f"  restore-keys:        {line}")
    if not found:
        more = "" if is_gitlab else " (actions/setup-go may: its key holds system, Go version and go.sum)"
        click.echo(f"{file} keeps no cache of Go's own{more}.", err=True)
    return 1 if missing else 0
