"""A fingerprint as text: one block a family, each value with its origin."""

from __future__ import annotations

import shutil

from steadygo.environment.fingerprint import Fingerprint

_FAMILIES = {
    "go": "Go",
    "godebug": "GODEBUG in effect",
    "module": "Module",
    "git": "Checkout",
    "time": "Time",
    "clock": "Clock",
    "locale": "Locale",
    "process": "Process",
    "cgroup": "Limits of the cgroup",
    "cpu": "CPU",
    "kernel": "Kernel",
    "os": "Operating system",
    "libc": "C library",
    "tls": "Roots of trust",
    "tool": "Tools",
    "env": "Environment",
}


def text(fingerprint: Fingerprint, width: int = 0) -> str:
    """Blocks in a fixed order; a value that is not known shows its reason."""
    width = width or shutil.get_terminal_size((140, 24)).columns
    families: dict[str, list[tuple[str, str, str]]] = {}
    for key, value in fingerprint.values.items():
        family, _, name = key.partition(".")
        shown = f"not known: {value.origin}" if value.value is None else value.value or '""'
        families.setdefault(family, []).append((name or family, shown, "" if value.value is None else value.origin))
    blocks = []
    for family in sorted(families, key=lambda f: (list(_FAMILIES).index(f) if f in _FAMILIES else len(_FAMILIES), f)):
        rows = families[family]
        names = max(len(name) for name, _, _ in rows)
        lines = [_FAMILIES.get(family, family)]
        for name, shown, origin in rows:
            shown = shown.replace("\n", "\\n")
            room = max(20, width - names - len(origin) - 8)
            shown = shown if len(shown) <= room else shown[: room - 1] + "…"
            lines.append(f"  {name:<{names}}  {shown}" + (f"  ({origin})" if origin else ""))
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)
