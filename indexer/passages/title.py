"""The lines of a title at the head of a document, and under its letterhead where it has one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from indexer.passages.words import words
from indexer.readers.page import Page
from indexer.readers.sections import headings_of

HEAD_LINES = 5
LINE = 120  # characters; what is longer, or a sentence, is no line of a title
LETTERHEAD = 25  # blocks that may stand above the title of a paper
# What papers are called that are issued, numbered and signed.
KINDS = frozenset(
    word
    for line in (
        "приказ распоряжение договор контракт протокол положение инструкция регламент правила акт",
        "отчет график справка письмо план смета прейскурант устав бюллетень руководство памятка",
        "постановление соглашение паспорт",
        "order contract agreement minutes protocol regulation instruction policy report schedule",
        "manual handbook guide letter plan directive rule",
    )
    for word in line.split()
)
_SPACED = re.compile(r"\b(?:[^\W\d_] ){3,}[^\W\d_]\b")  # П Р И К А З
_BORNE = re.compile(r"№|\bN[oO]?\b\.? ?(?=\d)|\bот\b|\bof\b|\bdated\b|\d")
_ANNOUNCES = re.compile(r"\d+[.)]\s|[^\n]*:$")  # the first clause, or what announces it
# A letterhead may be a sentence as well.
_REACHED = re.compile(
    r"@|\bwww\b|\b\d{6}\b|\b(?:тел|факс|ул|пр|ИНН|КПП|ОГРН|ОКПО|БИК|р/с|tel|phone|fax|VAT)\b",
    re.IGNORECASE,
)
_FIRST = 3  # words, of which one names the kind: дополнительное соглашение


@dataclass(frozen=True)
class _Line:
    text: str
    is_title: bool  # it may be one of a title
    is_body: bool = False  # the text of the document has begun with it


class Head:
    """Takes the pages of a document in their order, and tells the lines of its title."""

    def __init__(self) -> None:
        self._above: list[str] = []
        self._lines: list[_Line] = []
        self._blocks = 0

    def add(self, page: Page) -> None:
        """Take the next page; only what may still be of the head is kept."""
        room = LETTERHEAD + HEAD_LINES - self._blocks
        if room <= 0:
            return
        lines = list(_lines(page, room))
        if not self._blocks:
            self._above = [_joined(page.heading or ""), *_title(lines[:HEAD_LINES])]
        told = headings_of(page.heading)
        self._lines += [
            _Line(each, True) for each in map(_joined, told) if each not in self._told()
        ]
        self._lines += lines
        self._blocks += max(1, len(lines))

    def text(self) -> str:
        """Its first lines, then those from the kind of paper on, a line each.

        The rows of a table are none, unless nothing names their columns: number and date of an
        order.
        """
        titled = _title(self._lines[self._kind_at() :][: HEAD_LINES + 1])
        below = takewhile(lambda text: not _ANNOUNCES.match(text), titled)
        above = "\n".join(filter(None, self._above))
        return "\n".join([*filter(None, [above]), *(each for each in below if each not in above)])

    def _kind_at(self) -> int:
        for at, line in enumerate(self._lines[:LETTERHEAD]):
            if kind_in(line.text):
                return at
            if line.is_body:
                break
        return len(self._lines)

    def _told(self) -> set[str]:
        return {line.text for line in self._lines}


def kind_in(text: str) -> str:
    """The kind of a paper, where a line is that, alone or with the number and date it bears."""
    line = text.split("\n")[0].strip()
    named = _BORNE.split(line)[0].strip(" .,:")
    said = words(named)
    kind = next((word for word in said[:_FIRST] if word in KINDS), "")
    if len(line) > LINE or not (line.isupper() or (said[-1:] == [kind] and line[0].isupper())):
        return ""
    return kind


def title_of(facts: str) -> str:
    """The lines of what a document says of itself from the kind of paper on, if one is named."""
    lines = facts.split("\n")
    at = next((at for at, line in enumerate(lines) if at and kind_in(line)), len(lines))
    return "\n".join(lines[at:])


def _lines(page: Page, room: int) -> Iterator[_Line]:
    for block in page.blocks[:room]:
        text = page.text[block.start : block.stop]
        has_columns = block.table is not None and bool(block.table.header)
        is_sentence = text.endswith((".", "?", "!")) and len(text) > LINE / 2
        is_long = len(text) > LINE
        is_text = is_sentence or (is_long and "\n" not in text)
        is_body = has_columns or (is_text and block.kind != "row")
        yield _Line(
            _joined(text),
            not (has_columns or is_sentence or is_long),
            is_body and not _REACHED.search(text),
        )


def _joined(text: str) -> str:
    return _SPACED.sub(lambda spaced: spaced[0].replace(" ", ""), text)


def _title(lines: list[_Line]) -> list[str]:
    return [line.text for line in takewhile(lambda line: line.is_title, lines)]
