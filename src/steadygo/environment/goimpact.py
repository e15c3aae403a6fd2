"""What Go's own settings and versions change, in words."""

from __future__ import annotations

from steadygo.environment import godebug
from steadygo.environment.versions import minor, order

# Impact and effect of each setting whose default has changed. Source: doc/godebug.md of go1.27.3 and the release notes.
_EFFECTS: dict[str, tuple[str, str]] = {
    "asynctimerchan": (
        "behaviour",
        "timer channels are buffered as before 1.23: Reset and Stop can leave a stale tick, and unstopped timers are not collected",
    ),
    "containermaxprocs": ("performance", "whether GOMAXPROCS follows the container's CPU limit (1.25)"),
    "cryptocustomrand": ("behaviour", "whether a random source passed to crypto functions is used or ignored (1.26)"),
    "decoratemappings": ("cosmetic", "whether /proc/self/maps names the runtime's mappings"),
    "fips140": ("behaviour", "whether cryptography runs in FIPS 140-3 mode"),
    "gotestjsonbuildtext": ("cosmetic", "how go test -json prints build output"),
    "gotypesalias": ("behaviour", "whether go/types makes Alias types"),
    "http2client": ("behaviour", "whether HTTP/2 is used by clients"),
    "http2server": ("behaviour", "whether HTTP/2 is offered by servers"),
    "httpcookiemaxnum": ("behaviour", "requests with more than 3,000 cookies are refused or not"),
    "httplaxcontentlength": ("behaviour", "an empty Content-Length header is accepted or refused"),
    "httpmuxgo121": (
        "behaviour",
        "ServeMux patterns are matched as in 1.21: methods and wildcards in patterns do not work, so routes give 404",
    ),
    "httpservecontentkeepheaders": ("behaviour", "whether ServeContent keeps Cache-Control, ETag and such on errors"),
    "httpservecontentmaxranges": ("behaviour", "requests for many byte ranges are limited or not"),
    "multipathtcp": ("behaviour", "whether listeners offer multipath TCP"),
    "netdns": ("behaviour", "which resolver looks up names"),
    "netedns0": ("behaviour", "whether DNS requests carry EDNS0: some old resolvers choke on it"),
    "panicnil": ("behaviour", "whether panic(nil) is allowed: recover() then returns nil and the panic goes unseen"),
    "randseednop": ("behaviour", "whether rand.Seed of math/rand does anything"),
    "rsa1024min": ("behaviour", "RSA keys below 1024 bits are refused or not"),
    "tls10server": ("behaviour", "servers accept TLS 1.0 and 1.1 or refuse those clients"),
    "tls3des": ("behaviour", "3DES suites are offered or not: old peers fail to connect"),
    "tlskyber": ("behaviour", "whether the post-quantum key exchange is offered: some middleboxes drop the larger hello"),
    "tlsmlkem": ("behaviour", "whether X25519MLKEM768 is offered: some middleboxes and old peers drop the larger hello"),
    "tlsrsakex": ("behaviour", "suites without forward secrecy are offered or not: old peers fail to connect"),
    "tlssecpmlkem": ("behaviour", "whether SecP256r1MLKEM768 and SecP384r1MLKEM1024 are offered"),
    "tlssha1": ("behaviour", "SHA-1 signatures in TLS 1.2 are accepted or refused"),
    "tlsunsafeekm": ("behaviour", "whether keying material may be exported without extended master secret"),
    "tracebacklabels": ("cosmetic", "whether tracebacks show goroutine labels"),
    "updatemaxprocs": ("performance", "whether GOMAXPROCS is updated while the program runs"),
    "urlmaxqueryparams": ("behaviour", "URLs with more than 10,000 query parameters are refused or not"),
    "urlstrictcolons": ("behaviour", "URLs with stray colons in the host are refused or not"),
    "x509keypairleaf": ("behaviour", "whether tls.LoadX509KeyPair fills Leaf"),
    "x509negativeserial": ("behaviour", "certificates with negative serial numbers are refused or not"),
    "x509rsacrt": ("behaviour", "RSA keys with wrong CRT values are refused or not"),
    "x509sha1": ("behaviour", "certificates signed with SHA-1 are accepted or refused"),
    "x509sha256skid": ("behaviour", "how subject key ids of new CA certificates are made"),
    "x509sslcertoverrideplatform": ("behaviour", "whether SSL_CERT_FILE overrides the platform's verifier"),
    "x509usepolicies": ("behaviour", "which field certificate policies are marshalled from"),
    "winsymlink": ("cosmetic", "symbolic links on Windows only"),
    "winreadlinkvolume": ("cosmetic", "symbolic links on Windows only"),
}
_NOTES = {
    21: "panic(nil) becomes a runtime error",
    22: "loop variables are per iteration for go lines from 1.22, ServeMux patterns take methods and wildcards, servers start at TLS 1.2",
    23: "timers are collected unstopped and their channels unbuffered, 3DES is off in TLS",
    24: "the main module's version comes from the tag, X25519MLKEM768 is offered in TLS, maps are Swiss tables",
    25: "GOMAXPROCS follows the container's CPU limit, SHA-1 is off in TLS 1.2",
    26: "the Green Tea garbage collector is the default, random sources passed to crypto are ignored",
    27: "removed GODEBUG settings at old values in the environment kill the program at start",
}


def setting(name: str) -> tuple[str, str]:
    """(impact, what the setting decides)."""
    return _EFFECTS.get(name, ("behaviour", "a runtime or library setting differs"))


def between(one: str, two: str) -> str:
    """What changes from one Go version to another, in one sentence."""
    low, high = sorted((one, two), key=order)
    first, last = minor(low), minor(high)
    if first is None or last is None:
        return "other compilers, runtimes and libraries"
    if first == last:
        return "another patch release: bug and security fixes"
    notes = [_NOTES[m] for m in range(first + 1, last + 1) if m in _NOTES]
    table = godebug.table_for(high)
    changed = [s.name for s in table.settings if first < s.changed <= last]
    text = "; ".join(notes) or "another compiler, runtime and library"
    return text + (f"; {len(changed)} GODEBUG defaults changed, for modules whose go line is as new" if changed else "")
