"""Which files lie in the way of what ships, and which belong to tests, examples and tools. The role of a file counts."""

from __future__ import annotations

import fnmatch
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steadygo.facts.repository import Repository

_ASIDE = {
    ".devcontainer", "_examples", "bench", "benchmark", "benchmarks", "conformance", "contrib", "demo", "demos", "dev", "devel",
    "development", "devtools", "doc", "docs", "documentation", "dummy", "e2e", "example", "examples", "experimental", "fixture",
    "fixtures", "fuzz", "hack", "integration", "integration-tests", "integration_tests", "internal-tools", "it", "loadtest",
    "loadtests", "local", "localdev", "mock", "mocks", "operations-docs", "playground", "proposals", "sample", "samples", "site",
    "templates_test", "test", "testdata", "testing", "tests", "tool", "tools", "website",
}  # fmt: skip

_ASIDE_WORD = re.compile(r"(^|[-_.])(test|tests|e2e|dev|debug|example|sample|ci|lint|fuzz|bench|mock|local|cicd)([-_.]|$)")


def aside(path: str) -> bool:
    """Whether the path itself says that the file is for tests, examples or tools."""
    *folders, name = path.split("/")
    return any(f.lower() in _ASIDE or f.startswith("_") for f in folders) or name.endswith("_test.go")


def aside_name(name: str) -> bool:
    """Whether a file or target name says so: Dockerfile.test, compose.e2e.yaml."""
    return bool(_ASIDE_WORD.search(name.lower()))


def ships(repository: Repository, path: str) -> bool:
    """Whether `path` lies in the way of a shipped artefact. For Go files: in the packages of a service; else by its name and folder."""
    stated = repository.settings.ships
    if stated:
        return any(fnmatch.fnmatchcase(path, glob) for glob in stated)
    if path.endswith(".go"):
        directory = path.rpartition("/")[0]
        if path.endswith("_test.go"):
            return False
        shipped = [s for s in repository.services if s.main is not None and not s.tool]
        if shipped:
            return any(s.has(directory) for s in shipped)
    name = path.rpartition("/")[2]
    if "/workflows/" in f"/{path}" or name.startswith(".gitlab-ci"):  # a pipeline may well be called ci.yml or test.yml
        return not aside(path)
    return not aside(path) and not aside_name(name)
