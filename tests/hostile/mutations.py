"""Damage, done to valid documents in every way and at every place, as a merge, an editor or a transfer does it."""

import copy
import json
from collections.abc import Iterator
from typing import Any, TypeAlias

Step: TypeAlias = str | int
Path: TypeAlias = tuple[Step, ...]

WRONG: tuple[Any, ...] = (None, "x", [], {}, 7, [None])
"""Values of every kind; at each place, those of another kind than what stands there."""


def paths(document: Any, path: Path = ()) -> Iterator[Path]:
    """The places of a document, below its root."""
    if path:
        yield path
    children = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for step, child in children:
        yield from paths(child, (*path, step))


def at(document: Any, path: Path) -> Any:
    """What stands at a place."""
    for step in path:
        document = document[step]
    return document


def wrong_types(document: Any) -> Iterator[tuple[Path, Any]]:
    """At every place, values of other kinds than the one that belongs there."""
    for path in paths(document):
        for value in WRONG:
            if type(value) is not type(at(document, path)):
                damaged = copy.deepcopy(document)
                at(damaged, path[:-1])[path[-1]] = value
                yield path, damaged


def deletions(document: Any) -> Iterator[tuple[Path, Any]]:
    """Every place, gone."""
    for path in paths(document):
        damaged = copy.deepcopy(document)
        del at(damaged, path[:-1])[path[-1]]
        yield path, damaged


def doubled_keys(document: Any) -> Iterator[tuple[Path, str]]:
    """Every key once more behind itself, in JSON, with nothing as its value: who takes the last sees nothing."""
    for path in paths(document):
        if isinstance(path[-1], str):
            damaged = copy.deepcopy(document)
            owner = at(damaged, path[:-1])
            again = dict(owner)
            owner.clear()
            for key, value in again.items():
                owner[key] = value
                if key == path[-1]:
                    owner["\0again"] = None
            yield path, json.dumps(damaged).replace(json.dumps("\0again"), json.dumps(path[-1]))


def cuts(content: bytes, count: int) -> Iterator[tuple[int, bytes]]:
    """The beginnings of a document, at ``count`` places that are spread over it, none of them empty or whole."""
    for number in range(1, count + 1):
        end = 1 + (len(content) - 2) * number // (count + 1)
        yield end, content[:end]


def encodings(text: str, key: str) -> Iterator[tuple[str, bytes]]:
    """The document in encodings that are not what they seem, with ``key`` broken in some."""
    content = text.encode()
    yield "a byte in a key", content.replace(key.encode(), key[:3].encode() + b"\xff" + key[3:].encode(), 1)
    yield "a zero byte in a key", content.replace(key.encode(), key[:3].encode() + b"\0" + key[3:].encode(), 1)
    yield "half in utf-16", content[: len(content) // 2] + text[len(content) // 2 :].encode("utf-16-le")
    yield "utf-16 cut in a character", text.encode("utf-16")[:-1]
    yield "utf-16 of the wrong order", b"\xff\xfe" + text.encode("utf-16-be")
    yield "utf-32", text.encode("utf-32")
    yield "ebcdic", text.encode("cp500")
