"""Pictures as documents: jpg, png, bmp, webp, and tiff page by page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from indexer.readers.layout.pages import Content, Pages
from indexer.readers.layout.parts import Part
from indexer.readers.page import Page
from indexer.readers.scan.file import PictureFile
from indexer.readers.scan.pages import Scans


def read(path: Path) -> Iterator[Page]:
    """Every page; one on which nothing was recognised has text ""."""
    with PictureFile(path) as file:
        scans = Scans(len(file), file.__getitem__)
        yield from scans.all_of(_Pictures(scans, len(file)).pages())


class _Pictures(Pages):
    """The pages of a file; that of a single picture has no number."""

    def __init__(self, scans: Scans, count: int) -> None:
        super().__init__(count)
        self._scans = scans

    def _content(self, at: int) -> Content:
        scan = self._scans.page(at)
        assert scan
        self._style = self._scans.style
        content = Content(at + 1 if self._count > 1 else None, scan.parts)
        content.asides = [Part(text, "furniture") for text in scan.running]
        content.recognised, content.gap = scan.confidence, scan.gap
        return content
