"""Makes foreign text harmless: no control character of a repository reaches a terminal or a document."""

from __future__ import annotations

import re

# C0 and C1 controls, soft hyphen, bidirectional controls, line and paragraph separators, invisible signs, surrogates, tags, non-characters
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_LOG_COMMAND = re.compile(r"##(?=\[|vso\[|teamcity\[)")  # CI systems obey these anywhere in a log
_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """One line of text without anything a terminal, browser or XML parser could act on; what was there shows as `\\x1b`, `\\u202e`."""
    if "##" in text:
        text = _LOG_COMMAND.sub("# #", text)
    if text.isprintable():  # true of nearly every line; such text holds none of the above
        return text
    return _UNSAFE.sub(_visible, text.replace("\t", "    "))


def clean_lines(text: str) -> list[str]:
    """The lines of `text`, each clean."""
    return [clean(line.rstrip("\r")) for line in text.split("\n")]


def well_formed(text: str) -> str:
    """`text` without lone surrogates (file names that are not UTF-8 have them), so that it can be encoded."""
    return text if text.isascii() else _SURROGATE.sub(_visible, text)


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
