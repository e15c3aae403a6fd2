"""Module paths against GOPRIVATE and its like, and who on the way to a module gets to see its path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase

# Hosts whose modules anyone may fetch: a path there can still be private, but most are not. Others are looked at with suspicion.
_PUBLIC = frozenset({
    "github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "git.sr.ht", "golang.org", "google.golang.org",
    "gopkg.in", "go.uber.org", "k8s.io", "sigs.k8s.io", "go.etcd.io", "go.opentelemetry.io", "cloud.google.com",
    "go.mongodb.org", "go.opencensus.io", "honnef.co", "gotest.tools", "gonum.org", "mvdan.cc", "modernc.org",
    "rsc.io", "dario.cat", "filippo.io", "tailscale.com", "storj.io", "cel.dev", "buf.build", "gorm.io", "gocloud.dev",
    "oras.land", "helm.sh", "istio.io", "knative.dev", "go.starlark.net", "nhooyr.io", "software.sslmate.com",
    "sslmate.com", "zombiezen.com", "gioui.org", "fyne.io", "entgo.io", "ariga.io", "go.temporal.io", "go.step.sm",
    "go4.org", "lukechampine.com", "gitea.com", "pault.ag", "pgregory.net", "go-simpler.org", "9fans.net", "inet.af",
    "launchpad.net", "code.gitea.io", "go.dev", "rekor.dev",
})  # fmt: skip
_INTERNAL = re.compile(
    r"\.(?:corp|internal|intern|intra|intranet|local|lan|home|private|company|localdomain)$|^(?:git|gitlab|bitbucket|stash|gerrit|gitea|code)\."
)


def matches(globs: str, path: str) -> str:
    """The first of the comma-separated globs that matches a prefix of `path`, "" for none (golang.org/x/mod/module.MatchPrefixPatterns)."""
    elements = path.split("/")
    for glob in globs.split(","):
        glob = glob.strip().rstrip("/")
        parts = glob.split("/")
        if glob and len(parts) <= len(elements) and all(fnmatchcase(e, p) for e, p in zip(elements, parts, strict=False)):
            return glob
    return ""


def looks_private(path: str, own: str) -> str:
    """Why a module path seems to be private, "" when it does not. `own` is the main module's path: its siblings count as its kind."""
    host, _, _ = path.partition("/")
    if "." not in host:
        return "its first element is no host name"
    if _INTERNAL.search(host):
        return f"{host} is named like an internal server"
    mine, _, _ = own.partition("/")
    if host == mine and host not in _PUBLIC:
        return f"it lies on {host}, as this module does"
    return ""


def seen_by(path: str, settings: Mapping[str, str]) -> tuple[list[str], str]:
    """(proxies that are asked for `path`, in order; the checksum database that is, or "")."""
    proxies = [] if matches(settings.get("GONOPROXY", ""), path) else proxy_list(settings.get("GOPROXY", ""))
    asked = [p for p, _ in proxies if p not in ("direct", "off")]
    database = settings.get("GOSUMDB", "").split(" ")[0]
    hidden = database == "off" or matches(settings.get("GONOSUMDB", ""), path)
    return asked, "" if hidden else database


def proxy_list(goproxy: str) -> list[tuple[str, str]]:
    """[(proxy, the mark after it)]: after "," the next is asked on 404 and 410 only, after "|" on any error."""
    found = re.findall(r"([^,|]+)([,|]?)", goproxy)
    return [(p.strip(), mark) for p, mark in found if p.strip()]


def is_direct(path: str, settings: Mapping[str, str]) -> bool:
    """Whether go fetches `path` from its repository, at least when no proxy has it."""
    if matches(settings.get("GONOPROXY", ""), path):
        return True
    return any(p == "direct" for p, _ in proxy_list(settings.get("GOPROXY", "")))
