"""PowerPoint presentations: slides by number; text, tables, charts, SmartArt, notes, comments."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from indexer.readers.archive import Office, Package, opened
from indexer.readers.page import Kind, Page, alt_text
from indexer.readers.sections import Sections
from indexer.readers.slides import pptx_graphics
from indexer.readers.slides.pptx_graphics import A, P, text_of

OFFICE = Office("PowerPoint")

_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_GROUPS = (f"{P}grpSp", f"{_MC}AlternateContent", f"{_MC}Choice")
_SHAPES = (f"{P}sp", f"{P}graphicFrame", f"{P}cxnSp", f"{P}pic")
_TITLES = frozenset(("title", "ctrTitle"))
_LISTS = frozenset(("body", "obj", ""))  # placeholders whose paragraphs have bullets
_FRAME = frozenset(("sldImg", "sldNum", "dt", "hdr", "ftr"))  # what a page of notes has around them
LONGEST_TITLE = 120
_BULLETS, _NUMBERS = (f"{A}buChar", f"{A}buBlip"), f"{A}buAutoNum"


def read(path: Path) -> Iterator[Page]:
    """The slides with text in the order of the show, the hidden ones after all others."""
    with opened(path, OFFICE) as package:
        main = package.main()
        parts = package.relations(main)
        listed = [parts[each.get(_ID)].part for each in package.xml(main).iter(f"{P}sldId")]
        slides = dict.fromkeys(listed)  # a damaged list may name one a thousand times
        hidden, seen = [], set[str]()
        for number, part in enumerate(slides, 1):
            slide = _Slide(package, part, seen)
            if slide.is_hidden:
                hidden.append((number, part))
            else:
                yield from slide.pages(number)
        for number, part in hidden:
            yield from _Slide(package, part, seen).pages(number)


class _Slide:
    """One slide with the parts that it links to; `seen` are backgrounds that were read, and texts
    on them."""

    def __init__(self, package: Package, part: str, seen: set[str]) -> None:
        self._package, self._seen = package, seen
        self._parts = package.relations(part)
        self._root = package.xml(part)
        self._sections = Sections()
        self.is_hidden = self._root.get("show") in ("0", "false")

    def pages(self, number: int) -> list[Page]:
        """The title as heading, and what stands below it."""
        self._sections.turn_to(number)
        shapes = list(_shapes(self._root.find(f"{P}cSld/{P}spTree")))
        titles = [shape for shape in shapes if _placeholder(shape) in _TITLES] or _topmost(shapes)
        title = " ".join(text_of(shape) for shape in titles)
        self._sections.heading(1, f"{title} {hidden_mark(title)}" if self.is_hidden else title)
        for shape in shapes:
            if shape not in titles:
                self._shape(shape)
        self._background()
        self._notes()
        return self._sections.take(last=True)

    def _shape(self, shape: Any) -> None:
        kind = _placeholder(shape)
        if kind in ("sldNum", "dt", "hdr"):
            return
        if kind == "ftr":
            self._sections.add(text_of(shape), "furniture")
        elif shape.tag == f"{P}graphicFrame":
            pptx_graphics.add(shape, self._package, self._parts, self._sections)
        else:
            self._paragraphs(shape, kind in _LISTS)
        for names in islice(shape.iter(f"{P}cNvPr"), 1):
            self._sections.add(alt_text(names.get("descr")), "caption")

    def _paragraphs(self, shape: Any, are_items: bool) -> None:
        numbers: dict[int, int] = {}  # level: the last number
        for paragraph in shape.iter(f"{A}p"):
            text, style = text_of(paragraph), paragraph.find(f"{A}pPr")
            if not text.strip():
                continue
            level = int(style.get("lvl", "0")) if style is not None else 0
            marker = _marker(style, are_items)
            if marker == "#":
                numbers = {at: number for at, number in numbers.items() if at <= level}
                numbers[level] = numbers.get(level, _first(style) - 1) + 1
                marker = f"{numbers[level]}. "
            kind: Kind = "item" if marker else "paragraph"
            self._sections.add(marker + text.strip(), kind, level=level)

    def _background(self) -> None:
        """What stands on all slides, like the name of a company, at the first of them."""
        parts = self._parts
        for kind in ("slideLayout", "slideMaster"):
            part = next((each.part for each in parts.values() if each.kind == kind), None)
            if part is None or part in self._seen:
                return
            self._seen.add(part)
            for shape in _shapes(self._package.xml(part).find(f"{P}cSld/{P}spTree")):
                text = "" if _placeholder(shape) is not None else text_of(shape)
                if text not in self._seen:
                    self._seen.add(text)
                    self._sections.add(text, "furniture")
            parts = self._package.relations(part)

    def _notes(self) -> None:
        for relation in self._parts.values():
            if relation.kind == "notesSlide":
                for shape in self._package.xml(relation.part).iter(f"{P}sp"):
                    if _placeholder(shape) not in _FRAME:
                        self._sections.add(text_of(shape), "note")
            elif relation.kind == "comments":
                for comment in self._package.xml(relation.part):
                    self._sections.add(text_of(comment), "note")


def hidden_mark(title: str) -> str:
    """What is said beside the title of a slide that is not shown."""
    return "(скрытый слайд)" if re.search("[А-яЁё]", title) else "(hidden slide)"


def _shapes(tree: Any) -> Iterator[Any]:
    """The shapes in reading order, those in groups too."""
    for child in tree if tree is not None else ():
        if child.tag in _GROUPS:
            yield from _shapes(child)
        elif child.tag in _SHAPES:
            yield child


def _placeholder(shape: Any) -> str | None:
    """What of the layout a shape fills: "title", "" for content; None: it is of its own."""
    found = next(shape.iter(f"{P}ph"), None)
    return None if found is None else found.get("type", "")


def _topmost(shapes: list[Any]) -> list[Any]:
    """The box of one line above all others, which is the title of a slide without one."""
    seen = [shape for shape in shapes if _placeholder(shape) not in _FRAME and _has_content(shape)]
    seen.sort(key=_top)
    if len(seen) < 2 or _top(seen[0]) == _top(seen[1]) or seen[0].tag != f"{P}sp":
        return []
    text = text_of(seen[0])
    is_line = "\n" not in text and len(text) <= LONGEST_TITLE and text[-1] not in ".,;:"
    return seen[:1] if is_line else []


def _has_content(shape: Any) -> bool:
    return shape.tag == f"{P}graphicFrame" or bool(text_of(shape))


def _top(shape: Any) -> float:
    """How far below the edge of the slide a shape begins; those of the layout do not say it."""
    place = next(shape.iter(f"{A}off"), None)
    return math.inf if place is None else int(place.get("y", "0"))


def _marker(style: Any, is_item: bool) -> str:
    """What stands before a paragraph, "#" for a number."""
    if style is not None:
        if style.find(_NUMBERS) is not None:
            return "#"
        if style.find(f"{A}buNone") is not None:
            return ""
        if any(style.find(bullet) is not None for bullet in _BULLETS):
            return "- "
    return "- " if is_item else ""


def _first(style: Any) -> int:
    return int(style.find(_NUMBERS).get("startAt", "1"))
