"""The report for people."""

import io
import re
import unicodedata
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygo.findings import Verdict
from steadygo.report import text
from steadygo.report.escaping import clean, well_formed
from steadygo.report.readiness import table
from steadygo.report.terminal import Look, cells, fit, look_for, pad
from steadygo.scan.result import ScanResult, Source

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_reads_like_this(result: ScanResult, source: Source, golden: Callable[[str, str], None]) -> None:
    golden("report.txt", text.render(result, source))


def test_reads_like_this_on_a_narrow_terminal(result: ScanResult, source: Source, golden: Callable[[str, str], None]) -> None:
    golden("report-60-columns.txt", text.render(result, source, Look(width=60)))


def test_thirty_services_read_like_this(many: ScanResult, source: Source, golden: Callable[[str, str], None]) -> None:
    golden("thirty-services.txt", text.render(many, source))


def test_nothing_found_is_said_plainly(result: ScanResult, empty: ScanResult, source: Source) -> None:
    assert "\nNothing found in 2 services.\n" in text.render(msgspec.structs.replace(result, findings=()), source)
    assert text.render(empty, source).startswith("Nothing found, but no service was recognised either")


def test_colour_only_repeats_what_words_say(result: ScanResult, source: Source) -> None:
    coloured = text.render(result, source, Look(colour=True))
    assert "\x1b[" in coloured
    assert ESCAPE.sub("", coloured) == text.render(result, source)


def test_both_lines_that_contradict_each_other_are_shown(result: ScanResult, source: Source) -> None:
    shown = text.render(result, source)
    for part in ("deploy/orders.yaml:17", "terminationGracePeriodSeconds: 30", "cmd/orders/main.go:42", "35*time."):
        assert part in shown


def test_no_secret_of_a_source_line_is_printed(result: ScanResult, source: Source) -> None:
    assert "hunter22" not in text.render(result, source)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120])
def test_no_control_character_reaches_the_terminal(hostile: tuple[ScanResult, Source], width: int) -> None:
    shown = text.render(*hostile, Look(colour=True, width=width))
    assert FORBIDDEN.findall(ESCAPE.sub("", shown)) == []
    shown.encode("utf-8")


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_summary_is_at_most_one_screen(many: ScanResult, source: Source, width: int) -> None:
    for service in many.services:  # no two alike, all fail
        chapters = dict(many.readiness[service.name])
        n = int(service.name[-2:])
        chapters |= {c: Verdict.FAIL for k, c in enumerate(chapters) if n >> (k % 5) & 1}
        many = msgspec.structs.replace(many, readiness={**many.readiness, service.name: chapters})
    lines = text.render(many, source, Look(width=width)).splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("25 findings"))
    if width >= 100:
        assert len(lines) - start <= 24
    assert max(cells(line) for line in lines[start:]) <= width


def test_services_alike_share_a_row(many: ScanResult) -> None:
    lines = table(many, Look())
    assert any("+19 alike" in line for line in lines)
    assert len(lines) <= 18


def test_no_colour_without_a_terminal_or_with_no_color() -> None:
    assert look_for(Terminal(), {"COLUMNS": "90"}) == Look(True, 90)
    assert not look_for(io.StringIO(), {}).colour
    assert not look_for(Terminal(), {"NO_COLOR": "1"}).colour
    assert not look_for(Terminal(), {"TERM": "dumb"}).colour


@given(st.text(st.characters(codec=None)))
def test_clean_text_holds_nothing_to_act_on(foreign: str) -> None:
    cleaned = clean(foreign)
    assert FORBIDDEN.search(cleaned) is None
    assert "\n" not in cleaned
    assert not any(unicodedata.bidirectional(c) in {"LRO", "RLO", "LRE", "RLE", "PDF", "LRI", "RLI", "FSI", "PDI"} for c in cleaned)
    cleaned.encode("utf-8")
    well_formed(foreign).encode("utf-8")


@given(st.text(), st.integers(1, 40))
def test_fits_any_text_into_columns(foreign: str, width: int) -> None:
    assert cells(fit(foreign, width)) <= width
    assert cells(pad(foreign, width)) == width
