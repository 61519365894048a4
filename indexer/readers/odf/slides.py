"""OpenDocument presentations and drawings: slides by number; text, tables, charts, notes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from indexer.readers.odf.document import Document, n
from indexer.readers.odf.runs import REMARK, is_drawing
from indexer.readers.odf.story import Story
from indexer.readers.page import Page
from indexer.readers.sections import Sections
from indexer.readers.slides.pptx import LONGEST_TITLE, hidden_mark

_CLASS, _PAGE = n("presentation:class"), n("draw:page")
_FRAME = frozenset(("page", "page-number", "date-time", "header", "handout", "footer"))
_NOTES = n("presentation:notes")
_LENGTH = re.compile(r"(-?\d+(?:\.\d+)?)(cm|mm|in|pt|pc|px)?")
_IN_MM = {"cm": 10, "mm": 1, "in": 25.4, "pt": 25.4 / 72, "pc": 25.4 / 6}


def pages(document: Document) -> Iterator[Page]:
    """The slides with text in the order of the show, the hidden ones after all others."""
    hidden = []
    sections, story = Sections(), None
    for number, slide in enumerate(_slides(document), 1):
        if story is None:
            story = Story(document, document.styles(slide), sections)
        if story.styles.is_in_show(slide):
            _slide(slide, number, story, sections)
            yield from sections.take(last=True)
        else:
            hidden.append(number)
    if story and hidden:
        for number, slide in enumerate(_slides(document), 1):
            if number in hidden:
                _slide(slide, number, story, sections)
                yield from sections.take(last=True)


def _slides(document: Document) -> Iterator[Any]:
    return (each for each in document.body() if each.tag == _PAGE)


def _slide(slide: Any, number: int, story: Story, sections: Sections) -> None:
    """The title as heading, and what stands below it."""
    sections.turn_to(number)
    shapes = [each for each in slide if is_drawing(each) and each.get(_CLASS) not in _FRAME]
    titles = [each for each in shapes if each.get(_CLASS) == "title"] or _topmost(shapes, story)
    title = " ".join(filter(None, map(story.all_text, titles)))
    if not story.styles.is_in_show(slide):
        title = f"{title} {hidden_mark(title)}"
    sections.heading(1, title)
    for shape in shapes:
        if shape not in titles:
            story.block(shape)
    story.flush()
    for notes in slide.iterchildren(_NOTES, REMARK):
        shown = [each for each in notes if each.get(_CLASS) not in _FRAME]
        sections.add("\n".join(filter(None, map(story.all_text, shown))), "note")


def _topmost(shapes: list[Any], story: Story) -> list[Any]:
    """The box of one line above all others, which is the title of a slide without one."""
    tops = sorted((_top(each), at) for at, each in enumerate(shapes) if story.all_text(each))
    if len(tops) < 2 or tops[0][0] == tops[1][0]:
        return []
    first = shapes[tops[0][1]]
    text = story.all_text(first)
    is_line = "\n" not in text and len(text) <= LONGEST_TITLE and text[-1] not in ".,;:"
    return [first] if is_line else []


def _top(shape: Any) -> float:
    """How far below the edge of the slide a shape begins, in millimetres."""
    found = _LENGTH.match(shape.get(n("svg:y"), ""))
    return float(found[1]) * _IN_MM.get(found[2], 1) if found else 0.0
