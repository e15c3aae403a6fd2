"""Lists of texts and of `NAME=value` as release tools write them: one text, or a sequence of them."""

from __future__ import annotations

from steadygo.facts.commands import Variable
from steadygo.facts.place import Text
from steadygo.read.quantities import text_fact
from steadygo.read.yaml_nodes import Node


def texts_of(node: Node | None) -> tuple[Text, ...]:
    """The texts of a scalar or of a sequence of scalars."""
    if node is None or node.is_mapping:
        return ()
    return tuple(text for element in node.one_or_many() if (text := text_fact(element)) is not None)


def words_of(node: Node | None) -> tuple[str, ...]:
    """As `texts_of`, without places."""
    return tuple(text.value for text in texts_of(node))


def assignments_of(node: Node | None) -> tuple[Variable, ...]:
    """`NAME=value` texts; a name alone is passed through from the host."""
    found: list[Variable] = []
    for text in texts_of(node):
        name, equals, value = text.value.partition("=")
        found.append(Variable(name.strip(), value if equals else None, text.line, text.column, "" if equals else "host"))
    return tuple(found)
