"""What one difference between two environments does: fatal, behaviour, performance, cosmetic, with the reason and its source.

The table is the place to add knowledge: a key or a key's prefix, what a difference there does, and who says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from steadygo.environment import goimpact
from steadygo.environment.fingerprint import Fingerprint


class Impact(StrEnum):
    """What a difference does, worst first."""

    FATAL = "fatal"
    BEHAVIOUR = "behaviour"
    PERFORMANCE = "performance"
    COSMETIC = "cosmetic"


class Judged(NamedTuple):
    impact: Impact
    why: str
    source: str


@dataclass(frozen=True)
class Pair:
    """One key with its two values (None is unset), and the sides it comes from."""

    key: str
    one: str | None
    two: str | None
    a: Fingerprint
    b: Fingerprint
    reads: Mapping[str, str] | None = None

    @property
    def name(self) -> str:
        return self.key.rpartition(".")[2]


_F, _B, _P, _C = Impact
_GO_ENV = "go help environment"

_EXACT: dict[str, Judged] = {
    "go.env.GOFLAGS": Judged(_B, "these flags are added to every go command: tags, -mod, -race, -trimpath change what is built", _GO_ENV),
    "go.env.CGO_ENABLED": Judged(
        _B,
        "with cgo, net and os/user use the C library, and the binary needs it (and its version) where it runs",
        "go doc cmd/cgo; go doc net",
    ),
    "go.env.GOAMD64": Judged(
        _P, "other instructions are used; a CPU below the level refuses to start the binary", "go.dev/wiki/MinimumRequirements"
    ),
    "go.env.GOARCH": Judged(_F, "a binary built on one side does not run on the other", _GO_ENV),
    "go.env.GOOS": Judged(_F, "a binary built on one side does not run on the other", _GO_ENV),
    "go.env.GOEXPERIMENT": Judged(_B, "toolchain experiments change the compiler, the runtime or the library", "src/internal/goexperiment"),
    "go.env.GOFIPS140": Judged(
        _B, "another cryptographic module is linked in, and FIPS mode may be on by default", "go.dev/doc/security/fips140"
    ),
    "go.env.GOTOOLCHAIN": Judged(
        _B, "`local` fails where `auto` fetches the toolchain that go.mod asks for; a name pins one", "go.dev/doc/toolchain"
    ),
    "go.env.GO111MODULE": Judged(_B, "`off` is GOPATH mode: no go.mod, and GODEBUG defaults of Go 1.20", "cmd/go/internal/load/godebug.go"),
    "go.env.GOWORK": Judged(_B, "a workspace's modules take the place of the versions in go.mod", "go.dev/ref/mod#workspaces"),
    "go.env.GOPROXY": Judged(_B, "modules come from somewhere else", "go.dev/ref/mod#environment-variables"),
    "go.env.GOSUMDB": Judged(_B, "modules new to go.sum are checked by another database, or by none", "go.dev/ref/mod#checksum-database"),
    "go.env.GONOSUMDB": Judged(_B, "modules of these paths are not checked against the database", "go.dev/ref/mod#checksum-database"),
    "go.env.GONOPROXY": Judged(_B, "modules of these paths are fetched from their repositories", "go.dev/ref/mod#private-modules"),
    "go.env.GOPRIVATE": Judged(
        _B, "modules of these paths go neither to the proxy nor to the checksum database", "go.dev/ref/mod#private-modules"
    ),
    "go.env.GOINSECURE": Judged(_B, "modules of these paths may be fetched without TLS", "go.dev/ref/mod#environment-variables"),
    "go.env.GOAUTH": Judged(_B, "private modules are fetched with other credentials, or not at all", "go help goauth"),
    "go.env.GOVCS": Judged(_B, "other version control programs are allowed to run", "go.dev/ref/mod#vcs-govcs"),
    "go.env.CC": Judged(_B, "cgo code is compiled by another compiler; the binary does not record which", "cmd/go/internal/work/exec.go"),
    "go.env.CXX": Judged(_B, "cgo code is compiled by another compiler; the binary does not record which", "cmd/go/internal/work/exec.go"),
    "go.env.GOCACHEPROG": Judged(_P, "builds are cached by another program", "go help cache"),
    "go.maxprocs": Judged(_P, "another number of goroutines runs at once: throughput, latency, GC share", "runtime/cgroup_linux.go"),
    "module.path": Judged(_B, "another module", "go.mod"),
    "module.go": Judged(_B, "the go line sets the language version and the GODEBUG defaults", "go.dev/doc/godebug#default"),
    "module.toolchain": Judged(_B, "another toolchain is chosen for the main module", "go.dev/doc/toolchain"),
    "git.commit": Judged(_B, "the source differs", "git"),
    "git.dirty": Judged(_B, "uncommitted changes are built, and the version is stamped +dirty", "go help buildvcs"),
    "git.described": Judged(_C, "from Go 1.24 the main module's version comes from the tag", "go.dev/doc/go1.24#go-command"),
    "git.branch": Judged(_C, "the branch's name is not built in", "git"),
    "git.shallow": Judged(
        _B, "without tags the binary is stamped with a pseudo-version (Go 1.24 and later)", "go.dev/doc/go1.24#go-command"
    ),
    "time.zone": Judged(_B, "time.Local differs: formatted times, day boundaries, schedules", "time/zoneinfo_unix.go"),
    "time.tzdata": Judged(_B, "rules of changed zones differ; without a database time.LoadLocation fails", "time.LoadLocation"),
    "clock.synchronised": Judged(_B, "an unsynchronised clock drifts: token expiry, TLS validity, order of events", "adjtimex(2)"),
    "clock.offset_seconds": Judged(_C, "another offset at the moment of measuring", "chronyc tracking"),
    "locale": Judged(_C, "Go itself reads no locale; programs that it starts (sort, psql) do", "setlocale(3)"),
    "process.umask": Judged(_B, "files and directories are created with other permissions", "umask(2)"),
    "process.user": Judged(_B, "other files can be read and written, ports below 1024 bound or not", "credentials(7)"),
    "process.limit.core": Judged(_C, "whether a crash leaves a core (only with GOTRACEBACK=crash)", "core(5)"),
    "process.limit.memlock": Judged(_C, "matters to programs that lock memory or use io_uring and BPF", "getrlimit(2)"),
    "process.limit.nproc": Judged(_B, "the runtime crashes when it cannot start a thread", "getrlimit(2), runtime.newosproc"),
    "process.limit.as": Judged(_B, "the runtime reserves much address space; a limit kills it early", "getrlimit(2)"),
    "cgroup.version": Judged(_C, "limits are read from other files", "cgroups(7)"),
    "cgroup.cpu.max": Judged(
        _P, "beyond the quota all threads are stopped for the rest of the period", "Documentation/admin-guide/cgroup-v2.rst"
    ),
    "cgroup.cpu.tightest": Judged(_P, "an ancestor's quota throttles too, and Go does not see it", "golang/go#81180"),
    "cgroup.memory.max": Judged(
        _B, "beyond it the kernel kills the process; Go does not set GOMEMLIMIT by itself", "runtime/debug.SetMemoryLimit"
    ),
    "cgroup.memory.high": Judged(_P, "beyond it the process is slowed down and reclaimed from", "Documentation/admin-guide/cgroup-v2.rst"),
    "cgroup.pids.max": Judged(_B, "the runtime crashes when it cannot start a thread", "runtime.newosproc"),
    "cgroup.cpuset": Judged(_P, "other CPUs may be used", "cpuset(7)"),
    "cpu.count": Judged(_P, "GOMAXPROCS starts at another value", "runtime.NumCPU"),
    "cpu.level": Judged(
        _P, "other instructions are there: a binary built with a higher GOAMD64 does not start", "go.dev/wiki/MinimumRequirements"
    ),
    "cpu.model": Judged(_P, "another CPU", "/proc/cpuinfo"),
    "kernel.release": Judged(_C, "another kernel; Go asks for system calls and falls back", "go.dev/wiki/MinimumRequirements"),
    "kernel.arch": Judged(_F, "a binary built for one does not run on the other", "uname(2)"),
    "os.id": Judged(_C, "another distribution", "os-release(5)"),
    "os.version": Judged(_C, "another release of the distribution", "os-release(5)"),
    "libc.name": Judged(_B, "cgo binaries of one do not run with the other; names are resolved by other rules", "go doc net"),
    "libc.version": Judged(
        _B, "a cgo binary built against the newer one may ask the older for symbols it lacks (GLIBC_x.y not found)", "ld.so(8)"
    ),
    "tls.roots": Judged(
        _B, "other certificate authorities are trusted; with none every TLS connection out fails", "crypto/x509/root_linux.go"
    ),
    "tool.gcc": Judged(_B, "cgo code is compiled by another compiler; the binary does not record which", "cmd/go/internal/work/exec.go"),
    "tool.clang": Judged(_B, "cgo code may be compiled by another compiler", "cmd/go/internal/work/exec.go"),
    "env.GODEBUG": Judged(_B, "runtime and library settings differ", "go.dev/doc/godebug"),
    "env.GOGC": Judged(_P, "the garbage collector starts earlier or later", "runtime, Environment Variables"),
    "env.GOMEMLIMIT": Judged(_P, "the garbage collector's memory target differs", "runtime, Environment Variables"),
    "env.GOMAXPROCS": Judged(_P, "another number of goroutines runs at once", "runtime, Environment Variables"),
    "env.GOTRACEBACK": Judged(_B, "crashes print other goroutines, or dump core", "runtime, Environment Variables"),
    "env.TZ": Judged(_B, "time.Local differs", "time/zoneinfo_unix.go"),
    "env.ZONEINFO": Judged(_B, "time zones come from another place", "time.LoadLocation"),
    "env.HOME": Judged(_B, "os.UserHomeDir, UserConfigDir and UserCacheDir differ, or fail when it is unset", "os.UserHomeDir"),
    "env.PATH": Judged(_B, "programs started by name (os/exec) are others or are not found", "os/exec.LookPath"),
    "env.TMPDIR": Judged(_B, "os.TempDir differs", "os.TempDir"),
    "env.LD_LIBRARY_PATH": Judged(_B, "cgo binaries load other libraries", "ld.so(8)"),
    "env.LD_PRELOAD": Judged(_B, "code is loaded into every dynamic binary", "ld.so(8)"),
    "env.LOCALDOMAIN": Judged(_B, "it switches name resolution to the C library's resolver, where there is cgo", "net/conf.go"),
    "env.RES_OPTIONS": Judged(_B, "it switches name resolution to the C library's resolver, where there is cgo", "net/conf.go"),
    "env.SSL_CERT_DIR": Judged(_B, "certificate authorities come from another place", "crypto/x509/root_unix.go"),
    "env.SSL_CERT_FILE": Judged(_B, "certificate authorities come from another place", "crypto/x509/root_unix.go"),
    "env.NOTIFY_SOCKET": Judged(_B, "readiness and watchdog messages go to systemd only where it is set", "sd_notify(3)"),
    "env.LISTEN_FDS": Judged(_B, "sockets are handed over only under socket activation", "sd_listen_fds(3)"),
}
_PROXY = Judged(_B, "net/http's default transport goes through another proxy, or none", "net/http.ProxyFromEnvironment")
_PREFIXES: tuple[tuple[str, Judged], ...] = (
    (
        "go.env.CGO_",
        Judged(_B, "cgo code is compiled or linked otherwise; with -trimpath the binary does not record it", "cmd/go/internal/load/pkg.go"),
    ),
    ("go.env.GO", Judged(_C, "paths and settings of the go command that do not reach the binary", _GO_ENV)),
    ("go.env.", Judged(_C, "tools of the go command", _GO_ENV)),
    ("process.limit.", Judged(_C, "another limit", "getrlimit(2)")),
    ("tool.", Judged(_C, "another version of a tool", "the tool itself")),
    ("binary.dep.", Judged(_B, "another version of a module is built in", "go version -m")),
    ("binary.", Judged(_B, "the binary was built otherwise", "go version -m")),
    ("image.", Judged(_B, "the image starts its process otherwise", "the image's configuration")),
)
_LIBRARY = re.compile(
    r"^(?:AWS|GOOGLE|GCLOUD|AZURE|OTEL|GRPC|KUBERNETES|KUBE|VAULT|CONSUL|NOMAD|JAEGER|SENTRY|DD|NATS|KAFKA|REDIS|DOCKER|PG|MYSQL|S3|MINIO|ETCD|ZIPKIN)(?:_|[A-Z])"
)
_PROXY_NAMES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"})
_CHECKERS = frozenset({"golangci-lint", "staticcheck", "govulncheck", "gopls", "buf", "protoc"})
# Set by terminals, desktops, logins, CI and systemd for themselves.
_NOISE = re.compile(
    r"^(?:TERM|COLORTERM|LS_COLORS|LESS\w*|PAGER|EDITOR|VISUAL|SSH_\w+|XDG_SESSION_\w+|XDG_SEAT|XDG_VTNR|DISPLAY|WAYLAND_DISPLAY|DBUS_\w+|TMUX\w*|"
    r"STY|WINDOWID|HIST\w+|PS\d|PROMPT\w*|MAIL|LOGNAME|USER|SHELL|HOSTTYPE|MACHTYPE|OSTYPE|VIRTUAL_ENV\w*|CONDA_\w+|NVM_\w+|PYENV_\w*|PIP_\w+|PYTHON\w+|"
    r"CARGO_HOME|RUST\w+|GITHUB_\w+|RUNNER_\w+|CI|GITLAB_\w+|CI_\w+|JENKINS_\w+|BUILDKITE\w*|INVOCATION_ID|JOURNAL_STREAM|SYSTEMD_EXEC_PID|MANAGERPID|"
    r"(?:RUNTIME|STATE|CACHE|LOGS|CONFIGURATION|CREDENTIALS)_DIRECTORY|WATCHDOG_USEC|WATCHDOG_PID|LISTEN_PID|HOSTNAME|LANGUAGE|LC_\w+|LANG|DEBIAN_FRONTEND|PIDFILE)$"
)


def judge(pair: Pair) -> Judged:
    """Rank one difference."""
    special = _SPECIAL.get(pair.key) or (_godebug if pair.key.startswith("godebug.") else None)
    judged = special(pair) if special else None
    if judged:
        return judged
    if pair.key in _EXACT:
        return _EXACT[pair.key]
    if pair.key.startswith("env."):
        return _variable(pair)
    if pair.key.startswith("tool.") and pair.name in _CHECKERS:
        return Judged(Impact.BEHAVIOUR, "its findings or the code that it generates differ between versions", "the tool itself")
    return next((j for prefix, j in _PREFIXES if pair.key.startswith(prefix)), Judged(Impact.COSMETIC, "no effect known", "steadygo"))


def _variable(pair: Pair) -> Judged:
    name = pair.key.removeprefix("env.")
    if name.upper() in _PROXY_NAMES:
        return _PROXY
    if pair.reads and name in pair.reads:
        return Judged(Impact.BEHAVIOUR, "the program reads it", pair.reads[name])
    if _NOISE.match(name):
        return Judged(Impact.COSMETIC, "set by the session, the service manager or CI for itself", "environ(7)")
    if _LIBRARY.match(name):
        return Judged(Impact.BEHAVIOUR, "a well-known library reads variables of this prefix", "the library's documentation")
    if pair.reads is None:
        return Judged(Impact.BEHAVIOUR, "the program may read it: there is no code to look at, or it makes up names", "environ(7)")
    return Judged(Impact.COSMETIC, "the module's own code does not read it by this name", "os.Getenv and its like in the module")


def _godebug(pair: Pair) -> Judged:
    impact, why = goimpact.setting(pair.name)
    return Judged(
        Impact(impact),
        why,
        f"go.dev/doc/godebug; {pair.a.values[pair.key].origin if pair.key in pair.a.values else pair.b.values[pair.key].origin}",
    )


def _version(pair: Pair) -> Judged | None:
    if pair.one is None or pair.two is None:
        return None
    if pair.key == "go.version" and pair.a.find("go.selected") and pair.a.find("go.selected") == pair.b.find("go.selected"):
        return Judged(Impact.COSMETIC, "both sides go on to the same toolchain for this module", "go.dev/doc/toolchain")
    if "refused" in f"{pair.one}{pair.two}":
        return Judged(
            Impact.FATAL,
            "GOTOOLCHAIN=local keeps go from the toolchain that go.mod asks for: every go command fails",
            "go.dev/doc/toolchain",
        )
    return Judged(
        Impact.BEHAVIOUR, goimpact.between(pair.one, pair.two), "release notes; src/internal/godebugs/table.go of both toolchains"
    )


def _open_files(pair: Pair) -> Judged:
    hard = [(v or ":").partition(":")[2] for v in (pair.one, pair.two)]
    if hard[0] == hard[1]:
        return Judged(Impact.COSMETIC, "Go raises its soft limit to the hard one at start, and that is the same", "os/rlimit.go, Go 1.19")
    return Judged(Impact.BEHAVIOUR, "at the hard limit every accept and open fails (too many open files)", "os/rlimit.go, getrlimit(2)")


_SPECIAL: Mapping[str, Callable[[Pair], Judged | None]] = {
    "go.version": _version,
    "go.selected": _version,
    "process.limit.nofile": _open_files,
}
