"""From a directory to a result: discover, read, link, judge; then what depends on today, the baseline and the question asked.

The first half depends on the tree alone and is cached whole, so that an unchanged tree costs a walk and a look at each file's signature.
"""

from __future__ import annotations

import datetime
import hashlib
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from steadygo import __version__
from steadygo.errors import UserError
from steadygo.facts.contracts import Unread
from steadygo.facts.settings import Settings
from steadygo.findings import Finding, NotKnown, Place
from steadygo.rules import registry
from steadygo.scan import baseline, readiness, settings, suppress
from steadygo.scan.cache import Cache, Entry
from steadygo.scan.discover import Discovered, discover
from steadygo.scan.result import Counts, ScannedService, ScanResult, Source
from steadygo.scan.roots import module_above

Changed = Mapping[str, set[int]]
"""{path: lines changed}; an empty set is a whole file."""


class Judged(msgspec.Struct, frozen=True, array_like=True):
    """What the tree alone decides."""

    services: tuple[ScannedService, ...]
    findings: tuple[Finding, ...]
    not_known: tuple[NotKnown, ...]
    not_joined: tuple[NotKnown, ...]
    applies: dict[str, dict[str, bool]]
    suppressions: dict[str, tuple[suppress.Suppression, ...]]
    files: int
    lines: int
    seconds: dict[str, float]  # by rule


@dataclass(frozen=True)
class Options:
    """What the caller asks for. `changed` limits findings to those that touch these lines; `cache` None keeps nothing."""

    cache: Path | None = None
    baseline: baseline.Baseline | None = None
    baseline_name: str = ""
    changed: Changed | None = None
    below: str = ""
    today: datetime.date | None = None


def scan(root: Path, options: Options, source: Source, progress: Callable[[int, int], None] = lambda done, total: None) -> ScanResult:
    """Scan the tree at `root`. Raises UserError for what the user can mend."""
    started = time.perf_counter()
    judged = judge_tree(root, options.cache, progress)
    suppress.check(judged.suppressions, registry.names())
    today = options.today or datetime.datetime.now(datetime.UTC).date()
    findings, suppressed, stale = suppress.apply(judged.findings, judged.suppressions, today)
    table = readiness.verdicts(judged.applies, findings, judged.not_known)
    if options.baseline is not None:
        findings, accepted, gone = baseline.apply(findings, options.baseline, options.baseline_name, source)
        suppressed, stale = suppressed + accepted, stale + gone
    if options.changed is not None:
        findings = [f for f in findings if _touches(f, options.changed)]
        stale = [s for s in stale if _changed(s.at.path, s.at.line, options.changed)]
    return ScanResult(
        name=root.name or str(root),
        version=__version__,
        services=judged.services,
        findings=tuple(findings),
        readiness=table,
        not_known=(*_above(root), *judged.not_known),
        stale=tuple(stale),
        suppressed=tuple(suppressed),
        counts=Counts(judged.files, judged.lines, time.perf_counter() - started),
        below=options.below,
    )


def _above(root: Path) -> list[NotKnown]:
    """What a scan of a part of a module cannot know."""
    folder = module_above(root)
    if folder is None:
        return []
    said = "this is a part of the module above it: its go.mod, and what builds and ships it, were not read. Scan that directory"
    return [NotKnown(said, Place("."))]


def _touches(finding: Finding, changed: Changed) -> bool:
    return _changed(finding.at.path, finding.at.line, changed) or any(_changed(b.path, b.line, changed) for b in finding.because)


def _changed(path: str, line: int, changed: Changed) -> bool:
    lines = changed.get(path)
    return lines is not None and (not lines or line in lines)


def judge_tree(root: Path, cache_folder: Path | None, progress: Callable[[int, int], None]) -> Judged:
    """What the tree alone decides, from the cache when nothing changed."""
    started_ns = time.time_ns()
    stated = settings.load(root)
    cache = Cache(root, cache_folder)
    cache.load()

    def known(path: str, signature: tuple[int, int, int, int]) -> str | None:
        entry = cache.trusted(path, signature)
        return entry.kind if entry is not None else None

    found = discover(root, stated, known)
    if not _holds_go(found):
        raise UserError(f"{root} holds no Go: neither a go.mod nor a .go file.", "Give the directory of a Go service.")
    entries = {path: Entry(signature, kind) for path, (signature, kind) in found.looked.items()}
    hashes: dict[str, bytes] = {}
    for file in found.files:
        entry = cache.trusted(file.path, file.signature)
        if entry is not None and entry.hash and entry.kind == file.kind:
            hashes[file.path] = entry.hash
    if len(hashes) == len(found.files):
        key = _key(found, hashes, stated)
        if key == cache.index.key and cache.index.result:
            try:
                return msgspec.msgpack.decode(cache.index.result, type=Judged)
            except msgspec.MsgspecError:
                hashes = {}
    return _judge_anew(root, stated, cache, found, entries, hashes, started_ns, progress)


def _holds_go(found: Discovered) -> bool:
    return any(f.kind in ("go", "gomod", "gowork") for f in found.files) or any(u.path.endswith((".go", "go.mod")) for u in found.unread)


def _judge_anew(
    root: Path,
    stated: Settings,
    cache: Cache,
    found: Discovered,
    entries: dict[str, Entry],
    hashes: dict[str, bytes],
    started_ns: int,
    progress: Callable[[int, int], None],
) -> Judged:
    from steadygo.scan import charts
    from steadygo.scan.assemble import assemble, decode
    from steadygo.scan.chain import scanned
    from steadygo.scan.halves import judge_on_two_cores
    from steadygo.scan.reading import read_all

    facts = cache.facts()
    kept = {h: facts[h] for h in hashes.values() if h in facts}
    hashes = {path: h for path, h in hashes.items() if h in kept}
    todo = [f for f in found.files if f.path not in hashes]
    known_hashes = frozenset(facts)
    for read in read_all(root, todo, known_hashes, progress):
        hashes[read.path] = read.hash
        kept[read.hash] = read.facts or facts[read.hash]
    if todo:
        cache.save_facts(kept)
    encoded = sorted(((path, kept[h]) for path, h in hashes.items()), reverse=True)
    facts.clear()
    kept.clear()
    artefacts, suppressions = decode(encoded)
    repository = assemble(root.name, stated, artefacts, found.unread, frozenset(found.paths), charts.renderer(root, found.paths))
    rules = registry.load_all()
    lines = sum(f.lines for f in repository.go.files)
    judgement = judge_on_two_cores(repository, rules, lines)
    judged = Judged(
        services=tuple(scanned(repository, s) for s in repository.services),
        findings=tuple(judgement.findings),
        not_known=(*_not_read(repository.unread), *_gaps(artefacts), *judgement.not_known, *_stated(repository.not_joined)),
        not_joined=repository.not_joined,
        applies=readiness.applicable(repository, rules),
        suppressions=suppressions,
        files=len(found.files),
        lines=lines,
        seconds=judgement.seconds,
    )
    for file in found.files:
        entries[file.path] = Entry(file.signature, file.kind, hashes[file.path])
    cache.save_index(entries, _key(found, hashes, stated), msgspec.msgpack.encode(judged), started_ns)
    return judged


def _not_read(unread: tuple[Unread, ...]) -> list[NotKnown]:
    return [NotKnown(f"not read: {u.reason}", Place(u.path, u.line)) for u in unread]


def _stated(not_joined: tuple[NotKnown, ...]) -> list[NotKnown]:
    """What steadygo.toml names and nothing here is."""
    return [n for n in not_joined if n.at.path == settings.NAME]


def _gaps(artefacts: list) -> list[NotKnown]:  # type: ignore[type-arg]
    return [NotKnown(g.reason, Place(a.path, g.line)) for a in artefacts for g in getattr(a, "gaps", ())]


def _key(found: Discovered, hashes: Mapping[str, bytes], stated: Settings) -> bytes:
    """Names the state of the tree: the same key, the same judgement."""
    state = hashlib.blake2b(msgspec.msgpack.encode(stated), digest_size=16)
    for path in sorted(hashes):
        state.update(hashes[path])
    state.update("\0".join(sorted(found.paths)).encode("utf-8", "surrogateescape"))
    if any(f.kind == "chart" for f in found.files):
        state.update((shutil.which("helm") or "").encode())
    for unread in found.unread:
        state.update(f"{unread.path}\0{unread.reason}".encode("utf-8", "surrogateescape"))
    return state.digest()
