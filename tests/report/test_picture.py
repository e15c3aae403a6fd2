"""Where findings lie on a service's chain."""

import re
import xml.etree.ElementTree as ET

import msgspec
import pytest

from steadygo.findings import Because, Confidence, Finding, Place, Severity
from steadygo.report import svg
from steadygo.report.picture import Picture, picture_of
from steadygo.scan.result import Node, ScannedService, ScanResult

CODE, BUILD, IMAGE, RUNS, PROBE, ALERT = range(6)


def fault(at: Place, *because: Place, chapter: str = "shutdown") -> Finding:
    proofs = tuple(Because(p.path, p.line, "") for p in because)
    return Finding("m", at, proofs, rule="r", chapter=chapter, severity=Severity.OUTAGE, confidence=Confidence.CERTAIN)


def lay(service: ScannedService, *findings: Finding) -> Picture:
    return picture_of(service, list(enumerate(findings, 1)))


@pytest.fixture
def orders(result: ScanResult) -> ScannedService:
    return result.services[0]


def test_finding_with_proof_elsewhere_breaks_the_link_between(orders: ScannedService) -> None:
    picture = lay(orders, fault(Place("cmd/orders/main.go", 42), Place("deploy/orders.yaml", 17)))
    assert [(b.left, b.right, b.findings) for b in picture.breaks] == [(CODE, RUNS, (1,))]
    assert picture.own == {}


def test_direction_does_not_matter(orders: ScannedService) -> None:
    picture = lay(orders, fault(Place("deploy/orders.yaml", 17), Place("cmd/orders/other.go", 42)))
    assert [(b.left, b.right) for b in picture.breaks] == [(CODE, RUNS)]


def test_finding_with_three_places_breaks_two_links(orders: ScannedService) -> None:
    picture = lay(orders, fault(Place("Dockerfile", 9), Place("cmd/orders/main.go", 1), Place("deploy/orders.yaml", 5)))
    assert [(b.left, b.right) for b in picture.breaks] == [(CODE, IMAGE), (IMAGE, RUNS)]


def test_one_file_that_holds_two_artefacts_is_told_apart_by_line(orders: ScannedService) -> None:
    assert lay(orders, fault(Place("Dockerfile", 6))).own == {(BUILD, 0): (1,)}
    assert lay(orders, fault(Place("Dockerfile", 9))).own == {(IMAGE, 0): (1,)}
    assert lay(orders, fault(Place("Dockerfile", 1))).own == {(BUILD, 0): (1,)}


def test_only_what_speaks_of_probes_lies_on_a_probe(orders: ScannedService) -> None:
    assert lay(orders, fault(Place("deploy/orders.yaml", 36), chapter="reload")).own == {(RUNS, 0): (1,)}
    assert lay(orders, fault(Place("deploy/orders.yaml", 36), chapter="health")).own == {(PROBE, 0): (1,)}


def test_go_file_that_no_node_names_is_code_and_others_are_loose(orders: ScannedService) -> None:
    assert lay(orders, fault(Place("internal/db/db.go", 3))).own == {(CODE, 0): (1,)}
    assert lay(orders, fault(Place("Makefile", 3))).loose == (1,)


def test_further_files_of_a_node_belong_to_it(orders: ScannedService) -> None:
    workload = msgspec.structs.replace(orders.chain[4], paths=("deploy/prod/patch.yaml",))
    service = msgspec.structs.replace(orders, chain=(*orders.chain[:4], workload))
    assert lay(service, fault(Place("deploy/prod/patch.yaml", 3))).own == {(RUNS, 0): (1,)}


@pytest.mark.parametrize("draw", [svg.across, svg.down])
def test_every_finding_of_a_drawn_artefact_has_a_mark(result: ScanResult, crowded: ScanResult, draw: object) -> None:
    assert callable(draw)
    for made in (result, crowded):
        numbered = [(n, f) for n, f in enumerate(made.findings, 1) if f.service == "orders"]
        picture = picture_of(made.services[0], numbered)
        drawn = draw(picture, dict(numbered), "orders")
        ET.fromstring(drawn)
        marked = {int(n) for listed in re.findall(r'data-findings="([\d ]+)"', drawn) for n in listed.split()}
        assert marked | set(picture.loose) == dict(numbered).keys()


@pytest.mark.parametrize("draw", [svg.across, svg.down])
def test_many_nodes_of_one_stage_are_counted(draw: object) -> None:
    assert callable(draw)
    nodes = tuple(Node("workload", f"deployment-{n}", Place(f"deploy/{n}.yaml")) for n in range(9))
    service = ScannedService("orders", "", (Node("code", "orders", Place("main.go")), *nodes))
    findings = [(1, fault(Place("deploy/8.yaml", 3)))]
    drawn = draw(picture_of(service, findings), dict(findings), "orders")
    assert "and 5 more" in drawn
    assert 'href="#f-1"' in drawn
    assert "deploy/8.yaml" in drawn  # what a finding speaks of is drawn
    assert "deploy/3.yaml" not in drawn


def test_links_never_share_a_lane_where_they_overlap(orders: ScannedService) -> None:
    places = {stage: orders.chain[n].at for stage, n in ((CODE, 0), (BUILD, 2), (IMAGE, 3), (RUNS, 4), (PROBE, 5), (ALERT, 6))}
    pairs = [(a, b) for a in places for b in places if a < b]
    findings = [(n, fault(places[a], places[b])) for n, (a, b) in enumerate(pairs, 1)]
    picture = picture_of(orders, findings)
    assert [(b.left, b.right) for b in picture.breaks] == pairs
    drawn = svg.across(picture, dict(findings), "orders")
    spots = re.findall(r'<a class="mark.*?<rect x="([\d.]+)" y="([\d.]+)"', drawn)
    assert len(set(spots)) == len(spots) == len(pairs)
