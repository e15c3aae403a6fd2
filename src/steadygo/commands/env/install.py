"""`steadygo env install`: a Go toolchain, verified before it is unpacked."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import click

from steadygo.commands.env.places import signing_key, toolchains
from steadygo.environment.toolchains import GOOGLE, MIRROR, Trust, install, parse_version

_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "i686": "386", "ppc64le": "ppc64le", "s390x": "s390x", "riscv64": "riscv64"}


@click.command()
@click.argument("version")
@click.option("--from", "origin", default=MIRROR, show_default=True, metavar="MIRROR|DIR", help="Holds NAME.tar.gz, .sha256 and .asc.")
@click.option(
    "--key", type=click.Path(path_type=Path), help="OpenPGP key to trust (default: go-signing-key.asc in the configuration directory)."
)
@click.option("--fingerprint", default=GOOGLE, help="The primary key that must have signed (default: Google's Linux packages key).")
@click.option("--sha256", default="", metavar="HEX", help="Expect this hash instead of the mirror's.")
def command(version: str, origin: str, key: Path | None, fingerprint: str, sha256: str) -> int:
    """Install Go VERSION next to others. SHA-256 and signature are checked before anything is unpacked; prints its GOROOT."""
    name = parse_version(version)
    machine = f"{platform.system().lower()}-{_MACHINES.get(platform.machine(), platform.machine())}"
    shows = sys.stderr.isatty()

    def progress(size: int) -> None:
        if shows:
            print(f"\r{name}: {size >> 20} MiB", end="", file=sys.stderr)

    root = install(name, origin, Trust(signing_key(key), fingerprint), toolchains(), machine, sha256, progress)
    if shows:
        print(file=sys.stderr)
    click.echo(root)
    return 0
