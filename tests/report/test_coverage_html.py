"""The heat map of a difference: as text, and in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import Browser

from steadygo.report import coverage_html
from steadygo.report.coverage_lines import Lines, rows
from steadygo.testing.coverage.difference import Function, Measure, State, difference
from steadygo.testing.coverage.functions import Row, Share, Table
from steadygo.testing.coverage.lines import Hits, heated
from steadygo.tools.git_diff import Hunk

HOSTILE = '</td><script>alert(1)</script>\u202e"\x1b[2J'


def _file(path: str, length: int = 30, text: str = "call()") -> Lines:
    """Line 5 is new and does not run, 6 new in part, 7 new, 12 lost, 13 gained, 14 never; line 4 was removed."""
    now = {n: Hits(10 ** (n % 5), True) for n in range(3, length)} | {5: Hits(0, False), 6: Hits(2, False), 12: Hits(0, False)}
    now[14] = Hits(0, False)
    then = {n: Hits(1, True) for n in range(1, length)} | {11: Hits(0, False), 12: Hits(0, False)}
    hunks = (Hunk(4, 1, 5, 3),)
    body = "".join(f"\t{text} // {n}\n" for n in range(1, length + 1)).encode()
    return Lines(heated(path, path, hunks, now, then, False), body, body, hunks)


def _page(files: list[Lines], functions: int = 3, not_known: tuple[str, ...] = ()) -> coverage_html.Page:
    found = []
    for file in files:
        for n, state in enumerate((State.LOST, State.NEW, State.SAME, State.GAINED, State.DELETED)[:functions]):
            path = file.heated.path
            after = None if state is State.DELETED else Measure(n, 3, n * 33.3)
            found.append(Function(state, "p", f"F{n}", path, 3 + n * 5, Measure(2, 3, 66.7), after, -20.0 if n == 0 else None))
    row = Row("p", "p", "F", "p/a.go", 3, 9, Share(2, 3))
    whole = difference(Table((row,)), Table((row,)), found, [f.heated for f in files], 1.0)
    return coverage_html.Page("svc", "abc (main)", "def", whole, found, files, not_known, True, "1")


def test_lines_have_a_sign_each() -> None:
    found = "\n".join(rows(_file("a.go"), 1, counted=True))
    by_line = {row.partition("<td>")[2].partition("<")[0]: row for row in found.split("\n") if "<td>" in row}
    signs = {n: by_line[n].split("<td>")[2].partition("<")[0].strip() for n in ("3", "5", "6", "7", "12", "13", "14")}
    assert signs == {"3": "", "5": "+✗", "6": "+◐", "7": "+✓", "12": "▼", "13": "▲", "14": "○"}
    assert "no test runs it" in by_line["5"]
    assert 'id="l1-5"' in by_line["5"] and 'id="l1-12"' in by_line["12"]
    assert "⋯ 14 lines" in found
    assert "<td>−<td><td>    call() // 4" in found


def test_lines_removed_at_the_end_are_shown() -> None:
    hunks = (Hunk(3, 2, 3, 0),)
    file = Lines(
        heated("a.go", "a.go", hunks, {1: Hits(1, True)}, {1: Hits(1, True)}, False), b"a()\nb()\n", b"a()\nb()\nc()\nd()\n", hunks
    )
    assert [row.rpartition("<td>")[2] for row in rows(file, 1, counted=False)] == ["a()", "b()", "c()", "d()"]


def test_hits_are_on_a_logarithmic_scale() -> None:
    file = _file("a.go")
    found = "\n".join(rows(file, 1, counted=True))
    assert all(cell in found for cell in ('class="h1">1×', 'class="h2">10×', 'class="h3">100×', 'class="h4">1000×', 'class="h5">10k×'))
    assert "×" not in "\n".join(rows(file, 1, counted=False))


def test_nothing_of_the_repository_is_markup() -> None:
    text = coverage_html.render(_page([_file(f"p/{HOSTILE}.go", text=HOSTILE)], not_known=(HOSTILE,)))
    assert "<script>alert" not in text
    assert "\u202e" not in text and "\x1b" not in text
    assert 'token = "ghp_' not in coverage_html.render(_page([_file("a.go", text='token = "ghp_abcdefghijklmnopqrstuvwxyz0123456789"')]))


@pytest.mark.slow
def test_500_files_stay_below_2_megabytes() -> None:
    text = coverage_html.render(_page([_file(f"some/long/directory/of/packages/file{n}.go", 3000, "x" * 200) for n in range(500)]))
    assert len(text.encode()) < 2_000_000
    assert text.count('<details class="card file"') == 500
    assert "more files</summary>" in text
    assert "Left out: the page would grow beyond 2 MB." in text


def test_a_long_difference_shows_what_does_not_run() -> None:
    now = {n: Hits(int(n != 2500), n != 2500) for n in range(1, 5000)}
    file = Lines(heated("a.go", "", (), now, None, False), b"x()\n" * 5000, b"", ())
    found = list(rows(file, 1, counted=False))
    assert len(found) < 10
    assert any("<td>2500<td>" in row for row in found)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    started = Browser(tmp_path_factory.mktemp("profile"))
    yield started
    started.close()


@pytest.fixture
def page(tmp_path: Path) -> Path:
    files = [_file(f"p/{name}.go") for name in ("a", HOSTILE, "c" * 120)]
    path = tmp_path / "page.html"
    path.write_text(coverage_html.render(_page(files, 5, ("Something is not known.",))), encoding="utf-8")
    return path


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [320, 760, 1280])
def test_nothing_is_fetched_and_it_never_scrolls_sideways(browser: Browser, page: Path, dark: bool, width: int) -> None:
    browser.open(page, width=width, dark=dark)
    assert browser.requests() == []
    assert browser.complaints() == []
    assert browser.evaluate("document.scrollingElement.scrollWidth") <= width
    low = browser.evaluate(
        """(() => {
          const parse = (c) => (c.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
          const light = ([r, g, b]) => { const f = [r, g, b].map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
            return 0.2126 * f[0] + 0.7152 * f[1] + 0.0722 * f[2]; };
          const ground = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
            if ((parse(c)[3] ?? 1) > 0) return c; } return 'rgb(255, 255, 255)'; };
          const low = [];
          for (const e of document.querySelectorAll('body *:not(script):not(svg):not(svg *)')) {
            if (!e.checkVisibility() || ![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
            const [a, b] = [light(parse(getComputedStyle(e).color)), light(parse(ground(e)))].sort((x, y) => y - x);
            if ((a + 0.05) / (b + 0.05) < 4.5) low.push(`${e.tagName}.${e.className}: ${e.textContent.slice(0, 40)}`);
          }
          return low; })()"""
    )
    assert low == []


@pytest.mark.slow
def test_keys_lead_through_the_places_to_look_at(browser: Browser, page: Path) -> None:
    browser.open(page)
    seen = []
    for _ in range(3):
        browser.press("n", 78)
        seen.append(browser.evaluate("document.activeElement.id"))
    assert seen == ["l1-5", "l1-6", "l1-12"]
    browser.press("p", 80)
    assert browser.evaluate("document.activeElement.id") == "l1-6"
    top = browser.evaluate("document.activeElement.getBoundingClientRect().top")
    assert 0 <= top < 900


@pytest.mark.slow
def test_boxes_of_the_map_are_reached_by_tab_and_lead_to_their_function(browser: Browser, page: Path) -> None:
    browser.open(page)
    reached = []
    for _ in range(12):
        browser.press("Tab", 9)
        reached.append(browser.evaluate("document.activeElement.querySelector('title')?.textContent || ''"))
    assert any(label.startswith("F0, line 3: lost coverage, 66.7 %") for label in reached)
    link = browser.evaluate("document.querySelector('.strip a').getAttribute('href')")
    browser.evaluate("document.querySelector('.strip a').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    assert browser.evaluate(f"document.querySelector('{link}').textContent").startswith("✗ lost F0")


@pytest.mark.slow
def test_the_map_comes_before_any_list(browser: Browser, page: Path) -> None:
    browser.open(page)
    assert browser.evaluate("document.querySelector('.strip').getBoundingClientRect().top") < 600
    assert browser.evaluate("document.querySelector('.strip').compareDocumentPosition(document.querySelector('table'))") == 4
