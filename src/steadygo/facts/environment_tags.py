"""Variables that struct tags name: caarlos0/env, sethvargo/go-envconfig, kelseyhightower/envconfig, cleanenv, kong, go-flags, go-arg."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from steadygo.facts.environment_need import OPTIONAL, REQUIRED, UNKNOWN
from steadygo.facts.go import Call, Field, GoFile, TypeDeclaration
from steadygo.facts.gocode import GoCode
from steadygo.findings import Place

_TAG = re.compile(r'([\w.-]+):"((?:[^"\\]|\\.)*)"')
_NAME = re.compile(r"[A-Za-z_]\w*\Z")
_DEEPEST = 6
_MOST = 50  # prefixes that one struct may have


@dataclass(frozen=True)
class Tagged:
    """One variable that a field of a struct takes."""

    name: str
    at: Place
    need: str
    default: str | None
    exact: bool  # false when a prefix that is not known may stand before the name


def tagged(go: GoCode) -> Iterator[Tagged]:
    """Variables of every struct whose tags name some, with the prefixes of the structs that hold it and of the loader's options."""
    structs = list(_structs(go))
    prefixes, dynamic = _loader_prefixes(go)
    holders = _holders(structs)
    for file, declared in structs:
        outers = sorted(_outer_prefixes(holders, declared.name, _DEEPEST))
        for field in declared.fields:
            tag = tags_of(field)
            found = _named(tag, file)
            if found is None:
                continue
            names, need, default = found
            for name in names:
                for outer in outers:
                    for prefix in prefixes:
                        yield Tagged(f"{prefix}{outer}{name}", Place(file.path, field.line), need, default, not dynamic)
    yield from _kelsey(go)


def tags_of(field: Field) -> dict[str, str]:
    """A field's tag as key -> value."""
    return dict(_TAG.findall(field.tag)) if field.tag else {}


def _structs(go: GoCode) -> Iterator[tuple[GoFile, TypeDeclaration]]:
    for file in go.files:
        if not file.is_test:
            for declared in file.types:
                if any("env" in f.tag for f in declared.fields if f.tag):
                    yield file, declared


def _named(tag: dict[str, str], file: GoFile) -> tuple[list[str], str, str | None] | None:
    """(names, need, default) of one field's tag; None when it names no variable."""
    if "env" in tag:
        name, *options = (part.strip() for part in tag["env"].split(","))
        default = next((o.partition("=")[2] for o in options if o.startswith("default=")), tag.get("envDefault", tag.get("env-default")))
        default = tag.get("default", default)
        must = any(o in ("required", "notEmpty") for o in options) or tag.get("env-required") == "true"
        names = [n for n in (name, *(options if "env-default" in tag or "env-required" in tag or "env-description" in tag else ())) if n]
        need = OPTIONAL if default is not None else REQUIRED if must else UNKNOWN
        names = [n for n in names if _NAME.match(n)]
        return (names, need, default) if names else None
    if "arg" in tag and (match := re.search(r"\benv:(\w+)", tag["arg"])):
        return [match[1]], UNKNOWN, tag.get("default")
    return None


def _holders(structs: list[tuple[GoFile, TypeDeclaration]]) -> dict[str, list[tuple[str, str]]]:
    """For each struct's name the structs that have a field of it, with the prefix that the field's tag puts before."""
    found: dict[str, list[tuple[str, str]]] = {}
    for _, holder in structs:
        for field in holder.fields:
            kind = field.type.lstrip("*[]").rpartition(".")[2]
            tag = tags_of(field)
            prefix = tag.get("envPrefix", tag.get("env-prefix", tag.get("envprefix", "")))
            stated = re.search(r"\bprefix=([^,]*)", tag.get("env", ""))
            if kind[:1].isalpha() and kind != holder.name:
                found.setdefault(kind, []).append((holder.name, stated[1] if stated else prefix))
    return found


def _outer_prefixes(holders: dict[str, list[tuple[str, str]]], name: str, steps: int) -> set[str]:
    """Prefixes that fields of other structs put before the variables of the struct `name`, "" when none does."""
    if steps == 0:
        return {""}
    found: set[str] = set()
    for holder, prefix in set(holders.get(name, ())):
        found.update(f"{outer}{prefix}" for outer in _outer_prefixes(holders, holder, steps - 1))
    return set(sorted(found)[:_MOST]) or {""}


def _loader_prefixes(go: GoCode) -> tuple[list[str], bool]:
    """Prefixes that caarlos0/env's Options or go-envconfig's PrefixLookuper put before all names, and whether one is not known."""
    found, dynamic = [""], False
    for version in ("", *(f"/v{n}" for n in range(2, 13))):
        for file, options in go.composites(f"github.com/caarlos0/env{version}.Options"):
            text = next((t for n, t in options.fields if n == "Prefix"), "")
            value = go.text(file, text, options.block) if text else None
            dynamic = dynamic or bool(text and value is None)
            found += [value] if value else []
    for file, call in go.calls("github.com/sethvargo/go-envconfig.PrefixLookuper"):
        value = go.text(file, call.args[0], call.block) if call.args else None
        dynamic = dynamic or value is None
        found += [value] if value else []
    return found, dynamic


def _kelsey(go: GoCode) -> Iterator[Tagged]:
    """kelseyhightower/envconfig: PREFIX_FIELD for every exported field of what is handed to Process."""
    package = "github.com/kelseyhightower/envconfig"
    for file, call in go.calls(f"{package}.Process", f"{package}.MustProcess", f"{package}.CheckDisallowed"):
        if len(call.args) < 2:
            continue
        prefix = go.text(file, call.args[0], call.block)
        start = _struct_of(go, file, call)
        if start is not None:
            exact = prefix is not None
            yield from _kelsey_fields(go, *start, (prefix or "").upper(), exact, _DEEPEST)


def _struct_of(go: GoCode, file: GoFile, call: Call) -> tuple[GoFile, TypeDeclaration] | None:
    owner = go.type_of(file, call.args[1].lstrip("&"), call.block).lstrip("*")
    return _declared(go, file, owner)


def _declared(go: GoCode, file: GoFile, name: str) -> tuple[GoFile, TypeDeclaration] | None:
    path, _, last = name.lstrip("*").rpartition(".")
    own = go.packages.get(file.directory)
    package = go.package_of(path) if "/" in path or (path and own is not None and path != own.name) else own
    if package is None and path:
        package = next((go.package_of(i.path) for i in file.imports if i.name == path), None)
    return package.types.get(last) if package is not None else None


def _kelsey_fields(go: GoCode, file: GoFile, declared: TypeDeclaration, prefix: str, exact: bool, steps: int) -> Iterator[Tagged]:
    for field in declared.fields:
        tag = tags_of(field)
        inner = _declared(go, file, field.type) if field.type.lstrip("*")[:1].isalpha() and steps else None
        bare = field.name or field.type.rpartition(".")[2]
        if tag.get("ignored") == "true" or not bare[:1].isupper():
            continue
        stated = tag.get("envconfig", "")
        split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", bare) if tag.get("split_words") == "true" else bare
        name = (stated or split).upper()
        full = f"{prefix}_{name}" if prefix else name
        if inner is not None and inner[1].kind == "struct" and not stated:
            yield from _kelsey_fields(go, *inner, full if field.name else prefix, exact, steps - 1)
            continue
        default = tag.get("default")
        must = tag.get("required") == "true"
        need = OPTIONAL if default is not None else REQUIRED if must else UNKNOWN
        yield Tagged(full, Place(file.path, field.line), need, default, exact)
        if stated and prefix:
            yield Tagged(stated.upper(), Place(file.path, field.line), UNKNOWN, default, exact)
