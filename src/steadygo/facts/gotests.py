"""Test files stay encoded until a rule asks for what stands in them: they are half of a repository's Go, and few rules look at them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from steadygo.facts.go import GoFile, Import
from steadygo.facts.place import Gap

_KEPT = 48  # decoded files at a time


class TestFacts:
    """Decodes test files, and keeps those asked for last."""

    __test__ = False

    def __init__(self, decode: Callable[[bytes], GoFile]) -> None:
        self._decode = decode
        self._kept: OrderedDict[str, GoFile] = OrderedDict()

    def of(self, path: str, encoded: bytes) -> GoFile:
        """The decoded file."""
        file = self._kept.get(path)
        if file is None:
            file = self._kept[path] = self._decode(encoded)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(path)
        return file


class EncodedTest:
    """Stands for a test's GoFile: the same attributes. What tells files apart is at hand, the rest is decoded when asked for.

    `call_names` are the keys under which the file's calls are found (see GoCode), `composite_types` the types of its literals.
    """

    __slots__ = (
        "_encoded", "_facts", "call_names", "composite_types", "constraint", "gaps", "generated", "imports", "lines", "package", "path",
    )  # fmt: skip

    is_test = True

    def __init__(self, encoded: bytes, facts: TestFacts, file: GoFile) -> None:
        self._encoded, self._facts = encoded, facts
        self.path: str = file.path
        self.package: str = file.package
        self.lines: int = file.lines
        self.imports: tuple[Import, ...] = file.imports
        self.constraint: str = file.constraint
        self.generated: bool = file.generated
        self.gaps: tuple[Gap, ...] = file.gaps
        self.call_names = _names(file)
        self.composite_types = frozenset(c.type.partition("[")[0] for c in file.composites)

    @property
    def directory(self) -> str:
        return self.path.rpartition("/")[0]

    def __getattr__(self, name: str) -> object:
        return getattr(self._facts.of(self.path, self._encoded), name)


def call_names(file: GoFile | EncodedTest) -> frozenset[str]:
    """The keys of the calls in a file: `.Method` for calls with a receiver, else the full name. Nothing is decoded for it."""
    return file.call_names if isinstance(file, EncodedTest) else _names(file)


def _names(file: GoFile) -> frozenset[str]:
    return frozenset(f".{c.name.rpartition('.')[2]}" if c.receiver else c.name for c in file.calls)
