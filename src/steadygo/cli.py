"""The parser: verb -> command, imported only when it is asked for. Errors become exit codes here and nowhere else."""

from __future__ import annotations

import sys

from steadygo import __version__

VERBS = {
    "scan": "Find what will break in production, with the proof.",
    "services": "Show which artefacts belong to which service, and why.",
    "explain": "Explain a rule: what happens, why, and the fix.",
    "rules": "List and search the rules.",
    "env": "Compare environments, and gate on what differs.",
    "build": "Build the same thing everywhere, prove what was shipped, explain why two binaries differ.",
    "test": "Run tests so that a pass means the same everywhere.",
    "cluster": "Set up machines that run tests together.",
}

FIRST_STEPS = """\
steadygo tells a team what will wake them at 3 a.m.

  steadygo scan .            find what will break in production, with the proof
  steadygo services .        show which artefacts were joined into which service
  steadygo explain RULE      what a finding means and how to mend it

steadygo --help lists everything.
"""


def main() -> None:
    """Entry point of the `steadygo` program."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        print(f"steadygo {__version__}")
        return
    if not arguments:
        print(FIRST_STEPS, end="")
        return
    try:
        from steadygo.dispatch import run

        status = run(arguments)
    except KeyboardInterrupt:  # while modules are still imported
        print("steadygo: stopped.", file=sys.stderr)
        status = 130
    sys.exit(status)
