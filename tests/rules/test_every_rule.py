"""Every rule's own examples: what must be found is found there and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from steadygo.facts.settings import Settings
from steadygo.findings import Finding
from steadygo.rules import registry
from steadygo.rules.chapters import CHAPTERS
from steadygo.rules.rule import Tree
from steadygo.scan import settings
from steadygo.scan.assemble import assemble, decode
from steadygo.scan.discover import discover
from steadygo.scan.judge import judge
from steadygo.scan.reading import read_all

IDS = list(registry.names())


def scan_tree(folder: Path, tree: Mapping[str, str], rule: registry.Registered) -> list[Finding]:
    """Findings of one rule in a small repository, through the real walk, readers and links."""
    for path, text in tree.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    stated = settings.load(folder) if (folder / "steadygo.toml").exists() else Settings()
    found = discover(folder, stated, lambda path, signature: None)
    reads = list(read_all(folder, found.files, frozenset(), lambda done, total: None))
    artefacts, _ = decode(sorted(((r.path, r.facts) for r in reads), reverse=True))
    repository = assemble(folder.name, stated, artefacts, found.unread, frozenset(found.paths))
    broken = [u for u in repository.unread if "reader failed" in u.reason]
    assert not broken, broken
    judgement = judge(repository, [rule])
    failed = [n for n in judgement.not_known if n.message.startswith("the rule failed")]
    assert not failed, failed
    return judgement.findings


def wanted(tree: Mapping[str, str]) -> set[tuple[str, int]]:
    """(path, line) of each marked line: `want` ends the line's comment, `want below` marks the next line."""
    places: set[tuple[str, int]] = set()
    for path, text in tree.items():
        for number, line in enumerate(text.split("\n"), 1):
            if "want below" in line:
                places.add((path, number + 1))
            elif line.rstrip().endswith((" want", "\twant", "/*want*/")):
                places.add((path, number))
    return places


def trees(examples: Tree | tuple[Tree, ...]) -> tuple[Tree, ...]:
    return examples if isinstance(examples, tuple) else (examples,)


@pytest.mark.parametrize("rule_id", IDS)
def test_finds_what_its_examples_mark(rule_id: str, tmp_path: Path) -> None:
    rule = registry.load(rule_id)
    for number, tree in enumerate(trees(rule.rule.fails)):
        places = wanted(tree)
        assert places, "a failing example marks the line that must be found with `want`"
        folder = tmp_path / str(number)
        folder.mkdir()
        findings = scan_tree(folder, tree, rule)
        assert {(f.at.path, f.at.line) for f in findings} == places, findings
        for finding in findings:
            assert finding.message and finding.fix, finding
            for reason in finding.because:
                assert (folder / reason.path).is_file() and reason.line >= 1, reason


@pytest.mark.parametrize("rule_id", IDS)
def test_stays_silent_on_its_near_misses(rule_id: str, tmp_path: Path) -> None:
    rule = registry.load(rule_id)
    for number, tree in enumerate(trees(rule.rule.passes)):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert scan_tree(folder, tree, rule) == []


@pytest.mark.parametrize("rule_id", IDS)
def test_explains_itself(rule_id: str) -> None:
    rule = registry.load(rule_id)
    assert rule.chapter in CHAPTERS
    assert len(rule.title) > 15, "the first line says what happens"
    assert "Fix:" in rule.page, "the page says how to mend it in a paragraph that begins with `Fix:`"
