"""Names of what is made for test binaries: they say which run made them, and that steadygo did."""

from __future__ import annotations

import re
import secrets

_OURS = re.compile(r"steadygo_([0-9a-f]{12})_(\d+)_([a-z0-9_]*)")
_LONGEST_SLUG = 20  # with all before it that stays within the 63 bytes that PostgreSQL keeps of a name
_TEMPLATE = re.compile(r"steadygo_template_[0-9a-f]{16}")


def new_key() -> str:
    """Twelve hexadecimal digits that tell this lender from all others; its lease carries them."""
    return secrets.token_hex(6)


def leased(key: str, number: int, shard: str) -> str:
    """The name of what the shard gets: made of a-z, 0-9 and _, at most 63 characters, distinct for each number."""
    slug = re.sub(r"[^a-z0-9]+", "_", shard.partition(" ")[0].rpartition("/")[2].lower()).strip("_")[:_LONGEST_SLUG]
    return f"{of(key)}{number}_{slug}"


def of(key: str) -> str:
    """What the names of all that has this key start with."""
    return f"steadygo_{key}_"


def key_of(name: str) -> str:
    """The key in a name of ours, "" in any other."""
    found = _OURS.fullmatch(name)
    return found[1] if found else ""


def number_of(key: str) -> int:
    """The key as a positive number of 48 bits."""
    return int(key, 16)


def template(digest: str) -> str:
    """The name of the template that a snapshot with this SHA-256 is loaded into."""
    return f"steadygo_template_{digest[:16]}"


def is_template(name: str) -> bool:
    """Whether a template made by us could be called that."""
    return _TEMPLATE.fullmatch(name) is not None
