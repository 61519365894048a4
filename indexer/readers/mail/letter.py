"""A letter of any format: subject, fields, body and attachments as blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby

from indexer.readers import plain
from indexer.readers.letters.clean import clean
from indexer.readers.members import Members, Opener
from indexer.readers.page import Page, Unreadable
from indexer.readers.sections import SEPARATOR, Sections
from indexer.readers.web import html

MOST_ADDRESSED = 1000  # characters of those who are written to

_RUSSIAN = re.compile("[А-яЁё]")
_LABELS = {"from": "От", "to": "Кому", "cc": "Копия", "date": "Дата"}
_QUOTED = re.compile(r"(?: ?>)+ ?")
_SIGNATURE = re.compile(r"-- ?")
_TITLE = re.compile(r"<title\b.*?</title\s*>", re.IGNORECASE | re.DOTALL)


@dataclass
class Letter:
    """What is read of one letter; `attachments`: names, and how each is opened."""

    subject: str = ""
    sender: str = ""
    to: str = ""
    cc: str = ""
    date: datetime | None = None
    text: str = ""
    html: str = ""
    attachments: list[tuple[str, Opener]] = field(default_factory=list)


def write(letter: Letter, members: Members) -> Iterator[Page]:
    """The pages of a letter under its subject, then those of its attachments."""
    subject = " ".join(clean(letter.subject).split())
    sections = Sections()
    sections.heading(0, subject)
    for name, value in _fields(letter, subject):
        sections.add(f"{name}: {' '.join(value.split())}", "field")
    yield from _body(letter, sections, subject)
    yield from sections.take(last=True)
    for name, opener in letter.attachments:
        yield from members.read(name, opener, above=subject)


def is_russian(text: str) -> bool:
    """Whether labels beside this text are to be Russian."""
    return _RUSSIAN.search(text) is not None


def day(moment: datetime, russian: bool) -> str:
    """A date as people write it, with the time where there is one."""
    written = moment.strftime("%d.%m.%Y" if russian else "%d %B %Y")
    at = "" if (moment.hour, moment.minute) == (0, 0) else moment.strftime(" %H:%M")
    return written.lstrip("0") + at if not russian else written + at


def _fields(letter: Letter, subject: str) -> Iterator[tuple[str, str]]:
    russian = is_russian(f"{subject}{letter.sender}{letter.text}{letter.html}")
    date = day(letter.date, russian) if letter.date else ""
    values = {
        "from": letter.sender, "to": _cut(letter.to), "cc": _cut(letter.cc), "date": date,
    }  # fmt: skip
    for name, value in values.items():
        if value.strip():
            yield _LABELS[name] if russian else name.capitalize(), value


def _cut(addressed: str) -> str:
    if len(addressed) <= MOST_ADDRESSED:
        return addressed
    return addressed[:MOST_ADDRESSED].rpartition(",")[0] + ", …"


def _body(letter: Letter, sections: Sections, subject: str) -> Iterator[Page]:
    """The text; from HTML where there is no other, or a table in it."""
    pages = _parsed(letter.html) if letter.html else []
    if letter.text.strip() and not _is_richer(pages, letter.text):
        _write(clean(letter.text), sections)
        return
    for page in pages:
        if page.heading is None:
            sections.add_blocks(page.text, page.blocks)
        else:
            yield from sections.take(last=True)
            heading = SEPARATOR.join(filter(None, (subject, page.heading)))
            yield replace(page, heading=heading)


def _is_richer(pages: list[Page], text: str) -> bool:
    """Whether pages of HTML hold a table, or far more than the text beside them."""
    if sum(len(page.text) for page in pages) > 2 * len(text):
        return True
    return any(
        block.kind == "row" and " | " in page.text[block.start : block.stop]
        for page in pages
        for block in page.blocks
    )


def _parsed(text: str) -> list[Page]:
    try:
        return list(html.parse([_TITLE.sub("", text)]))
    except Unreadable:  # nothing but a script
        return []


def _write(text: str, sections: Sections) -> None:
    """What was written; quoted letters and a signature as notes."""
    own, mark, signature = _parted(text)
    for quoted, lines in groupby(own.split("\n"), lambda line: _QUOTED.match(line) is not None):
        if quoted:
            _note("\n".join(_QUOTED.sub("", line, count=1) for line in lines), sections)
        else:
            plain.write("\n".join(lines), sections, begins=False)
    if mark:
        _note(signature, sections)


def _parted(text: str) -> tuple[str, str, str]:
    """A text, the mark of a signature, and that."""
    lines = text.split("\n")
    at = next((at for at, line in enumerate(lines) if _SIGNATURE.fullmatch(line)), len(lines))
    return "\n".join(lines[:at]), "".join(lines[at : at + 1]), "\n".join(lines[at + 1 :])


def _note(text: str, sections: Sections) -> None:
    for block in plain.blocks_of(text):
        sections.add(text[block.start : block.stop], "note")
