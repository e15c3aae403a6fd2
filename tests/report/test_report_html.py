"""The HTML report as a document; test_html_in_browser.py opens it."""

import base64
import hashlib
import re
from html.parser import HTMLParser

from steadygo.report import html
from steadygo.scan.result import ScanResult, Source

VOID = {"meta", "link", "br", "input"}


class Outline(HTMLParser):
    """Checks nesting; collects ids, addresses and the text of scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.inline: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name == "id":
                self.ids.append(value or "")
            if name in {"href", "src"}:
                self.targets.append(value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in {"script", "style"}:
            self.inline.append(data)


def outline(text: str) -> Outline:
    read = Outline()
    read.feed(text)
    read.close()
    assert read.open == []
    return read


def test_is_well_formed_and_every_link_has_its_target(
    result: ScanResult, many: ScanResult, crowded: ScanResult, empty: ScanResult, source: Source
) -> None:
    for made in (result, many, crowded, empty):
        read = outline(html.render(made, source))
        assert len(read.ids) == len(set(read.ids))
        assert {t for t in read.targets if t.startswith("#")} <= {f"#{i}" for i in read.ids}


def test_refers_to_nothing_outside(many: ScanResult, source: Source) -> None:
    assert {t for t in outline(html.render(many, source)).targets if not t.startswith("#")} == {"data:,"}


def test_policy_allows_exactly_the_style_and_script_of_the_page(result: ScanResult, source: Source) -> None:
    text = html.render(result, source)
    read = outline(text)
    hashes = re.findall(r"'sha256-([^']+)'", text)
    assert hashes == [base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in read.inline]
    assert "default-src 'none'" in text
    assert not any(name == "style" or name.startswith("on") for name in read.attributes)


def test_hostile_text_stays_text(hostile: tuple[ScanResult, Source]) -> None:
    text = html.render(*hostile)
    read = outline(text)
    assert read.tags.count("script") == 1
    assert re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2066\ufffe\udc80]", text) is None
    text.encode("utf-8")


def test_both_lines_are_shown_without_secrets(result: ScanResult, source: Source) -> None:
    text = html.render(result, source)
    assert "terminationGracePeriodSeconds: 30" in text
    assert "35*time.Second" in text
    assert "hunter22" not in text


def test_headline_says_how_bad_it_is(result: ScanResult, empty: ScanResult, source: Source) -> None:
    assert "<h1>3 outages wait to happen in 1 of 2 services</h1>" in html.render(result, source)
    assert "<h1>No service was recognised</h1>" in html.render(empty, source)
