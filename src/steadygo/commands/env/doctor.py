"""`steadygo env doctor`: what is wrong with Go's set-up here."""

from __future__ import annotations

import os
from pathlib import Path

import click
import msgspec

from steadygo.commands.env.patient import admit
from steadygo.commands.env.proxies import find_stale
from steadygo.environment import buildcache
from steadygo.environment.doctor import examine, worst_first
from steadygo.environment.fingerprint import Fingerprint
from steadygo.errors import UserError
from steadygo.findings import Severity


@click.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@click.option("--measure", is_flag=True, help="Time GOCACHE on tmpfs against disk by building this module (takes a while).")
@click.option(
    "--write", "folder", type=click.Path(file_okay=False, path_type=Path), help="With --measure: write the mount unit here, if tmpfs pays."
)
@click.option("--ask-proxies", is_flag=True, help="Ask the proxies of GOPROXY for the versions they list (names the modules to them).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(directory: Path, measure: bool, folder: Path | None, ask_proxies: bool, as_json: bool) -> int:
    """Look at module sources, credentials, GOPATH mode and mixed toolchains, for the modules that are really used. 1 on findings."""
    if folder is not None and not measure:
        raise UserError("--write needs --measure: only what was measured is written.", "Give both.")
    patient = admit(directory)
    stale, unknown = find_stale(patient, ask_proxies)
    if patient.here.find("go.version") is None:
        unknown = ["there is no go on PATH, so its settings were not looked at"]
    findings = worst_first([*examine(patient), *stale])
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode({"findings": findings, "not_known": unknown}), indent=2).decode())
    else:
        for f in findings:
            click.echo(f"{f.severity}: {f.message}\n  {f.at.path}:{f.at.line}  {f.rule}")
            for b in f.because:
                click.echo(f"  {b.note}")
            click.echo(f"  fix: {f.fix}\n")
        for said in unknown:
            click.echo(f"not known: {said}")
        click.echo(f"{len(findings)} finding{'s' if len(findings) > 1 else ''}." if findings else "Nothing wrong was found.")
    if measure:
        _measure(directory, patient.here, folder, as_json)
    return 1 if any(f.severity is not Severity.NOTE for f in findings) else 0


def _measure(directory: Path, here: Fingerprint, folder: Path | None, to_stderr: bool) -> None:
    go, cache = here.find("go.root"), Path(here.find("go.env.GOCACHE") or "")
    if go is None or not cache.is_absolute():
        raise UserError("There is no go here, or no GOCACHE.", "Install Go (`steadygo env install`), and set GOCACHE to a directory.")
    cache.parent.mkdir(parents=True, exist_ok=True)
    measured = buildcache.measure(directory, Path(go) / "bin/go", cache.parent)
    click.echo(buildcache.advice(measured), err=to_stderr)
    if folder is not None and measured.pays:
        for path in buildcache.write_units(folder, measured, cache, os.getuid(), os.getgid()):
            click.echo(f"wrote {path}", err=to_stderr)
