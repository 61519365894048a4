"""What waits for a program to be installed: how that is told, and whether it is over."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from core.text import counted

RUSSIAN = "rus"
# How packages are installed, tesseract's and that of its Russian, by the program for it.
INSTALLERS = {
    "apt": ("apt install", "tesseract-ocr", "tesseract-ocr-rus"),
    "dnf": ("dnf install", "tesseract", "tesseract-langpack-rus"),
    "pacman": ("pacman -S", "tesseract", "tesseract-data-rus"),
    "zypper": ("zypper install", "tesseract-ocr", "tesseract-ocr-traineddata-russian"),
    "brew": ("brew install", "tesseract", "tesseract-lang"),
}
OFFICE, OFFICE_HOW = ("soffice", "libreoffice"), "apt install libreoffice-nogui"
UNPACKER, UNPACKER_HOW = "bsdtar", "apt install libarchive-tools"
_PICTURE = "a picture, to be recognised after: "
_WITHOUT_RUSSIAN = "recognised without Russian, again after: "
_COMMAND = re.compile(r"after: ([^;,()]+)")
_PAGES = re.compile(
    rf"(?:(\d+) of its \d+ pages|its only page): (?:{_PICTURE}|{_WITHOUT_RUSSIAN})[^;]+"
)
_DOCUMENT = re.compile(r"\w+ is needed for \.\w+, to be read after: [^;]+")
_MEMBERS = re.compile(r"waiting: \d+ of \d+ files? in it .+, to be read after: [^;]+")


@dataclass
class Waiting:
    """What waits for one command: pages that are pictures, documents, and files in documents."""

    pages: int = 0
    documents: Counter[str] = field(default_factory=Counter)  # by suffix
    containers: int = 0

    def __str__(self) -> str:
        parts = [f"{counted(self.pages, 'page')} of scans and pictures"] if self.pages else []
        if total := self.documents.total():
            kinds = ", ".join(f"{count} {kind}" for kind, count in self.documents.most_common())
            parts.append(f"{counted(total, 'document')} ({kinds})")
        if self.containers:
            parts.append(f"files in {counted(self.containers, 'archive or mail', _CONTAINERS)}")
        return ", ".join(parts)


_CONTAINERS = "archives and mails"


def gap(languages: tuple[str, ...] | None) -> str:
    """What a page lacks that is a picture, by the languages that tesseract knows."""
    command = advice(languages)
    return f"{_PICTURE if languages is None else _WITHOUT_RUSSIAN}{command}" if command else ""


def document(program: str, suffix: str, how: str) -> str:
    """What is told of a document that a program would read."""
    return f"{program} is needed for {suffix}, to be read after: {how}"


def members(names: list[str], of: int, commands: Iterable[str]) -> str:
    """What is told of an archive or a mail with files for which programs are missing."""
    more = f" and {len(names) - 1} more" if names[1:] else ""
    how = ", and after: ".join(commands)
    file = counted(of, "file")
    return f"waiting: {len(names)} of {file} in it ({names[0]}{more}), to be read after: {how}"


def of_pages(count: int, of: int, gap: str) -> str:
    """What is told of a document of which so many pages lack something."""
    return f"{count} of its {of} pages: {gap}" if of > 1 else f"its only page: {gap}"


def commands(reason: str) -> list[str]:
    """What is to be typed so that more is read of what this was told of."""
    return list(dict.fromkeys(_COMMAND.findall(reason)))


def told(reasons: Iterable[tuple[str, str]]) -> dict[str, Waiting]:
    """What waits, by what is to be typed before; of documents' paths and what is told of each."""
    found: dict[str, Waiting] = {}
    for path, reason in reasons:
        for command in commands(reason):
            _count(found.setdefault(command, Waiting()), path, command, reason)
    return found


def _count(waiting: Waiting, path: str, command: str, reason: str) -> None:
    parts = [part for part in reason.split("; ") if command in commands(part)]
    pages = [each for each in map(_PAGES.fullmatch, parts) if each]
    waiting.pages += sum(int(each[1] or 1) for each in pages)
    if any(map(_DOCUMENT.fullmatch, parts)):
        waiting.documents[PurePosixPath(path).suffix.lower()] += 1
    elif len(pages) < len(parts):
        waiting.containers += 1


def is_all(reason: str) -> bool:
    """Whether a document lacks nothing else."""
    patterns = (_PAGES, _DOCUMENT, _MEMBERS)
    return all(any(each.fullmatch(part) for each in patterns) for part in reason.split("; "))


def is_of_pages(reason: str) -> bool:
    """Whether a document waits that is nothing but pictures."""
    return _PAGES.fullmatch(reason) is not None


def advice(languages: tuple[str, ...] | None) -> str:
    """What is to be typed so that scans are read, in Russian, too; nothing where they are."""
    if languages and RUSSIAN in languages:
        return ""
    command, base, russian = INSTALLERS[next(filter(shutil.which, INSTALLERS), "apt")]
    return " ".join([command, *([base] if languages is None else []), russian])
