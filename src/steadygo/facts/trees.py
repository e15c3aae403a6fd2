"""A YAML document as frozen data: what overlays are applied to before workloads are read out of it."""

from __future__ import annotations

import msgspec


class Tree(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """kind: scalar mapping sequence. A mapping's `children` are key, value, key, value …; `text` is None for null and collections.

    `path` is the file that this piece comes from, "" when it is the document's own (a patch's pieces name the patch's file).
    """

    kind: str
    line: int
    column: int = 1
    text: str | None = None
    children: tuple[Tree, ...] = ()
    path: str = ""

    def items(self) -> list[tuple[Tree, Tree]]:
        """A mapping's pairs in order."""
        if self.kind != "mapping":
            return []
        pairs = iter(self.children)
        return list(zip(pairs, pairs, strict=True))

    def get(self, *keys: str) -> Tree | None:
        """The value under nested keys; None when some key is absent."""
        node: Tree | None = self
        for name in keys:
            if node is None:
                return None
            node = next((value for key, value in node.items() if key.text == name), None)
        return node

    def text_at(self, *keys: str) -> str:
        """The text under nested keys, "" when absent or not a scalar."""
        node = self.get(*keys)
        return (node.text or "") if node is not None else ""


def scalar(text: str, like: Tree | None = None) -> Tree:
    """A scalar that stands where `like` stands."""
    return Tree("scalar", like.line, like.column, text, (), like.path) if like is not None else Tree("scalar", 1, 1, text)
