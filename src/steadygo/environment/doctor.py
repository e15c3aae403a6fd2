"""What is wrong with Go's set-up here, for the modules that are really used."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from steadygo.environment.fingerprint import Fingerprint
from steadygo.environment.modulepaths import is_direct, looks_private, matches, proxy_list, seen_by
from steadygo.environment.versions import minor, order
from steadygo.facts.godebug import fatal_at_start
from steadygo.facts.modules import GoMod
from steadygo.findings import Because, Confidence, Finding, Place, Severity

_OLD_TOOLS = {"Gopkg.lock": "dep", "glide.lock": "glide", "Godeps/Godeps.json": "godep", "vendor/vendor.json": "govendor", ".gb": "gb"}


@dataclass(frozen=True)
class Access:
    """How private modules can be reached from here. `instead` are git's insteadOf rules: (prefix that is replaced, by what)."""

    netrc_hosts: frozenset[str] = frozenset()
    instead: tuple[tuple[str, str], ...] = ()
    private: tuple[str, ...] = ()  # globs that the team states


@dataclass(frozen=True)
class Patient:
    """Everything the checks look at. `settings` is `go env`, `root` the module's directory."""

    here: Fingerprint
    module: GoMod | None
    root: Path
    settings: Mapping[str, str]
    cached: frozenset[tuple[str, str]] = frozenset()  # (module, version) in the module cache
    access: Access = field(default_factory=Access)
    vendored: bool = False


def examine(patient: Patient) -> list[Finding]:
    """All findings, worst first."""
    checks = (
        _gopath_mode,
        _mixed_roots,
        _toolchain,
        _private_paths,
        _private_access,
        _proxies,
        _checksums,
        _insecure,
        _unused_globs,
        _debug,
    )
    return worst_first([f for check in checks for f in check(patient)])


def worst_first(found: list[Finding]) -> list[Finding]:
    """By severity, then by place."""
    order_of = list(Severity)
    return sorted(found, key=lambda f: (order_of.index(f.severity or Severity.NOTE), f.at.path, f.at.line))


def _finding(
    patient: Patient, rule: str, severity: Severity, message: str, fix: str, line: int = 1, confidence: Confidence = Confidence.CERTAIN
) -> Finding:
    at = Place("go.mod" if patient.module else ".", line)
    return Finding(message, at, (), fix, rule=rule, chapter="environment", severity=severity, confidence=confidence)


def _setting(patient: Patient, name: str) -> tuple[Because, ...]:
    stated = patient.here.values.get(f"go.env.{name}")
    return (Because("go env", 1, f"{name}={stated.value or ''} ({stated.origin})"),) if stated else ()


def _with(finding: Finding, because: tuple[Because, ...]) -> Finding:
    return Finding(
        finding.message, finding.at, because, finding.fix, "", finding.rule, finding.chapter, finding.severity, finding.confidence
    )


def _gopath_mode(patient: Patient) -> Iterator[Finding]:
    mode = patient.settings.get("GO111MODULE", "")
    if mode == "off":
        message = "GO111MODULE=off: go.mod is ignored, dependencies are what lies in GOPATH, GODEBUG defaults are those of Go 1.20"
        yield _with(
            _finding(patient, "gopath-mode", Severity.OUTAGE, message, "go env -u GO111MODULE, and take it out of the environment"),
            _setting(patient, "GO111MODULE"),
        )
    elif mode == "auto" and patient.module is None:
        message = "GO111MODULE=auto without a go.mod: this is GOPATH mode"
        yield _with(
            _finding(patient, "gopath-mode", Severity.HAZARD, message, "go mod init, and go env -u GO111MODULE"),
            _setting(patient, "GO111MODULE"),
        )
    gopaths = [Path(p) for p in patient.settings.get("GOPATH", "").split(":") if p]
    inside = next((p for p in gopaths if (p / "src") in (patient.root, *patient.root.parents)), None)
    if inside and patient.module is not None:
        message = f"the module lies inside GOPATH ({inside}/src): tools that still know GOPATH mode take it for a package there"
        yield _finding(patient, "module-inside-gopath", Severity.NOTE, message, "move the checkout out of GOPATH/src")
    if any(patient.root == p for p in gopaths):
        message = "go.mod lies in GOPATH itself: go ignores it with a warning"
        yield _finding(patient, "module-inside-gopath", Severity.DEGRADED, message, "move go.mod into a directory of its own")
    for name, tool in _OLD_TOOLS.items():
        if patient.module is not None and (patient.root / name).exists():
            message = f"{name} of {tool} lies next to go.mod: go no longer reads it, people and bots may"
            yield _finding(patient, "old-dependency-file", Severity.NOTE, message, f"remove {name}")


def _mixed_roots(patient: Patient) -> Iterator[Finding]:
    stated = patient.here.find("env.GOROOT")
    root = patient.here.find("go.root")
    version = patient.here.find("go.version")
    written = patient.here.values.get("go.env.GOROOT")
    if stated and version:
        own = _version_in(Path(stated))
        if own and own != version.split()[0] and version not in own:
            message = (
                f"GOROOT={stated} is {own}, the go on PATH is {version}: compile and link are of one version, the library of the other"
            )
            yield _finding(patient, "mixed-goroot", Severity.OUTAGE, message, "take GOROOT out of the environment: go finds its own")
        elif own is None:
            message = f"GOROOT={stated} is no Go tree: every build fails"
            yield _finding(patient, "mixed-goroot", Severity.OUTAGE, message, "take GOROOT out of the environment: go finds its own")
        else:
            message = f"GOROOT={stated} is set: it misleads every other version of Go that is started from here"
            yield _finding(patient, "goroot-set", Severity.HAZARD, message, "take GOROOT out of the environment: go finds its own")
    elif written and written.origin.startswith("user file"):
        yield _finding(patient, "goroot-set", Severity.HAZARD, f"GOROOT={root} is written into {written.origin}", "go env -u GOROOT")
    programs = [part.split(" ", 1) for part in (patient.here.find("go.toolchains") or "").split(", ") if " " in part]
    bare = [(v, p) for v, p in programs if p.rsplit("/", 1)[-1] == "go"]
    if len({v for v, _ in bare}) > 1:
        message = (
            "several go programs on PATH: "
            + ", ".join(f"{p} is {v}" for v, p in bare)
            + "; another PATH (sudo, cron, a unit) takes another one"
        )
        yield _finding(
            patient, "several-go-programs", Severity.HAZARD, message, "keep one on PATH, and others as goX.Y.Z or under `steadygo env use`"
        )


def _version_in(root: Path) -> str | None:
    try:
        return (root / "VERSION").read_text("utf-8", "replace").split("\n", 1)[0].strip()
    except OSError:
        return None


def _toolchain(patient: Patient) -> Iterator[Finding]:
    selected = patient.here.find("go.selected") or ""
    if "refused" in selected:
        line = patient.module.go.line if patient.module and patient.module.go else 1
        message = f"every go command fails here: the module needs {selected}"
        fix = "install that Go (`steadygo env install`), or go env -w GOTOOLCHAIN=auto"
        yield _with(_finding(patient, "toolchain-refused", Severity.OUTAGE, message, fix, line), _setting(patient, "GOTOOLCHAIN"))
        return
    version = patient.here.find("go.version") or ""
    if selected and version and order(selected) > order(version):
        proxies = [p for p, _ in proxy_list(patient.settings.get("GOPROXY", ""))]
        if proxies[:1] == ["off"] or all(p in ("direct", "off") for p in proxies):
            stated = patient.settings.get("GOPROXY")
            message = f"{selected} is needed, {version} is here, and GOPROXY={stated} gives no toolchains: every go command fails"
            yield _with(
                _finding(patient, "toolchain-refused", Severity.OUTAGE, message, f"steadygo env install {selected[2:]}"),
                _setting(patient, "GOPROXY"),
            )
        elif patient.settings.get("GOSUMDB") == "off" or matches(patient.settings.get("GONOSUMDB", ""), "golang.org/toolchain"):
            message = f"{selected} is needed and go refuses to fetch a toolchain that the checksum database is not asked about"
            yield _with(
                _finding(patient, "toolchain-refused", Severity.OUTAGE, message, f"steadygo env install {selected[2:]}"),
                _setting(patient, "GOSUMDB"),
            )


def wanted(patient: Patient) -> Iterator[tuple[str, str, int]]:
    """Modules that go would fetch: (path, version, line), replacements applied, local directories left out."""
    if patient.module is None:
        return
    replaced = {(r.path, r.version): r for r in patient.module.replacements}
    for r in patient.module.requirements:
        by = replaced.get((r.path, r.version)) or replaced.get((r.path, ""))
        if by is None:
            yield r.path, r.version, r.line
        elif by.by_version:
            yield by.by, by.by_version, by.line


def private_because(patient: Patient, path: str) -> str:
    """Why the path is private or seems so, "" when it does not."""
    if stated := matches(",".join(patient.access.private), path):
        return f"{stated} is private by steadygo.toml"
    own = patient.module.module.value if patient.module and patient.module.module else ""
    return looks_private(path, own)


def _private_paths(patient: Patient) -> Iterator[Finding]:
    for path, _, line in wanted(patient):
        why = private_because(patient, path)
        if not why or patient.vendored:
            continue
        proxies, database = seen_by(path, patient.settings)
        public = [p for p in proxies if not is_internal_proxy(p)]
        if not public and not database:
            continue
        seers = [*public, *([f"the checksum database {database}"] if database else [])]
        glob = "/".join(path.split("/")[:2])
        confidence = Confidence.CERTAIN if "steadygo.toml" in why else Confidence.LIKELY
        message = f"{path} seems to be private ({why}), and {' and '.join(seers)} would be asked for it"
        finding = _finding(patient, "private-path-told", Severity.HAZARD, message, f"go env -w GOPRIVATE={glob}", line, confidence)
        yield _with(finding, (*_setting(patient, "GOPROXY"), *_setting(patient, "GONOPROXY"), *_setting(patient, "GONOSUMDB")))


def _private_access(patient: Patient) -> Iterator[Finding]:
    if patient.vendored:
        return
    for path, version, line in wanted(patient):
        private = private_because(patient, path) or matches(patient.settings.get("GOPRIVATE", ""), path)
        if not private or (path, version) in patient.cached:
            continue
        if not is_direct(path, patient.settings):
            if proxy_list(patient.settings.get("GOPROXY", ""))[:1] == [("off", "")]:
                message = f"{path}@{version} is not in the module cache and GOPROXY=off: go cannot build"
                yield _with(
                    _finding(patient, "module-not-reachable", Severity.OUTAGE, message, "go env -w GOPRIVATE, or vendor the module", line),
                    _setting(patient, "GOPROXY"),
                )
            continue
        host = path.split("/", 1)[0]
        rule = next(((old, new) for old, new in patient.access.instead if f"https://{path}".startswith(old)), None)
        if rule and not rule[1].startswith("http"):
            continue  # fetched over SSH
        auth = (patient.settings.get("GOAUTH") or "netrc") if (minor(patient.here.find("go.version") or "") or 0) >= 24 else "netrc"
        helpers = [a.strip() for a in auth.split(";")]
        by_netrc = "netrc" in helpers and host in patient.access.netrc_hosts
        if by_netrc or any(h.startswith("git ") or (h not in ("netrc", "off") and h) for h in helpers):
            continue
        reason = "GOAUTH=off" if helpers == ["off"] else f"no netrc entry for {host}, no other GOAUTH, no git insteadOf rule"
        message = f"{path} is fetched straight from {host}, and there are no credentials for it here ({reason})"
        fix = f'add {host} to ~/.netrc, or git config --global url."ssh://git@{host}/".insteadOf https://{host}/'
        yield _with(
            _finding(patient, "module-not-reachable", Severity.DEGRADED, message, fix, line, Confidence.LIKELY), _setting(patient, "GOAUTH")
        )


def _proxies(patient: Patient) -> Iterator[Finding]:
    proxies = proxy_list(patient.settings.get("GOPROXY", ""))
    for number, (proxy, mark) in enumerate(proxies):
        if proxy.startswith("http://") and not re.match(r"http://(?:localhost|127\.|\[::1\])", proxy):
            message = f"the proxy {proxy} is asked without TLS: whoever sits between can change what is new to go.sum"
            yield _with(_finding(patient, "proxy-without-tls", Severity.HAZARD, message, "use https://"), _setting(patient, "GOPROXY"))
        if proxy in ("direct", "off") and number + 1 < len(proxies):
            message = f"in GOPROXY nothing after `{proxy}` is ever asked"
            yield _with(
                _finding(patient, "proxy-never-asked", Severity.NOTE, message, f"move {proxy} to the end"), _setting(patient, "GOPROXY")
            )
        elif mark == "," and is_internal_proxy(proxy):
            message = f"after {proxy} stands a comma: only its 404 and 410 lead on, so when it is down or answers 403 nothing builds"
            yield _with(
                _finding(patient, "proxy-without-fallback", Severity.NOTE, message, "write | after it, if the next may take over"),
                _setting(patient, "GOPROXY"),
            )


def is_internal_proxy(proxy: str) -> bool:
    """Whether a proxy is none of the well-known public ones."""
    return not re.search(r"://(?:[\w-]+\.)*(?:proxy\.golang\.org|goproxy\.io|goproxy\.cn|gocenter\.io|athens\.azurefd\.net)", proxy)


def _checksums(patient: Patient) -> Iterator[Finding]:
    if patient.settings.get("GOSUMDB") == "off":
        message = "GOSUMDB=off: a module that is new to go.sum is taken as it comes, from whoever answers"
        yield _with(
            _finding(patient, "no-checksum-database", Severity.HAZARD, message, "go env -u GOSUMDB, and GOPRIVATE for the private ones"),
            _setting(patient, "GOSUMDB"),
        )
    for name in ("GONOSUMDB", "GOPRIVATE"):
        if "*" in [g.strip() for g in patient.settings.get(name, "").split(",")]:
            message = f"{name}=* switches the checksum database off for every module"
            yield _with(
                _finding(patient, "no-checksum-database", Severity.HAZARD, message, f"name the private paths in {name}"),
                _setting(patient, name),
            )
            return


def _insecure(patient: Patient) -> Iterator[Finding]:
    for path, _, line in wanted(patient):
        if glob := matches(patient.settings.get("GOINSECURE", ""), path):
            message = f"{path} may be fetched without TLS (GOINSECURE has {glob})"
            yield _with(
                _finding(patient, "insecure-fetch", Severity.HAZARD, message, "go env -u GOINSECURE", line), _setting(patient, "GOINSECURE")
            )


def _unused_globs(patient: Patient) -> Iterator[Finding]:
    paths = [path for path, _, _ in wanted(patient)]
    if not paths:
        return
    own = patient.module.module.value if patient.module and patient.module.module else ""
    for glob in filter(None, (g.strip() for g in patient.settings.get("GOPRIVATE", "").split(","))):
        if not any(matches(glob, p) for p in (*paths, own)):
            message = f"GOPRIVATE has {glob}, which matches none of the modules used here: misspelt?"
            yield _with(
                _finding(patient, "private-glob-unused", Severity.NOTE, message, f"compare {glob} with the paths in go.mod"),
                _setting(patient, "GOPRIVATE"),
            )


def _debug(patient: Patient) -> Iterator[Finding]:
    selected = patient.here.find("go.selected") or ""
    dying = fatal_at_start(patient.here.find("env.GODEBUG") or "", minor(selected) or 0)
    if dying:
        message = f"GODEBUG has {', '.join(dying)}: go itself and every program built with {selected} exit with status 2 at start"
        yield _finding(patient, "godebug-removed", Severity.OUTAGE, message, "take it out of GODEBUG")
