"""Marks inside a line that would be lost: of links, of sums and of paths."""

import re
from collections.abc import Collection, Iterator
from typing import Any

from bot.messages.addresses import may_be_masked
from bot.messages.hiding import (
    HIDDEN,
    NOTHING,
    SHOWN,
    Edit,
    Events,
    Place,
    hidden,
    inside,
    started,
)

WORD = re.compile(rb"\S+")
# A word with a backslash that escapes nothing is a path: none of its backslashes escapes.
PATH = re.compile(rb"\\\\|(?<![A-Za-z])[A-Za-z]:\\|\\[0-9A-Za-z\x80-\xff]")
ESCAPE = re.compile(rb"\\(?=[!-/:-@\[-_{}~\s]|\Z)")
WEB = (b"http://", b"https://")
WIDTHS = {"Emphasis": 1, "Strong": 2, "Strikethrough": 2}
IDENTIFIER = re.compile(r"[A-Za-z0-9_.]+")  # such as __init__
CLOSING = ".,;:!?)]}/"


def links(
    events: Events, source: bytes, tables: Collection[Place], hosts: Collection[str]
) -> Iterator[Edit]:
    """Links become "label (target)"; pages of these hosts stay links, outside of tables."""
    ends = {
        (place, event["End"]): at
        for at, (event, place) in enumerate(events)
        if event in ({"End": "Link"}, {"End": "Image"})
    }
    for at, (event, place) in enumerate(events):
        for kind in ("Link", "Image"):
            if not started(event, kind):
                continue
            link, inner = event["Start"][kind], events[at + 1 : ends[place, kind]]
            table = inside(place[0], tables)
            nothing = b"" if table else NOTHING.encode()  # a table's columns would count it
            if link["link_type"] in ("Autolink", "Email"):
                yield *place, _bare(source[slice(*place)], link["link_type"], nothing)
            elif link["link_type"] == "Inline" and (
                table or kind == "Image" or not _masked(link, inner, hosts)
            ):
                begin = place[0] + len("![" if kind == "Image" else "[")
                yield place[0], begin, nothing
                yield _target((begin, place[1]), inner, source)


def emphasis(event: Any, place: Place, source: bytes) -> Iterator[Edit]:
    """Stars and the like that are a part of words or sums."""
    kind = event.get("Start") if isinstance(event, dict) else None
    if not isinstance(kind, str) or kind not in WIDTHS:
        return
    (start, end), width = place, WIDTHS[kind]
    mark = source[start : start + width]
    if mark.startswith(b"~") and mark != b"~~":
        return  # the converter takes a single one for what it is
    before = source[max(0, start - 4) : start].decode(errors="ignore")[-1:]
    after = source[end : end + 4].decode(errors="ignore")[:1]
    if _is_text(before, mark.decode(), source[start + width : end - width].decode(), after):
        for at in (start, end - width):
            yield at, at + width, hidden(source[at : at + width])


def paths(source: bytes, formulas: Collection[Place]) -> Iterator[Edit]:
    """Backslashes of paths, which would be taken for escapes."""
    for word in WORD.finditer(source):
        if PATH.search(word[0]) and not inside(word.start(), formulas):
            for found in ESCAPE.finditer(word[0]):
                at = word.start() + found.start()
                yield at, at + 1, hidden(found[0])


def _masked(link: dict[str, str], inner: Events, hosts: Collection[str]) -> bool:
    texts = (event for event, _ in inner if isinstance(event, dict))
    label = "".join(event.get("Text") or event.get("Code") or "" for event in texts)
    return may_be_masked(label.translate(SHOWN), link["dest_url"].translate(SHOWN), hosts)


def _bare(link: bytes, kind: str, nothing: bytes) -> bytes:
    """What stands between < and >, and these too where they mean something else."""
    if kind == "Email" or link[1:].lower().startswith(WEB):
        return nothing + hidden(link[1:-1]) + nothing
    return hidden(link)


def _target(place: Place, inner: Events, source: bytes) -> Edit:
    """What stands behind a label becomes readable, where it is not the label itself."""
    start = source.index(b"](", max([place[0], *(end for _, (_, end) in inner)]))
    label, target = source[place[0] : start], source[start + 2 : place[1] - 1].strip()
    if target in (b"", label):
        return start, place[1], b""
    return start, place[1], (b" " if label else b"") + hidden(b"(" + target + b")")


def _is_text(before: str, mark: str, inner: str, after: str) -> bool:
    """True if the mark is what it looks like: 5*3*2, *.txt,*.pdf, sum(*), __init__, a/*b*/."""
    alone = len(mark) == 1
    return (
        before.isalnum()
        or before in ("/", "\\", "=", *map(HIDDEN.get, map(ord, "*_~/\\=")))
        or (alone and before in (")", "]", "}", "%"))
        or after.isdecimal()
        or (alone and after.isalnum())
        or (mark[0] == "_" and IDENTIFIER.fullmatch(inner) is not None)
        or (inner[:1] in CLOSING and (alone or not inner[-1:].isalnum()))
    )
