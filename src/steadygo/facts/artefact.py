"""The union of everything a reader may state about one file."""

from __future__ import annotations

from typing import TypeAlias

from steadygo.facts.contracts import Contract, Migration, Unread
from steadygo.facts.go import GoFile
from steadygo.facts.images import Image
from steadygo.facts.modules import GoMod, GoSum, GoWork, VendorModules
from steadygo.facts.observing import AlertRules, Dashboard, ScrapeConfig
from steadygo.facts.pipelines import Makefile, Pipeline, Release, Script
from steadygo.facts.timekeeping import TimeSettings
from steadygo.facts.units import EnvironmentFile, Unit
from steadygo.facts.workloads import Chart, Kustomization, Manifests

Artefact: TypeAlias = (
    GoFile
    | GoMod
    | GoWork
    | GoSum
    | VendorModules
    | Image
    | Pipeline
    | Makefile
    | Script
    | Release
    | Manifests
    | Kustomization
    | Chart
    | Unit
    | EnvironmentFile
    | AlertRules
    | ScrapeConfig
    | Dashboard
    | Contract
    | Migration
    | Unread
    | TimeSettings
)
