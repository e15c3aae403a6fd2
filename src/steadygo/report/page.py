"""The frame of an HTML document that fetches nothing and runs nothing but its own script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources

from steadygo.report.escaping import clean


def document(title: str, body: Iterable[str], styles: Sequence[str], script: str) -> str:
    """A whole document. `styles` and `script` are files of templates/; `title` is foreign text, `body` is HTML."""
    style, code = "".join(_asset(name) for name in styles), _asset(script)
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; script-src '{_hash(code)}'; base-uri 'none'; form-action 'none'"
    )
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            '<link rel="icon" href="data:,">',
            f"<title>{safe(title)}</title>",
            f"<style>{style}</style>",
            "</head>",
            "<body>",
            *body,
            f"<script>{code}</script>",
            "</body>",
            "</html>",
            "",
        ]
    )


def safe(text: str) -> str:
    """Foreign text as HTML, on one line."""
    return escape(clean(text), quote=True)


def _asset(name: str) -> str:
    return "\n" + resources.files("steadygo.report").joinpath("templates", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
