"""Check a detached OpenPGP signature with gpgv: no home directory, no agent, no trust database, only the keys given."""

from __future__ import annotations

import base64
import binascii
import os
import re
import tempfile
from pathlib import Path

from steadygo.errors import ToolMissing, UserError
from steadygo.tools.run import Outcome, run

_ARMOR = re.compile(
    rb"-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(?:[^\r\n]+\r?\n)*\r?\n(.*?)(?:\r?\n=[A-Za-z0-9+/]{4})?\r?\n-----END", re.DOTALL
)
_MOST_BYTES = 4 << 20


def signers(signature: Path, signed: Path, key: Path) -> tuple[list[str], str]:
    """(fingerprints of the primary keys that made a valid signature, "") or ([], why there is none).

    A signature by an expired or revoked key does not count. Raises ToolMissing without gpgv, UserError for a key that cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="steadygo-key-") as scratch:
        ring = Path(scratch) / "key.gpg"
        ring.write_bytes(_binary(key))
        ran = run(
            ["gpgv", "--status-fd", "1", "--keyring", ring, signature, signed],
            environment={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "GNUPGHOME": scratch},
            timeout_seconds=120.0,
        )
    if ran.outcome is Outcome.MISSING:
        raise ToolMissing("gpgv is not installed, so no signature can be checked.", "Install it (apt-get install gpgv, or gnupg2).")
    rows = [line.split() for line in ran.text.splitlines() if line.startswith("[GNUPG:] ")]
    kinds = {row[1] for row in rows}
    if ran.ok and "GOODSIG" in kinds and not kinds & {"BADSIG", "EXPKEYSIG", "REVKEYSIG", "EXPSIG", "ERRSIG"}:
        return [row[-1] for row in rows if row[1] == "VALIDSIG"], ""
    if "BADSIG" in kinds:
        return [], "the signature does not fit the file"
    if "NO_PUBKEY" in kinds:
        return [], "it is signed by another key"
    if kinds & {"EXPKEYSIG", "REVKEYSIG"}:
        return [], "the key that signed it has expired or was revoked"
    return [], "its signature cannot be read"


def _binary(key: Path) -> bytes:
    try:
        with key.open("rb") as file:
            data = file.read(_MOST_BYTES)
    except OSError as error:
        raise UserError(f"The signing key {key} cannot be read: {error.strerror}.", "Give --key FILE.") from error
    blocks = _ARMOR.findall(data)
    if not blocks:
        if data[:1] and data[0] & 0x80:
            return data
        raise UserError(f"{key} is no OpenPGP public key.", "Give the key that gpg --export or the vendor's page writes.")
    try:
        return b"".join(base64.b64decode(b"".join(block.split())) for block in blocks)
    except binascii.Error as error:
        raise UserError(f"{key} is a damaged OpenPGP key: {error}.", "Export it again.") from error
