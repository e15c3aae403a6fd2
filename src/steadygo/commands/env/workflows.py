"""CI workflows of a repository, read with what they refer to."""

from __future__ import annotations

import re
from pathlib import Path

from steadygo.facts.gocode import GoCode
from steadygo.facts.modules import GoMod, GoWork
from steadygo.facts.pipelines import Pipeline
from steadygo.facts.repository import Repository
from steadygo.facts.settings import Settings
from steadygo.read import github_actions, gitlab_ci, gomod


def pipeline_repository(path: Path, root: Path) -> tuple[Repository, Pipeline]:
    """The workflow at `path`, and a repository of it, its own actions and the modules that it can follow."""
    name = str(path.relative_to(root))
    reader = gitlab_ci if ".gitlab-ci" in path.name else github_actions
    pipeline = reader.read(name, path.read_bytes())
    actions = [p for kind in ("*/action.yml", "*/action.yaml") for p in sorted((root / ".github/actions").glob(kind))]
    pipelines = (pipeline, *(github_actions.read(str(p.relative_to(root)), p.read_bytes()) for p in actions))
    places = sorted({*root.glob("go.mod"), *root.glob("*/go.mod"), *root.glob("*/*/go.mod")})
    modules = [gomod.read(str(p.relative_to(root)), p.read_bytes()) for p in places]
    works = [gomod.read("go.work", (root / "go.work").read_bytes())] if (root / "go.work").is_file() else []
    repository = Repository(
        str(root),
        Settings(),
        GoCode((), ()),
        modules=tuple(m for m in modules if isinstance(m, GoMod)),
        workspaces=tuple(w for w in works if isinstance(w, GoWork)),
        pipelines=pipelines,
    )
    return repository, pipeline


def find_workflow(directory: Path) -> str | None:
    """The workflow of the repository around `directory` that builds with Go: "ci:FILE", None without one."""
    full = directory.resolve()
    root = next((p for p in (full, *full.parents) if (p / ".git").exists()), full)
    candidates = [*sorted((root / ".github/workflows").glob("*.y*ml")), root / ".gitlab-ci.yml"]
    building = [p for p in candidates if p.is_file() and re.search(rb"\bgo (?:build|test|install)\b|setup-go@", p.read_bytes())]
    first = next((p for p in building if re.search(rb"\bgo build\b", p.read_bytes())), building[0] if building else None)
    return f"ci:{first}" if first else None


def find_dockerfile(directory: Path) -> str | None:
    """The Dockerfile at the root of the repository around `directory`: "dockerfile:FILE", None without one."""
    full = directory.resolve()
    root = next((p for p in (full, *full.parents) if (p / ".git").exists()), full)
    found = next((p for p in (full / "Dockerfile", root / "Dockerfile") if p.is_file()), None)
    return f"dockerfile:{found}" if found else None
