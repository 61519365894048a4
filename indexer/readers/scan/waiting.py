"""Pages that wait for a program to be installed: how that is told, and whether it is over."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from functools import cached_property

RUSSIAN = "rus"
# How packages are installed, tesseract's and that of its Russian, by the program for it.
INSTALLERS = {
    "apt": ("apt install", "tesseract-ocr", "tesseract-ocr-rus"),
    "dnf": ("dnf install", "tesseract", "tesseract-langpack-rus"),
    "pacman": ("pacman -S", "tesseract", "tesseract-data-rus"),
    "zypper": ("zypper install", "tesseract-ocr", "tesseract-ocr-traineddata-russian"),
    "brew": ("brew install", "tesseract", "tesseract-lang"),
}
_PICTURE = "a picture, to be recognised after: "
_WITHOUT_RUSSIAN = "recognised without Russian, again after: "
_WAITS = re.compile(
    rf"(?:(\d+) of its \d+ pages|its only page): (?:{_PICTURE}|{_WITHOUT_RUSSIAN})([^;]+)"
)


def gap(languages: tuple[str, ...] | None) -> str:
    """What a page lacks that is a picture, by the languages that tesseract knows."""
    command = _advice(languages)
    return f"{_PICTURE if languages is None else _WITHOUT_RUSSIAN}{command}" if command else ""


def of_pages(count: int, of: int, gap: str) -> str:
    """What is told of a document of which so many pages lack something."""
    return f"{count} of its {of} pages: {gap}" if of > 1 else f"its only page: {gap}"


def told(reasons: Iterable[str]) -> tuple[int, str]:
    """How many pages wait, by what is told of their documents, and for what to be typed."""
    found = [each for reason in reasons for each in _WAITS.findall(reason)]
    pages = sum(int(count or 1) for count, _ in found)
    return pages, max((command for _, command in found), default="")


def is_all(reason: str) -> bool:
    """Whether a document lacks nothing else."""
    return _WAITS.fullmatch(reason) is not None


class Now:
    """What is installed now, which is looked at once, where a document waits."""

    def allows_more(self, reason: str) -> bool:
        """Whether more can be read of a document than when this was told of it."""
        commands = [command for _, command in _WAITS.findall(reason)]
        return bool(commands) and self._advice not in commands

    @cached_property
    def _advice(self) -> str:
        from indexer.readers.scan.tesseract import Tesseract

        tesseract = Tesseract.found()
        return _advice(tesseract.languages if tesseract else None)


def _advice(languages: tuple[str, ...] | None) -> str:
    """What is to be typed so that scans are read, in Russian, too; nothing where they are."""
    if languages and RUSSIAN in languages:
        return ""
    command, base, russian = INSTALLERS[next(filter(shutil.which, INSTALLERS), "apt")]
    return " ".join([command, *([base] if languages is None else []), russian])
