"""Commands that some artefact runs, and variables that some artefact sets: the same type wherever they stand."""

from __future__ import annotations

import msgspec


class Command(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One simple command. Quotes are taken off the words; an expansion that cannot be folded stays as `$NAME` or `$(…)`.

    `words` never holds the leading assignments, they are in `variables` (name, value). `shell` is false for exec form.
    `after` is the text of the operator that leads to it ("", "&&", "||", "|", ";"); `replaced` is true for `exec CMD`.
    `conditional` is true inside if/while/case/function bodies, `background` for `CMD &`. `variables` also hold what was exported before.
    `directory`: of a Makefile's command seen from the Makefile, of an image's from its build context (absolute in the image when it was not
    copied from there), of scripts and pipelines from the repository's root. `make -C DIR` and `go -C DIR` stay in the words
    and so do wrappers (sudo, time, timeout 5, tini --).
    """

    words: tuple[str, ...]
    line: int
    column: int = 1
    variables: tuple[tuple[str, str], ...] = ()
    shell: bool = True
    directory: str = ""  # after `cd DIR &&`, working-directory:, WORKDIR; "" means not changed
    after: str = ""
    replaced: bool = False
    conditional: bool = False
    background: bool = False

    @property
    def text(self) -> str:
        return " ".join(self.words)


class Variable(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An environment variable that an artefact sets. `value` is None when it comes from elsewhere (`source` says where).

    `source`: "" literal · "secret:NAME/KEY" · "configmap:NAME/KEY" · "field:PATH" · "host" (passed through) · "file:PATH" · "expression"
    """

    name: str
    value: str | None
    line: int
    column: int = 1
    source: str = ""
    path: str = ""  # the file when it is not the artefact's own (a patch, an env file)
