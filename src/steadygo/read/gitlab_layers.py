"""What a GitLab job says after `extends`, `default` and `!reference` were followed inside its file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from steadygo.facts.place import Gap
from steadygo.read.yaml_nodes import Node

_DEEPEST = 11  # GitLab's own limit for extends; references nest to 10
_MOST_ELEMENTS = 2_000
_FROM_DEFAULT = ("after_script", "artifacts", "before_script", "cache", "image", "interruptible", "retry", "services", "tags", "timeout")

Layers = Mapping[str, tuple[Node, ...]]
"""Key -> its values from the furthest parent to the job itself: several only where mappings are merged."""


class Jobs:
    """The mappings of one file that jobs are made of."""

    def __init__(self, root: Node, gaps: list[Gap]) -> None:
        self._root = root
        self._gaps = gaps
        self._elsewhere = root.get("include") is not None

    def layers(self, name: str, node: Node) -> Layers:
        """All that counts for the job: its parents' keys, its own over them, defaults for what is still missing."""
        found: dict[str, tuple[Node, ...]] = {}
        for layer in self._chain(name, node):
            for key, value in layer.named_items():
                before = found.get(key, ())
                found[key] = (*before, value) if value.is_mapping and before and before[-1].is_mapping else (value,)
        inherit = found.get("inherit", (node,))[-1].get("default")
        if inherit is None or inherit.as_bool is not False:
            wanted = {e.text for e in inherit.elements()} if inherit is not None and inherit.is_sequence else None
            for key in _FROM_DEFAULT:
                given = self._root.get("default", key) or self._root.get(key)
                if given is not None and key not in found and (wanted is None or key in wanted):
                    found[key] = (given,)
        return found

    def _chain(self, name: str, node: Node) -> list[Node]:
        """The job and those it extends, furthest first; of several parents the last one wins."""
        order: list[Node] = []
        stack: list[tuple[str, Node, int]] = [(name, node, 0)]
        while stack and len(order) < 100:
            current, layer, depth = stack.pop()
            order.append(layer)
            extends = layer.get("extends")
            for parent in extends.one_or_many() if extends is not None else ():
                target = self._root.get(parent.text or "")
                if target is None or not target.is_mapping:
                    if not self._elsewhere:
                        self._gaps.append(Gap(parent.line, f"{current[:60]} extends {(parent.text or '')[:60]}, which is not in this file"))
                elif depth >= _DEEPEST or any(target is seen for seen in order):
                    if depth >= _DEEPEST:
                        self._gaps.append(Gap(parent.line, f"{current[:60]} extends too deep or itself"))
                else:
                    stack.append((parent.text or "", target, depth + 1))
        return order[::-1]

    def elements(self, node: Node | None) -> list[Node]:
        """The scalars of a script: nested lists flattened, `!reference [job, key]` followed."""
        found: list[Node] = []
        for element in self._flat(node, 0):
            found.append(element)
            if len(found) >= _MOST_ELEMENTS:
                break
        return found

    def _flat(self, node: Node | None, depth: int) -> Iterator[Node]:
        if node is None or node.is_null or depth > _DEEPEST:
            return
        if node.tag == "!reference" and node.is_sequence:
            target = self._root.get(*(element.text or "" for element in node.elements()))
            if target is None and not self._elsewhere:
                what = ", ".join(element.text or "" for element in node.elements())
                self._gaps.append(Gap(node.line, f"!reference [{what[:60]}] is not in this file"))
            yield from self._flat(target, depth + 1)
        elif node.is_sequence:
            for element in node.elements():
                yield from self._flat(element, depth + 1)
        elif not node.is_mapping:
            yield node
