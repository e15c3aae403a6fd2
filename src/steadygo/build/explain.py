"""Why two Go programs differ: what the record says, then what the code, the data and the C parts say. Runs no program."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from steadygo.build import code, data, recorded
from steadygo.build.cause import ABSENT, Cause
from steadygo.build.code import Change
from steadygo.build.image import Image, opened_image

# These change nearly every function: to look for single ones would only repeat them.
_CHANGES_ALL = {"toolchain", "target", "goamd64", "entry-point"}
# These change functions of their own choice: code that differs follows from them unless its source lines moved.
_CHANGES_SOME = {"build-tag", "flag", "cgo", "module-version", "replaced-module", "godebug"}
_MODULE_KINDS = {"module-version", "replaced-module"}
_COMPILER_FLAGS = {"-gcflags", "-asmflags", "-race", "-cover", "-pgo", "-buildmode", "-compiler", "GOEXPERIMENT", "GOFIPS140"}
_MOST_SOURCE_CAUSES = 12


@dataclass(frozen=True)
class Difference:
    """One section that differs: its name, sizes, and the first thing in it that does."""

    section: str
    a_bytes: int
    b_bytes: int
    first: str


@dataclass(frozen=True)
class Explanation:
    """`causes` are ordered by weight; empty when `identical`."""

    identical: bool
    causes: tuple[Cause, ...]
    sections: tuple[Difference, ...]


def explain(a: Path, b: Path) -> Explanation:
    """Compare two program files. Raises NotGo, NotExecutable or UserError."""
    with opened_image(a) as left, opened_image(b) as right:
        if left.executable.data == right.executable.data:
            return Explanation(True, (), ())
        causes = _causes(left, right)
        changes = _changes(left, right, causes)
        causes += [cause for cause in _code_causes(left, right, causes, changes) if cause not in causes]
        sections = tuple(_sections(left, right, changes))
        causes += [] if causes else [_c_constant(left, right) or _unexplained(left, right, sections)]
        return Explanation(False, tuple(causes), sections)


def _unexplained(a: Image, b: Image, sections: tuple[Difference, ...]) -> Cause:
    first = sections[0] if sections else Difference("file", len(a.executable.data), len(b.executable.data), "header or padding")
    ids = a.build_id, b.build_id
    if ids[0].main_content and ids[0].main_content != ids[1].main_content:
        why = "Go's build id says that the main package was compiled from other input; which function is not told on this processor."
        return Cause("source", "main package (Go build id)", ids[0].main_content, ids[1].main_content, why)
    if ids[0].action and ids[0].action != ids[1].action:
        why = "Go's build id says that the main package is the same and another input of the link differs: a package below it, or a flag."
        return Cause("source", "a package below main (Go build id)", ids[0].action, ids[1].action, why)
    why = "Nothing that Go records explains it: was the file changed after the build (strip, upx, signing)?"
    return Cause("unexplained", f"{first.section}: {first.first}", f"{first.a_bytes} bytes", f"{first.b_bytes} bytes", why)


def _c_constant(a: Image, b: Image) -> Cause | None:
    """Read-only data that differs while all Go code and strings agree: it belongs to C."""
    one, two = a.executable.section(".rodata"), b.executable.section(".rodata")
    if not (one and two and a.info.setting("CGO_ENABLED") == b.info.setting("CGO_ENABLED") == "1"):
        return None
    left, right = a.executable.content(one), b.executable.content(two)
    at = _offset(left, right)
    if left == right or not (a.interpreter or a.libraries):
        return None
    why = "A constant of C code differs though all Go code agrees: its source, its flags, or __DATE__ and __TIME__."
    return Cause("cgo", f".rodata+{at:#x}", _around(left, at), _around(right, at), why)


def _around(data: memoryview, at: int, most: int = 40) -> str:
    """The NUL-terminated text that holds an offset."""
    before = bytes(data[max(0, at - most) : at]).rpartition(b"\0")[2]
    return repr((before + bytes(data[at : at + most]).split(b"\0", 1)[0]).decode("utf-8", "replace"))


def _causes(a: Image, b: Image) -> list[Cause]:
    causes = list(recorded.causes(a.info, b.info))
    if any(cause.kind in _CHANGES_ALL for cause in causes):
        return causes
    causes.extend(_path_causes(a, b, causes))
    known = {cause.at for cause in causes}
    causes.extend(data.embedded_causes(a, b))
    found = list(data.variable_causes(a, b)) or list(data.nameless_variable_causes(a, b))
    causes.extend(cause for cause in found if cause.at not in known)
    causes.extend(_strip_causes(a, b, causes))
    causes.extend(_c_causes(a, b, causes))
    return causes


def _changes(a: Image, b: Image, causes: list[Cause]) -> list[Change]:
    if any(cause.kind in _CHANGES_ALL or cause.at in _COMPILER_FLAGS for cause in causes):
        return []
    return code.compare(a, b)


def _code_causes(a: Image, b: Image, causes: list[Cause], changes: list[Change]) -> Iterator[Cause]:
    """Changed functions that no recorded cause explains, one cause for each package."""
    kinds = {cause.kind for cause in causes}
    modules = [cause.at for cause in causes if cause.kind in _MODULE_KINDS]
    explained = bool(kinds & (_CHANGES_SOME - _MODULE_KINDS))
    data_only = bool(kinds & {"ldflag", "embedded-file", "source"})
    packages: dict[str, list[Change]] = {}
    for change in changes:
        own = code.is_own(a, change.package) or code.is_own(b, change.package)
        if explained or _within(change.package, modules):
            continue
        if own and modules and change.what not in ("lines", "string"):
            # A changed dependency is inlined into its callers: only lines and strings prove that the caller itself changed.
            continue
        if not own and (modules or data_only or change.what not in ("code", "added", "removed")):
            continue
        if data_only and change.what == "string":
            continue
        packages.setdefault(change.package, []).append(change)
    if any(code.is_own(a, package) for package in packages):
        # Generic instances, inlined bodies and linked-in functions of other packages follow from the module's own changes.
        packages = {package: found for package, found in packages.items() if code.is_own(a, package) or code.is_own(b, package)}
    for found in list(packages.values())[:_MOST_SOURCE_CAUSES]:
        # A body that changed says more than the functions below it that only moved.
        first = next((change for change in found if change.what != "lines"), found[0])
        more = f" ({len(found)} functions of the package differ)" if len(found) > 1 else ""
        yield Cause("source", f"{first.name} ({first.where})", first.a, first.b, f"{_WHAT[first.what]}{more}.")


_WHAT = {
    "added": "The function is in one program only",
    "removed": "The function is in one program only",
    "code": "Its code differs",
    "lines": "Its lines moved in the file",
    "calls": "It calls another function",
    "string": "It uses another string",
}


def _within(package: str, modules: list[str]) -> bool:
    return any(package == module or package.startswith(module + "/") for module in modules)


def _path_causes(a: Image, b: Image, causes: list[Cause]) -> Iterator[Cause]:
    """Directories of the build that the function table tells."""
    if any(cause.kind == "path" for cause in causes) or a.info.setting("-trimpath") == b.info.setting("-trimpath") == "true":
        return
    pairs = {_moved(x, y) for x, y in zip(*(_absolute(image) for image in (a, b)), strict=False)} - {None}
    for pair in sorted(filter(None, pairs))[:3]:
        yield Cause("path", pair[0], pair[0], pair[1], "Without -trimpath the program holds the directories it was built in.")


def _absolute(image: Image) -> list[str]:
    return [name for name in image.functions.files() if name.startswith("/") or re.match(r"[A-Za-z]:[\\/]", name)]


def _moved(a: str, b: str) -> tuple[str, str] | None:
    """The leading directories of two names of one file, None when they are equal or end differently."""
    one, two = a.split("/"), b.split("/")
    same = 0
    while same < min(len(one), len(two)) and one[-1 - same] == two[-1 - same]:
        same += 1
    if same == 0 or a == b:
        return None
    return "/".join(one[: len(one) - same]), "/".join(two[: len(two) - same])


def _c_causes(a: Image, b: Image, causes: list[Cause]) -> Iterator[Cause]:
    """C compilers, C functions and C libraries; they are not recorded with -trimpath, and the compiler never is."""
    if any(cause.kind == "cgo" for cause in causes):
        return
    if a.compilers != b.compilers:
        yield Cause("cgo", ".comment", *_listed(a.compilers, b.compilers), "Another C compiler (Go records none).")
    elif found := _first_c_function(a, b):
        name, words = found
        why = "Its C code differs: its source, or CGO_CFLAGS, which -trimpath keeps out of the record."
        yield Cause("cgo", f"C function {name}", *words, why)
    if a.libraries != b.libraries:
        yield Cause("cgo", ".dynamic", *_listed(a.libraries, b.libraries), "Other shared libraries are linked.")
    elif a.library_versions != b.library_versions:
        yield Cause("cgo", ".gnu.version_r", *_listed(_versions(a), _versions(b)), "Linked against another version of the C library.")


def _versions(image: Image) -> list[str]:
    return [f"{family}_{version}" for family, version in sorted(image.library_versions.items())]


def _listed(a: Iterable[str], b: Iterable[str]) -> tuple[str, str]:
    return ", ".join(a) or ABSENT, ", ".join(b) or ABSENT


def _first_c_function(a: Image, b: Image) -> tuple[str, tuple[str, str]] | None:
    """The first function that only the linker's symbol table knows, and that differs; those of cgo's own glue come last."""
    if not a.info.setting("CGO_ENABLED") == "1" == b.info.setting("CGO_ENABLED"):
        return None
    ours = [s for s in a.symbols.values() if s.kind == 2 and s.size and s.name not in a.functions.by_name]
    for one in sorted(ours, key=lambda s: (s.name.startswith("_"), s.name not in b.symbols, s.address)):
        two = b.symbols.get(one.name)
        if a.functions.holding(one.address):
            continue
        if two is None:
            return one.name, (f"{one.size} bytes", ABSENT)
        if one.size != two.size:
            return one.name, (f"{one.size} bytes", f"{two.size} bytes")
        if code.differs(a.executable.at(one.address, one.size), b.executable.at(two.address, two.size), a.executable.machine):
            return one.name, (f"{one.size} bytes", "as many, but others")
    return None


def _strip_causes(a: Image, b: Image, causes: list[Cause]) -> Iterator[Cause]:
    """Symbol table or debug information on one side only."""
    if any(cause.at == "-ldflags" for cause in causes):
        return
    left, right = (" ".join(flag for flag, left_out in _stripped(image) if left_out) or ABSENT for image in (a, b))
    if left != right:
        why = "The symbol table or the debug information is left out of one: -ldflags -s or -w, or strip(1) afterwards."
        yield Cause("flag", "-ldflags", left, right, why)


def _stripped(image: Image) -> tuple[tuple[str, bool], tuple[str, bool]]:
    names = {section.name for section in image.executable.sections}
    no_debug = not any(name.startswith((".debug_", ".zdebug_", "__debug_", "__zdebug_")) for name in names)
    return ("-s", image.executable.format == "elf" and ".symtab" not in names), ("-w", no_debug)


def _sections(a: Image, b: Image, changes: list[Change]) -> Iterator[Difference]:
    right = {section.name: section for section in b.executable.sections}
    for section in a.executable.sections:
        other = right.pop(section.name, None)
        if other is None:
            yield Difference(section.name, section.size, 0, "only in the first program")
            continue
        one, two = a.executable.content(section), b.executable.content(other)
        if one != two:
            yield Difference(section.name, len(one), len(two), _first(a, section.address, _offset(one, two), section.name, changes))
    for section in right.values():
        yield Difference(section.name, 0, section.size, "only in the second program")


def _offset(a: memoryview, b: memoryview, step: int = 1 << 14) -> int:
    most = min(len(a), len(b))
    for start in range(0, most, step):
        if a[start : start + step] != b[start : start + step]:
            return next((i for i in range(start, min(start + step, most)) if a[i] != b[i]), most)
    return most


def _first(image: Image, address: int, offset: int, section: str, changes: list[Change]) -> str:
    if section in (".text", "__text"):
        if changes and changes[0].what in ("code", "removed", "calls"):
            return changes[0].name
        function = image.functions.holding(address + offset)
        return f"{function.name} (moved addresses)" if function else f"+{offset:#x}"
    inside = [s for s in image.symbols.values() if address and s.address <= address + offset < s.address + s.size]
    return min(inside, key=lambda s: s.size).name if inside else f"+{offset:#x}"
