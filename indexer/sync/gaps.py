"""What of a document could not be read, by its pages."""

from __future__ import annotations

from indexer.readers import Page
from indexer.readers.waiting import of_pages

NO_TEXT = "no text"


class Gaps:
    """The numbers of pages that lack something, by what that is."""

    def __init__(self) -> None:
        self.pages = set[int | None]()
        self.has_pictures = False
        self.left_out = ""  # of the document, beside its pages
        self._found = dict[str, set[int | None]]()

    def add(self, page: Page, *, blank: bool) -> None:
        """Take the next page; those of one number are one."""
        self.pages.add(page.number)
        self.has_pictures = self.has_pictures or page.recognised is not None
        if gap := page.gap or (NO_TEXT if blank else ""):
            self._found.setdefault(gap, set()).add(page.number)

    def __str__(self) -> str:
        told = self._found.items()
        lacking = [of_pages(len(pages), len(self.pages), gap) for gap, pages in told]
        return "; ".join(filter(None, [*lacking, self.left_out]))
