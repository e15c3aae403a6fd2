"""Pages that are written from the code say what the code says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_generated_pages_are_up_to_date() -> None:
    ran = subprocess.run([sys.executable, ROOT / "scripts" / "write_docs.py", "--check"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def test_no_index_host_and_no_machine_path_is_committed() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    host = re.compile(r"pypi\.org|pythonhosted\.org|registry\.npmjs\.org|/work/(?:main|corpora|shared)")
    allowed = {"tests/test_docs.py"}
    for name in listed:
        path = ROOT / name
        if not name or name in allowed or not path.is_file() or path.suffix in (".png",):
            continue
        found = host.search(path.read_text(errors="replace"))
        assert not found, (name, found)


def test_links_of_the_readme_lead_somewhere() -> None:
    readme = (ROOT / "README.md").read_text()
    for target in re.findall(r"\]\(([^)#]+)\)", readme):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_excerpt_of_the_readme_is_real_output() -> None:
    excerpt = (ROOT / "README.md").read_text().split("```")[1].strip("\n").split("\n")
    ran = subprocess.run(
        [sys.executable, "-m", "steadygo", "scan", "examples/orders", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        env={**os.environ, "COLUMNS": "100"},
        timeout=120,
    )
    printed = ran.stdout.decode().split("\n")
    assert [line for line in excerpt if line and line not in printed] == []
