"""OpenDocument texts: paragraphs, lists and tables in order, by heading, with pages where known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from indexer.readers.odf.document import Document, n
from indexer.readers.odf.story import TABLE, Story
from indexer.readers.page import Page
from indexer.readers.sections import Sections

_PAGED = re.compile(rb"<text:soft-page-break\b")
_EDGES = re.compile(r"\}(?:header|footer)(?:-left|-first)?$")


def pages(document: Document) -> Iterator[Page]:
    """The sections of the text; each piece with its page where the file records page breaks."""
    sections, story = Sections(), None
    for element in document.body(TABLE):
        if story is None:
            roots = document.styles(element)
            story = Story(document, roots, sections)
            _furniture(roots, story, sections)
            if _PAGED.search(document.content):
                story.begin_pages()
        story.block(element)
        yield from sections.take()
    if story:
        story.flush()
    yield from sections.take(last=True)


def _furniture(roots: list[Any], story: Story, sections: Sections) -> None:
    """Running headers and footers: each text once, however many kinds of page have it."""
    seen = set()
    for root in roots:
        for page in root.iterchildren(n("style:master-page")):
            for edge in page:
                text = story.all_text(edge) if _EDGES.search(str(edge.tag)) else ""
                if text not in seen and re.search(r"[^\W\d_]", text):
                    seen.add(text)
                    sections.add(text, "furniture")
