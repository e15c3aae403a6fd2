"""GODEBUG settings whose default changed, and those a later Go no longer accepts.

Source: src/internal/godebugs/table.go of go1.21.13, go1.23.9, go1.25.5, go1.26.8 and go1.27.3. `changed` and `removed` are minor
versions (22 is Go 1.22). A program whose go line is older than `changed` gets `old[0]`.
"""

from __future__ import annotations

from typing import NamedTuple


class Setting(NamedTuple):
    """One setting. `old` are the values that ask for the behaviour before `changed`; `removed` is 0 while Go still accepts them."""

    name: str
    package: str
    changed: int
    old: tuple[str, ...]
    removed: int = 0


SETTINGS = (
    Setting("asynctimerchan", "time", 23, ("1", "2"), 27),
    Setting("containermaxprocs", "runtime", 25, ("0",)),
    Setting("cryptocustomrand", "crypto", 26, ("1",)),
    Setting("decoratemappings", "runtime", 25, ("0",)),
    Setting("gotestjsonbuildtext", "cmd/go", 24, ("1",)),
    Setting("gotypesalias", "go/types", 23, ("0",), 27),
    Setting("httpcookiemaxnum", "net/http", 24, ("0",)),
    Setting("httplaxcontentlength", "net/http", 22, ("1",)),
    Setting("httpmuxgo121", "net/http", 22, ("1",)),
    Setting("httpservecontentkeepheaders", "net/http", 23, ("1",)),
    Setting("httpservecontentmaxranges", "net/http", 26, ("1",)),
    Setting("multipathtcp", "net", 24, ("0",)),
    Setting("netedns0", "net", 19, ("0",)),
    Setting("panicnil", "runtime", 21, ("1",)),
    Setting("randseednop", "math/rand", 24, ("0",)),
    Setting("rsa1024min", "crypto/rsa", 24, ("0",)),
    Setting("tls10server", "crypto/tls", 22, ("1",), 27),
    Setting("tls3des", "crypto/tls", 23, ("1",), 27),
    Setting("tlskyber", "crypto/tls", 23, ("0",), 24),
    Setting("tlsmlkem", "crypto/tls", 24, ("0",)),
    Setting("tlsrsakex", "crypto/tls", 22, ("1",), 27),
    Setting("tlssecpmlkem", "crypto/tls", 26, ("0",)),
    Setting("tlssha1", "crypto/tls", 25, ("1",)),
    Setting("tlsunsafeekm", "crypto/tls", 22, ("1",), 27),
    Setting("tracebacklabels", "runtime", 27, ("0",)),
    Setting("updatemaxprocs", "runtime", 25, ("0",)),
    Setting("urlmaxqueryparams", "net/url", 24, ("0",)),
    Setting("urlstrictcolons", "net/url", 26, ("0",)),
    Setting("winreadlinkvolume", "os", 23, ("0",)),
    Setting("winsymlink", "os", 23, ("0",)),
    Setting("x509keypairleaf", "crypto/tls", 23, ("0",), 27),
    Setting("x509negativeserial", "crypto/x509", 23, ("1",)),
    Setting("x509rsacrt", "crypto/x509", 24, ("0",)),
    Setting("x509sha1", "crypto/x509", 18, ("1",), 24),
    Setting("x509sha256skid", "crypto/x509", 25, ("0",)),
    Setting("x509sslcertoverrideplatform", "crypto/x509", 27, ("0",)),
    Setting("x509usepolicies", "crypto/x509", 24, ("0",)),
)

# Go 1.27 is the first that looks for removed settings when a program starts; older ones pass over what they do not know.
_FIRST_MINOR_THAT_DIES = 27
# cgocheck=2 became a build experiment; from Go 1.21 the runtime throws on it before anything else.
_CGOCHECK_MINOR = 21


def pairs(godebug: str) -> list[tuple[str, str]]:
    """`a=1,b=2` as the runtime reads it: fields without `=` are passed over, the last of a name wins."""
    fields = (field.partition("=") for field in godebug.split(","))
    return [(name, value) for name, mark, value in fields if mark]


def fatal_at_start(godebug: str, go_minor: int) -> list[str]:
    """The `name=value` fields in the environment's GODEBUG that kill a binary built with Go 1.`go_minor` before main runs (exit 2).

    A removed setting at an old value is fatal even when a later field takes it back.
    """
    removed = {s.name: s for s in SETTINGS if 0 < s.removed <= go_minor} if go_minor >= _FIRST_MINOR_THAT_DIES else {}
    fields = pairs(godebug)
    fatal = [f"{name}={value}" for name, value in fields if name in removed and value in removed[name].old]
    cgocheck = [value for name, value in fields if name == "cgocheck" and value.lstrip("+-").isdecimal()]
    if go_minor >= _CGOCHECK_MINOR and cgocheck and 1 < int(cgocheck[-1]) < 1 << 31:
        fatal.append(f"cgocheck={cgocheck[-1]}")
    return fatal
