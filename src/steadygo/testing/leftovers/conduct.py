"""All packages of a run: compiled together, several looked at at a time where nothing that they share could be anybody's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from steadygo.testing.compiling import batches, compile_tests
from steadygo.testing.data.lender import Lender
from steadygo.testing.engine import NotLent, Setting
from steadygo.testing.leftovers.find import Finder
from steadygo.testing.leftovers.results import Package, Report
from steadygo.testing.leftovers.surroundings import Surroundings
from steadygo.testing.plan import Planned
from steadygo.testing.verdict import own_complaint
from steadygo.tools import go_test


class Interrupted(KeyboardInterrupt):
    """Ctrl-C; `report` is what was known by then."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report


def conduct(plan: Sequence[Planned], setting: Setting, scratch: Path, tell: Callable[[str, str], None]) -> Report:
    """Look at every package. `tell` gets a package and the name of its test that starts. Raises Interrupted."""
    stop = threading.Event()
    variables = go_test.find_variables(setting.go, setting.directory, setting.environment)
    trees = {p.path: _tree(p.directory) for p in plan}
    why_not = next((why for tree in set(trees.values()) if (why := _why_not(tree, setting, scratch))), "")
    binaries, complaints = _compiled([p for p in plan if p.has_files and not p.error], setting, scratch, stop)

    servers = [lender for lender in setting.lenders if isinstance(lender, Lender)]

    def databases() -> frozenset[str]:
        return frozenset[str]().union(*(server.foreign() for server in servers))

    def one(package: Planned) -> Package:
        if package.error or package.path in complaints:
            return Package(package.path, 0, (), package.error or complaints[package.path])
        if package.path not in binaries:
            return Package(package.path, 0, ())
        place = scratch / f"own-{plan.index(package)}"
        tree, binary = trees[package.path], binaries[package.path]
        finder = Finder(package, binary, setting, tree, place, not why_not, variables, stop.is_set, databases)
        try:
            return finder.find(lambda test: tell(package.path, test))
        except NotLent as error:
            return Package(package.path, 0, (), str(error))

    with setting.lending(), ThreadPoolExecutor(1 if why_not or servers else setting.at_once) as pool:
        looked = [pool.submit(one, package) for package in plan]
        try:
            return Report(setting.run, why_not, tuple(future.result() for future in looked))
        except KeyboardInterrupt:
            stop.set()
            pool.shutdown(cancel_futures=True)
            known = tuple(f.result() for f in looked if not f.cancelled() and f.exception() is None)
            raise Interrupted(Report(setting.run, why_not, known)) from None
        finally:
            stop.set()


def _compiled(plan: Sequence[Planned], setting: Setting, scratch: Path, stop: threading.Event) -> tuple[dict[str, Path], dict[str, str]]:
    """Test binaries, and what is wrong with those that do not compile."""
    found: dict[str, Path] = {}
    wrong: dict[str, str] = {}
    for number, batch in enumerate(batches(plan)):
        binaries, said = compile_tests(batch, setting, scratch / f"bin-{number}", stop.is_set)
        found |= binaries
        wrong |= {p.path: ": ".join(own_complaint(said, p.path)).splitlines()[0] for p in batch if p.path not in binaries}
    return found, wrong


def _why_not(tree: Path, setting: Setting, scratch: Path) -> str:
    return Surroundings(scratch / f"trial-{hash(tree)}", tree, True).why_not(setting.environment)


def _tree(directory: Path) -> Path:
    """The module's directory."""
    return next((p for p in (directory, *directory.parents) if (p / "go.mod").is_file()), directory)
