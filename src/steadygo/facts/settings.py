"""What steadygo.toml may state (parsed and checked in scan/settings.py)."""

from __future__ import annotations

import msgspec


class StatedService(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A join that the team states: paths relative to the root; a workload is `path` or `path#name` or `path#name/container`."""

    name: str
    main: str = ""
    images: tuple[str, ...] = ()  # "Dockerfile" or "Dockerfile#stage"
    units: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()
    pipelines: tuple[str, ...] = ()


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`entry_points`: directories of main packages that are declared. `tools`: main packages that never ship.

    `ships`: globs of paths in the way of the shipped artefact; what is outside counts as a tool's file. `exclude`: globs not read.
    `environment`: names that the platform sets for every service. `metrics`: names exported by something outside the repository.
    """

    entry_points: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    ships: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    services: tuple[StatedService, ...] = ()
