"""Where in a service's chain its findings lie: on links between artefacts, on one artefact, or on none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from steadygo.findings import Finding, Place
from steadygo.scan.result import STAGES, Node, ScannedService

TITLES = ("code", "build", "image", "runs as", "probes", "alerts")
"""What the stages are called in the picture."""

_GO_FILES = (".go", "go.mod", "go.sum", "go.work")


@dataclass(frozen=True)
class Break:
    """Findings that contradict each other across two stages; `findings` are numbers, worst first. left < right."""

    left: int
    right: int
    findings: tuple[int, ...]


@dataclass(frozen=True)
class Picture:
    """One service: nodes of each stage, broken links, findings (by number) within one node, and those on no node.

    `touched`: (stage, node) of every place that some finding speaks of.
    """

    stages: tuple[tuple[Node, ...], ...]
    breaks: tuple[Break, ...]
    own: Mapping[tuple[int, int], tuple[int, ...]]
    loose: tuple[int, ...]
    touched: frozenset[tuple[int, int]]

    @property
    def present(self) -> tuple[int, ...]:
        """Stages that have a node."""
        return tuple(n for n, nodes in enumerate(self.stages) if nodes)

    def neighbours(self, left: int, right: int) -> bool:
        """Whether no stage that has a node lies between."""
        return not any(left < n < right for n in self.present)


def picture_of(service: ScannedService, findings: Sequence[tuple[int, Finding]]) -> Picture:
    """Lay `findings`, each with its number, on the chain of `service`."""
    stages = tuple(tuple(n for n in service.chain if n.kind in kinds) for kinds in STAGES)
    breaks: dict[tuple[int, int], list[int]] = defaultdict(list)
    own: dict[tuple[int, int], list[int]] = defaultdict(list)
    loose: list[int] = []
    touched: set[tuple[int, int]] = set()
    for number, finding in findings:
        places = [finding.at, *(Place(b.path, b.line) for b in finding.because)]
        spots = [s for s in (_spot(stages, p, finding.chapter) for p in places) if s is not None]
        if not spots:
            loose.append(number)
            continue
        touched.update(spots)
        here = spots[0]
        others = {s[0] for s in spots} - {here[0]}
        for other in others:
            breaks[min(here[0], other), max(here[0], other)].append(number)
        if not others:
            own[here].append(number)
    return Picture(
        stages,
        tuple(Break(left, right, tuple(numbers)) for (left, right), numbers in sorted(breaks.items())),
        {spot: tuple(numbers) for spot, numbers in own.items()},
        tuple(loose),
        frozenset(touched),
    )


def _spot(stages: Sequence[Sequence[Node]], place: Place, chapter: str) -> tuple[int, int] | None:
    """(stage, node) that holds `place`: the last one that begins above it in that file, else the first of the file."""
    spots = [(s, n, node) for s, nodes in enumerate(stages) for n, node in enumerate(nodes)]
    # a probe is a few lines inside a workload's file: only what speaks of probes, or of this very line, lies on it
    here = [
        (s, n, node) for s, n, node in spots if node.at.path == place.path and (node.kind != "probe" or _on_probe(node, place, chapter))
    ]
    if here:
        above = [spot for spot in here if spot[2].at.line <= place.line]
        stage, number, _ = max(above, key=lambda spot: (spot[2].at.line, spot[0])) if above else here[0]
        return stage, number
    for stage, number, node in spots:
        if place.path in node.paths:
            return stage, number
    return (0, 0) if stages[0] and place.path.endswith(_GO_FILES) else None


def _on_probe(node: Node, place: Place, chapter: str) -> bool:
    return place.line == node.at.line or (chapter == "health" and 0 <= place.line - node.at.line <= 8)
