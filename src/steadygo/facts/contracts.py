"""OpenAPI documents and SQL migrations."""

from __future__ import annotations

import msgspec

from steadygo.facts.place import Gap, Text


class Operation(msgspec.Struct, frozen=True, array_like=True, gc=False):
    method: str  # upper case
    path: str  # as written, "/orders/{id}", the servers' common base path in front
    line: int
    operation_id: str = ""
    breakpoint: Text | None = None  # x-breakpoint-id


class Contract(msgspec.Struct, frozen=True, array_like=True, tag="openapi", gc=False):
    """An OpenAPI 2 or 3 document. `base` is basePath or the path of the first server."""

    path: str
    version: str = ""
    base: str = ""
    operations: tuple[Operation, ...] = ()
    gaps: tuple[Gap, ...] = ()


class Statement(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One SQL statement, comments taken off, white space folded, at most 2,000 characters. verb: UPDATE, ALTER TABLE, …"""

    verb: str
    text: str
    line: int
    table: str = ""  # lower case, quotes taken off, the schema kept; of a view, its name
    columns: tuple[str, ...] = ()  # columns added, dropped, renamed or created, lower case
    dropped: tuple[str, ...] = ()  # those of them that are gone afterwards


class Migration(msgspec.Struct, frozen=True, array_like=True, tag="migration", gc=False):
    """direction: up down both (goose, dbmate: down statements are left in `down`)."""

    path: str
    direction: str = "up"
    statements: tuple[Statement, ...] = ()
    down: tuple[Statement, ...] = ()
    comments: tuple[Text, ...] = ()
    gaps: tuple[Gap, ...] = ()


class Unread(msgspec.Struct, frozen=True, array_like=True, tag="unread", gc=False):
    """A file that could not be read at all."""

    path: str
    reason: str
    line: int = 1
