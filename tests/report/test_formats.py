"""Every format can be asked for by its name."""

import json
import xml.etree.ElementTree as ET

import pytest

from steadygo.report import formats
from steadygo.report.terminal import Look
from steadygo.rules import registry
from steadygo.scan.result import ScanResult, Source


@pytest.mark.parametrize(
    ("name", "start"), [("text", "orders"), ("json", "{"), ("sarif", "{"), ("github", "::"), ("junit", "<?xml"), ("html", "<!doctype")]
)
def test_renders_by_name(result: ScanResult, source: Source, name: str, start: str) -> None:
    assert name in formats.NAMES
    assert formats.render(name, result, source, Look()).startswith(start)


def test_sarif_knows_every_rule(empty: ScanResult, source: Source) -> None:
    log = json.loads(formats.render("sarif", empty, source, Look()))
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    assert [r["id"] for r in rules] == list(registry.names())
    assert all(r["help"]["text"] for r in rules)


def test_the_repository_is_one_suite_of_junit(result: ScanResult, source: Source) -> None:
    root = ET.fromstring(formats.render("junit", result, source, Look()))
    assert [suite.attrib["name"] for suite in root] == ["orders", "billing", "the repository"]
    cases = root.findall("testsuite[@name='the repository']/testcase")
    assert [(c.attrib["name"], c.find("failure") is not None) for c in cases] == [("pipeline", True)]
