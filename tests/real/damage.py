"""Files damaged at random: their bytes, and the elements of the XML inside of an archive."""

from __future__ import annotations

import copy
import io
import re
import zipfile
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from lxml import etree

MOST_COPIES = 200
MOST_ELEMENTS = 20_000
_NUMBER = re.compile(rb"\d+")
_NUMBERS = (b"", b"-1", b"0", b"7.5", b"1e9", b"255", b"65536", b"2147483648", b"9" * 30, b"x")
_TEXTS = ("", "0", "-1", "1048577", "9" * 20, "А1:ZZZ9", "\u202e", "true", "../../etc/passwd")


def damaged(rng: Random, whole: bytes, other: bytes) -> bytes:
    """The file with up to three damages; `other` is a file of the same format."""
    inside = zipfile.is_zipfile(io.BytesIO(whole)) and rng.random() < 0.8
    for _ in range(rng.choice((1, 1, 2, 3))):
        whole = _repacked(rng, whole) if inside else _bytes_damaged(rng, whole, other)
    return whole


def _bytes_damaged(rng: Random, data: bytes, other: bytes) -> bytes:
    return rng.choice(_OF_BYTES)(rng, data, other)


def _flipped(rng: Random, data: bytes, other: bytes) -> bytes:
    made = bytearray(data)
    for _ in range(rng.choice((1, 1, 5, 50)) if made else 0):
        made[rng.randrange(len(made))] ^= 1 << rng.randrange(8)
    return bytes(made)


def _cut(rng: Random, data: bytes, other: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _without(rng: Random, data: bytes, other: bytes) -> bytes:
    start, stop = _piece(rng, data)
    return data[:start] + data[stop:]


def _repeated(rng: Random, data: bytes, other: bytes) -> bytes:
    start, stop = _piece(rng, data)
    return data[:start] + data[start:stop] * rng.choice((2, 2, 3, MOST_COPIES)) + data[stop:]


def _spliced(rng: Random, data: bytes, other: bytes) -> bytes:
    start, stop = _piece(rng, other)
    place = rng.randrange(len(data) + 1)
    return data[:place] + other[start:stop] + data[place:]


def _renumbered(rng: Random, data: bytes, other: bytes) -> bytes:
    found = list(_NUMBER.finditer(data))
    if not found:
        return data
    start, stop = rng.choice(found).span()
    return data[:start] + rng.choice(_NUMBERS) + data[stop:]


_OF_BYTES: Sequence[Callable[[Random, bytes, bytes], bytes]] = (
    _flipped, _cut, _without, _repeated, _spliced, _renumbered,
)  # fmt: skip


def _piece(rng: Random, data: bytes) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.randrange(1, 200))


def _repacked(rng: Random, data: bytes) -> bytes:
    """An archive that is whole, with one of its parts damaged, gone or in the place of another."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, EOFError):
        return data
    if not parts:
        return data
    name, other = rng.choice(list(parts)), rng.choice(list(parts))
    chance = rng.random()
    if chance < 0.04:
        del parts[name]
    elif chance < 0.08:
        parts[name] = parts[other]
    elif chance < 0.2:
        parts[name] = _bytes_damaged(rng, parts[name], parts[other])
    else:
        parts[name] = _elements_damaged(rng, parts[name])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def _elements_damaged(rng: Random, data: bytes) -> bytes:
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False))
    except etree.XMLSyntaxError:
        return data
    elements = list(root.iter("*"))
    for _ in range(rng.choice((1, 1, 3, 10))):
        if sum(1 for _ in root.iter()) > MOST_ELEMENTS:
            break
        rng.choice(_OF_ELEMENTS)(rng, rng.choice(elements), rng.choice(elements))
    return bytes(etree.tostring(root))


def _value_changed(rng: Random, element: Any, other: Any) -> None:
    if element.attrib:
        name = rng.choice(list(element.attrib))
        element.set(name, rng.choice((*_TEXTS, *other.attrib.values())))


def _value_dropped(rng: Random, element: Any, other: Any) -> None:
    if element.attrib:
        del element.attrib[rng.choice(list(element.attrib))]


def _text_changed(rng: Random, element: Any, other: Any) -> None:
    element.text = rng.choice((*_TEXTS, other.text or ""))


def _renamed(rng: Random, element: Any, other: Any) -> None:
    element.tag = other.tag


def _dropped(rng: Random, element: Any, other: Any) -> None:
    if element.getparent() is not None:
        element.getparent().remove(element)


def _doubled(rng: Random, element: Any, other: Any) -> None:
    if element.getparent() is not None:
        most = MOST_ELEMENTS // sum(1 for _ in element.iter())
        for _ in range(min(most, rng.choice((1, 3, MOST_COPIES)))):
            element.addnext(copy.deepcopy(element))


def _moved(rng: Random, element: Any, other: Any) -> None:
    other.append(copy.deepcopy(element))


def _nested(rng: Random, element: Any, other: Any) -> None:
    for _ in range(rng.choice((1, 20, MOST_COPIES))):
        inside = etree.SubElement(element, element.tag, element.attrib)
        inside.text, element = element.text, inside


_OF_ELEMENTS: Sequence[Callable[[Random, Any, Any], None]] = (
    _value_changed, _value_changed, _value_dropped, _text_changed, _renamed, _dropped, _doubled,
    _moved, _nested,
)  # fmt: skip
