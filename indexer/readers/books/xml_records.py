"""XML that holds records, as programs exchange them: fields with their names, rows of tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from indexer.readers.books import records
from indexer.readers.page import Page
from indexer.readers.sections import Sections

_ABOUT_THE_FILE = "{http://www.w3.org/2001/XMLSchema-instance}"


def holds_records(root: Any) -> bool:
    """Whether no element has text between others: then it is no prose with marks in it."""
    return len(root) > 0 and not any(
        (element.tail or "").strip() or (len(element) and (element.text or "").strip())
        for element in root.iter()
    )


def write(root: Any) -> Iterator[Page]:
    """The fields and rows under the names of the elements."""
    sections = Sections()
    sections.heading(0, _name(root.tag), seen=False)
    records.write(_value(root, 1), sections)
    yield from sections.take(last=True)


def _value(element: Any, depth: int) -> Any:
    """What JSON would hold for an element: its text, a list of what is alike, or an object."""
    if depth > records.DEPTH:
        return " ".join("".join(element.itertext()).split())
    inside = _inside(element, depth)
    fields: dict[str, Any] = {
        _name(name): value
        for name, value in element.items()
        if not name.startswith(_ABOUT_THE_FILE)
    }
    text = (element.text or "").strip()
    if not fields and len(inside) == 1 and len(element) > 1:
        return next(iter(inside.values()))
    if not fields and not inside:
        return text
    named = {_name(element.tag): text} if text else {}
    return fields | named | {name: each if each[1:] else each[0] for name, each in inside.items()}


def _inside(element: Any, depth: int) -> dict[str, list[Any]]:
    """The values of the elements inside, by their names."""
    inside: dict[str, list[Any]] = {}
    for each in element.iterchildren("*"):
        inside.setdefault(_name(each.tag), []).append(_value(each, depth + 1))
    return inside


def _name(tag: str) -> str:
    """A name without its namespace."""
    return tag.rpartition("}")[2]
