"""OpenDocument: texts, spreadsheets and presentations to pages."""

from collections.abc import Iterator
from pathlib import Path

from indexer.readers.odf import sheets, slides, text
from indexer.readers.odf.document import opened
from indexer.readers.page import Page


def read(path: Path) -> Iterator[Page]:
    """The pages of a text, a spreadsheet or a presentation."""
    with opened(path) as document:
        match document.kind:
            case "spreadsheet":
                yield from sheets.pages(document)
            case "text":
                yield from text.pages(document)
            case _:
                yield from slides.pages(document)
