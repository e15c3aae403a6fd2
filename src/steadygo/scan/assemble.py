"""Encoded facts of many files -> one Repository, joined."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import cast

import msgspec

from steadygo.facts import overlays
from steadygo.facts.artefact import Artefact
from steadygo.facts.contracts import Contract, Migration, Unread
from steadygo.facts.go import GoFile
from steadygo.facts.gocode import GoCode
from steadygo.facts.gotests import EncodedTest, TestFacts
from steadygo.facts.images import Image
from steadygo.facts.link import link
from steadygo.facts.modules import GoMod, GoSum, GoWork, VendorModules
from steadygo.facts.observing import AlertRules, Dashboard, ScrapeConfig
from steadygo.facts.pipelines import Makefile, Pipeline, Release, Script
from steadygo.facts.repository import Repository
from steadygo.facts.settings import Settings
from steadygo.facts.sharing import Sharing
from steadygo.facts.timekeeping import TimeSettings
from steadygo.facts.units import EnvironmentFile, Unit, merge
from steadygo.facts.workloads import Chart, Kustomization, Manifests
from steadygo.read import helm
from steadygo.read.kubernetes import objects_of_trees
from steadygo.scan.charts import Render
from steadygo.scan.reading import FileFacts
from steadygo.scan.suppress import Suppression

_LARGE = 30_000_000  # bytes of encoded facts, about half a million lines: from there on memory matters more than a second
_decoder = msgspec.msgpack.Decoder(FileFacts)


def decode(encoded: list[tuple[str, bytes]]) -> tuple[list[Artefact], dict[str, tuple[Suppression, ...]]]:
    """Artefacts in the order of `encoded` from its end, and suppressions by path. `encoded` are (path, FileFacts in msgpack).

    The list is emptied on the way, so that encoded and decoded facts are never both held; tests in Go stay encoded.
    """
    artefacts: list[Artefact] = []
    suppressions: dict[str, tuple[Suppression, ...]] = {}
    tests = TestFacts(_decode_go)
    sharing = Sharing() if sum(len(data) for _, data in encoded) > _LARGE else None
    while encoded:
        path, data = encoded.pop()
        facts = _decoder.decode(data)
        first = facts.artefacts[0] if facts.artefacts else None
        if isinstance(first, GoFile) and first.is_test:
            artefacts.append(cast(GoFile, EncodedTest(data, tests, first)))
        elif isinstance(first, GoFile) and sharing is not None:
            artefacts.append(sharing.file(first))
        else:
            artefacts.extend(facts.artefacts)
        if facts.suppressions:
            suppressions[path] = facts.suppressions
    return artefacts, suppressions


def _decode_go(data: bytes) -> GoFile:
    return cast(GoFile, _decoder.decode(data).artefacts[0])


def assemble(
    root: str,
    settings: Settings,
    artefacts: Iterable[Artefact],
    unread: Iterable[Unread],
    paths: frozenset[str],
    by_helm: Render | None = None,
) -> Repository:
    """Sort artefacts by type, render charts, apply overlays and drop-ins, and join everything into services."""
    by_type: Mapping[type, list[Artefact]] = defaultdict(list)
    for artefact in artefacts:
        by_type[GoFile if isinstance(artefact, EncodedTest) else type(artefact)].append(artefact)

    def all_of(kind: type) -> tuple:  # type: ignore[type-arg]
        return tuple(by_type.get(kind, ()))

    modules: tuple[GoMod, ...] = all_of(GoMod)
    environment_files: tuple[EnvironmentFile, ...] = all_of(EnvironmentFile)
    kustomizations: tuple[Kustomization, ...] = all_of(Kustomization)
    charts: tuple[Chart, ...] = all_of(Chart)
    manifests: tuple[Manifests, ...] = all_of(Manifests) + (helm.render(charts, by_helm) if charts else ())
    rendered = overlays.render(kustomizations, manifests, {f.path: f.variables for f in environment_files}, objects_of_trees)
    repository = Repository(
        root=root,
        settings=settings,
        go=GoCode(all_of(GoFile), modules),
        modules=modules,
        workspaces=all_of(GoWork),
        sums=all_of(GoSum),
        vendors=all_of(VendorModules),
        images=all_of(Image),
        pipelines=all_of(Pipeline),
        makefiles=all_of(Makefile),
        scripts=all_of(Script),
        releases=all_of(Release),
        manifests=manifests,
        kustomizations=kustomizations,
        charts=charts,
        workloads=rendered.workloads,
        configs=rendered.configs,
        network_services=rendered.network_services,
        others=rendered.others,
        units=_merged(all_of(Unit)),
        environment_files=environment_files,
        alerts=all_of(AlertRules),
        scrapes=all_of(ScrapeConfig),
        dashboards=all_of(Dashboard),
        contracts=all_of(Contract),
        migrations=all_of(Migration),
        unread=tuple(sorted([*unread, *all_of(Unread)], key=lambda u: (u.path, u.line))),
        paths=paths,
        time_settings=all_of(TimeSettings),
    )
    return link(repository)


def _merged(units: tuple[Unit, ...]) -> tuple[Unit, ...]:
    """Units with their drop-ins. Where several sets of drop-ins exist (prod, staging), those that stand beside the unit count."""
    drop_ins = [u for u in units if u.drop_in_of]
    merged = []
    for unit in units:
        if not unit.drop_in_of:
            folder = unit.path.rpartition("/")[0]
            beside = [d for d in drop_ins if d.path.rpartition("/")[0].rpartition("/")[0] == folder]
            merged.append(merge(unit, beside or drop_ins))
    return tuple(merged)
