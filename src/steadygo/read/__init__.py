"""Text of artefacts -> facts. A parser's types never leave this room.

Every reader module has

    read(path: str, data: bytes) -> Artefact      never raises for what stands in `data`

recognise.py alone decides which reader a file belongs to.
"""
