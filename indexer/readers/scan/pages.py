"""The pages of a document that are pictures, recognised a few ahead of those that are asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from indexer.readers import waiting
from indexer.readers.layout.furniture import Furniture
from indexer.readers.layout.parts import Part, Style, parts_of
from indexer.readers.page import Missing, Page, Unreadable
from indexer.readers.scan.hocr import Scan
from indexer.readers.scan.picture import Picture
from indexer.readers.scan.tesseract import Tesseract

AHEAD = 3  # pages: so many show what lines are repeated on each
AHEAD_SECONDS = 30.0
KNOWN = 20  # pages that show how a document is set


@dataclass(frozen=True)
class Recognised:
    """What a page holds: text, running lines; how sure that is in per cent, and what it lacks."""

    parts: list[Part]
    running: list[str]
    letters: int
    confidence: int
    gap: str


class Scans:
    """Reads pages of a document by tesseract."""

    def __init__(self, count: int, picture: Callable[[int], Picture | None]) -> None:
        """`picture` gives that of a page, from 0; None where it is none."""
        self._count = count
        self._picture = picture
        self._tesseract = Tesseract.found()
        self._gap = waiting.gap(self._tesseract.languages if self._tesseract else None)
        self._read = dict[int, tuple[Scan, str]]()
        self.style = Style([])

    def page(self, at: int) -> Recognised | None:
        """What was recognised on a page; None where it is no picture."""
        if self._tesseract is None:
            return Recognised([], [], 0, 0, self._gap)
        started = time.monotonic()
        for number in range(at, min(at + AHEAD, self._count)):
            if number not in self._read:
                late = time.monotonic() - started > AHEAD_SECONDS
                if (late and number > at) or not self._take(self._tesseract, number):
                    break
        if at not in self._read:
            return None
        self._read = {number: each for number, each in self._read.items() if number > at - KNOWN}
        known = [scan.pieces for scan, _ in self._read.values()]
        self.style = Style(known)
        scan, gap = self._read[at]
        body, running = Furniture(known).parted(scan.pieces)
        parts = list(parts_of(body, self.style, [], {}))
        lines = [line.text for line in running]
        return Recognised(parts, lines, scan.letters, scan.confidence, gap)

    def all_of(self, pages: Iterator[Page]) -> Iterator[Page]:
        """The pages of a document that has no text but what is recognised.

        Raises Missing where nothing can be, Unreadable where nothing was.
        """
        if self._tesseract is None:
            raise Missing(waiting.of_pages(self._count, self._count, self._gap))
        gap, found = "", False
        for page in pages:
            gap, found = gap or page.gap, found or bool(page.text)
            yield page
        if not found:
            gap = gap or "nothing was recognised"
            raise Unreadable(waiting.of_pages(self._count, self._count, gap))

    def _take(self, tesseract: Tesseract, at: int) -> bool:
        if (picture := self._picture(at)) is None:
            return False
        try:
            self._read[at] = tesseract.read(picture), self._gap
        except Unreadable as error:
            self._read[at] = Scan([], 0), str(error)
        return True
