"""tesseract: what of it is installed, and what it makes of a picture."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from indexer.readers import programs
from indexer.readers.page import Unreadable
from indexer.readers.scan import hocr, kept
from indexer.readers.scan.picture import Picture

LANGUAGES = ("rus", "eng")
VERSION = 1  # of how pictures are given to it
DOUBTFUL = 75  # per cent: less, and a page may lie on its side
# Where tesseract looks for tables it loses rows of them; they are found by their places.
KEEP_ROWS = ("-c", "textord_tabfind_find_tables=0")

_TURN = re.compile(rb"Rotate: (90|180|270)\b")


@dataclass(frozen=True)
class Tesseract:
    """The program, its version, and which of our languages it knows."""

    program: str
    version: str
    languages: tuple[str, ...]

    @classmethod
    def found(cls) -> Tesseract | None:
        """None where there is none, or none that starts and knows a language."""
        if not (program := programs.find("tesseract")):
            return None
        try:
            version = programs.run([program, "--version"]).decode(errors="replace")
            known = programs.run([program, "--list-langs"]).decode(errors="replace").split()
        except (Unreadable, OSError):
            return None
        languages = tuple(each for each in LANGUAGES if each in known)
        return cls(program, version.partition("\n")[0], languages) if languages else None

    def read(self, picture: Picture) -> hocr.Scan:
        """What stands on a picture. Raises Unreadable."""
        if picture.is_blank:
            return hocr.Scan([], 0)
        pgm = picture.as_pgm()
        made_with = f"{self.version} {self.languages} {picture.dpi} {VERSION}"
        key = hashlib.sha256(made_with.encode() + pgm).hexdigest()
        written = kept.get(key)
        if written is None:
            written = self._upright(picture, pgm)
            kept.put(key, written)
        return hocr.parse(written, picture.dpi)

    def _upright(self, picture: Picture, pgm: bytes) -> bytes:
        """The hOCR of a picture, which is turned where it looks wrong."""
        written = self._recognised(picture.levelled())
        confidence = hocr.parse(written, picture.dpi).confidence
        if confidence >= DOUBTFUL:
            return written
        try:
            told = self._run(picture, pgm, "--psm", "0")
        except Unreadable:  # too few letters to tell, or without the data for it
            return written
        if not (turn := _TURN.search(told)):
            return written
        turned = self._recognised(picture.turned(int(turn[1])).levelled())
        better = hocr.parse(turned, picture.dpi).confidence > confidence
        return turned if better else written

    def _recognised(self, picture: Picture) -> bytes:
        languages = "+".join(self.languages)
        return self._run(picture, picture.as_pgm(), "-l", languages, *KEEP_ROWS, "hocr")

    def _run(self, picture: Picture, pgm: bytes, *options: str) -> bytes:
        argv = [self.program, "-", "-", "--dpi", str(picture.dpi), *options]
        return programs.run(argv, pgm)
