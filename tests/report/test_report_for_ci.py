"""Reports that CI systems read: GitHub workflow commands and JUnit XML."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

import msgspec

from steadygo.report import github, junit
from steadygo.scan.result import ScanResult, Source


def test_github_reads_like_this(result: ScanResult, golden: Callable[[str, str], None]) -> None:
    golden("github.txt", github.render(result))


def test_junit_reads_like_this(result: ScanResult, source: Source, golden: Callable[[str, str], None]) -> None:
    golden("junit.xml", junit.render(result, source))


def test_each_finding_is_one_command_on_one_line(hostile: tuple[ScanResult, Source]) -> None:
    lines = github.render(hostile[0]).splitlines()
    assert len(lines) == 1
    command = re.fullmatch(r"::error file=(.*),line=3,col=2,title=([^:,]*)::(.*)", lines[0])
    assert command is not None
    assert not re.search(r"[:,]", command[1])
    assert "%250A%3A%3Aerror" in command[1]
    assert "%250A::error" in command[3]
    assert re.search("[\x00-\x1f\x7f-\x9f\u202e]", lines[0]) is None


def test_github_paths_start_at_the_git_root(result: ScanResult) -> None:
    assert "file=services/shop/Dockerfile," in github.render(msgspec.structs.replace(result, below="services/shop"))


def test_junit_survives_hostile_text(hostile: tuple[ScanResult, Source]) -> None:
    text = junit.render(*hostile)
    root = ET.fromstring(text.encode("utf-8"))
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.text is not None
    assert "]]> </script><script>alert(1)</script>" in failure.text
    assert re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ufffe\udc80]", text) is None


def test_not_known_is_skipped_with_its_reason_and_never_passed(result: ScanResult, source: Source) -> None:
    root = ET.fromstring(junit.render(result, source))
    case = root.find("testsuite[@name='orders']/testcase[@name='clocks']")
    assert case is not None
    skipped, verdict = case.find("skipped"), case.find("properties/property[@name='verdict']")
    assert skipped is not None
    assert verdict is not None
    assert "deploy/chart.yaml:7: broken YAML" in skipped.attrib["message"]
    assert verdict.attrib["value"] == "not known"
    assert root.find("testsuite[@name='orders']/testcase[@name='units']") is None


def test_counts_of_suites_add_up(many: ScanResult, source: Source) -> None:
    root = ET.fromstring(junit.render(many, source))
    for count in ("tests", "failures", "skipped"):
        assert int(root.attrib[count]) == sum(int(suite.attrib[count]) for suite in root)
    assert int(root.attrib["failures"]) == len(root.findall(".//failure"))


def test_nothing_found_is_valid(empty: ScanResult, source: Source) -> None:
    assert ET.fromstring(junit.render(empty, source)).attrib["tests"] == "0"
    assert github.render(empty) == ""
