"""The HTML report in a real browser, offline."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import Browser

from steadygo.report import html
from steadygo.scan.engine import Options, scan
from steadygo.scan.lines import Lines
from steadygo.scan.result import ScanResult, Source

pytestmark = pytest.mark.slow

TAB, ENTER = 9, 13


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    started = Browser(tmp_path_factory.mktemp("profile"))
    yield started
    started.close()


@pytest.fixture
def pages(
    tmp_path: Path,
    result: ScanResult,
    many: ScanResult,
    crowded: ScanResult,
    empty: ScanResult,
    hostile: tuple[ScanResult, Source],
    source: Source,
) -> dict[str, Path]:
    made = {name: (r, source) for name, r in (("result", result), ("many", many), ("crowded", crowded), ("empty", empty))}
    for name, (content, lines) in (made | {"hostile": hostile}).items():
        (tmp_path / f"{name}.html").write_text(html.render(content, lines), encoding="utf-8")
    return {name: tmp_path / f"{name}.html" for name in ("result", "many", "crowded", "empty", "hostile")}


@pytest.mark.parametrize("name", ["result", "many", "crowded", "empty", "hostile"])
def test_nothing_is_fetched_and_nothing_complains(browser: Browser, pages: dict[str, Path], name: str) -> None:
    browser.open(pages[name])
    assert browser.requests() == []
    assert browser.complaints() == []


@pytest.mark.parametrize("name", ["result", "many", "crowded", "empty", "hostile"])
@pytest.mark.parametrize("width", [320, 400, 760, 1280])
def test_page_never_scrolls_sideways(browser: Browser, pages: dict[str, Path], name: str, width: int) -> None:
    browser.open(pages[name], width=width)
    browser.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert browser.evaluate("document.scrollingElement.scrollWidth") <= width


def test_picture_comes_before_any_list(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["result"])
    assert browser.evaluate("document.querySelector('svg.across').getBoundingClientRect().top") < 300
    assert browser.evaluate("document.querySelector('svg').compareDocumentPosition(document.querySelector('article, table.ready'))") == 4


def test_chain_turns_on_narrow_screens(browser: Browser, pages: dict[str, Path]) -> None:
    shown = "[...document.querySelectorAll('svg')].filter((s) => s.checkVisibility()).map((s) => s.getAttribute('class'))"
    browser.open(pages["result"])
    assert set(browser.evaluate(shown)) == {"across"}
    browser.open(pages["result"], width=400)
    assert set(browser.evaluate(shown)) == {"down"}


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [400, 1280])
def test_every_text_has_enough_contrast(browser: Browser, pages: dict[str, Path], dark: bool, width: int) -> None:
    browser.open(pages["result"], dark=dark, width=width)
    browser.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    low = browser.evaluate(
        """(() => {
          const parse = (c) => (c.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
          const light = ([r, g, b]) => { const f = [r, g, b].map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
            return 0.2126 * f[0] + 0.7152 * f[1] + 0.0722 * f[2]; };
          const ground = (e) => {
            const mark = e.closest('.mark'); if (mark) return getComputedStyle(mark.querySelector('rect')).fill;
            const svg = e.closest('svg'); if (svg && !e.matches('.stage')) return getComputedStyle(svg.querySelector('.panel')).fill;
            for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if ((parse(c)[3] ?? 1) > 0) return c; }
            return 'rgb(255, 255, 255)'; };
          const low = [];
          for (const e of document.querySelectorAll('body *')) {
            if (!e.checkVisibility() || e.matches('option, script')) continue;
            if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
            const svg = e instanceof SVGElement && e.tagName === 'text';
            if (e instanceof SVGElement && !svg) continue;
            const style = getComputedStyle(e);
            const [a, b] = [light(parse(svg ? style.fill : style.color)), light(parse(ground(e)))].sort((x, y) => y - x);
            if ((a + 0.05) / (b + 0.05) < 4.5) low.push(`${e.tagName}.${e.getAttribute('class')}: ${e.textContent.slice(0, 40)}`);
          }
          return low;
        })()"""
    )
    assert low == []
    ground = browser.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(int(part) for part in ground[4:-1].split(",")) < 200) is dark


def test_tab_reaches_links_of_the_picture_and_findings(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["result"])
    reached = []
    for _ in range(60):
        browser.press("Tab", TAB)
        reached.append(browser.evaluate("document.activeElement.closest('article')?.id || document.activeElement.getAttribute('class')"))
    assert reached[0] == "skip"
    assert any(str(r).startswith("mark") for r in reached)
    assert {f"f-{n}" for n in range(1, 8)} <= set(reached)


def test_enter_on_a_broken_link_leads_to_its_findings(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["result"])
    browser.evaluate("document.querySelector(\"svg.across a.mark[aria-label^='2 findings at code and runs as']\").focus()")
    browser.press("Enter", ENTER)
    browser.evaluate("new Promise((done) => setTimeout(done, 100))")
    marked = browser.evaluate("[...document.querySelectorAll('article.hot')].map((a) => a.textContent)")
    assert len(marked) == 2
    assert "terminationGracePeriodSeconds: 30" in marked[0]
    target = browser.evaluate(
        "(() => { const b = document.activeElement.closest('article').getBoundingClientRect(); return [b.top, b.bottom]; })()"
    )
    assert 0 <= target[0] < 900


def test_filter_keeps_what_matches(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["result"])
    shown = "[...document.querySelectorAll('article')].filter((a) => a.checkVisibility()).length"
    assert browser.evaluate(shown) == 14
    browser.evaluate(
        "(() => { const f = document.getElementById('filter'); f.elements.words.value = 'grace drain';"
        " f.dispatchEvent(new Event('input')); })()"
    )
    assert browser.evaluate(shown) == 1
    assert browser.evaluate("document.getElementById('count').textContent") == "1 of 14 shown"


def test_further_findings_of_a_rule_open_when_they_are_linked(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["crowded"])
    hidden = "[...document.querySelectorAll('details.more article')].map((a) => a.id)"
    last = browser.evaluate(hidden)[-1]
    browser.evaluate(f"document.querySelector('details:not(.more) a[href=\"#{last}\"]').click()")
    assert browser.evaluate(f"document.getElementById('{last}').checkVisibility()")


def test_works_without_scripts(browser: Browser, pages: dict[str, Path]) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(pages["result"])
        assert browser.complaints() == []
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
    assert browser.evaluate("[...document.querySelectorAll('article')].filter((a) => a.checkVisibility()).length") == 14
    assert browser.evaluate("document.getElementById('filter').checkVisibility()") is False


def test_takes_the_picture_of_the_readme(browser: Browser, tmp_path: Path) -> None:
    root = Path(__file__).parents[2] / "examples" / "orders"
    lines = Lines(root)
    (tmp_path / "orders.html").write_text(html.render(scan(root, Options(), lines), lines), encoding="utf-8")
    browser.open(tmp_path / "orders.html", width=1280, height=860)
    assert browser.complaints() == []
    image = browser.screenshot()
    assert image.startswith(b"\x89PNG")
    if target := os.environ.get("WRITE_PICTURE"):  # WRITE_PICTURE=docs/report.png
        Path(target).write_bytes(image)
