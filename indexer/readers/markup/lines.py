"""HTML in the making, out of the lines of a light markup: our reader of web pages reads it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from indexer.readers.letters.encoding import detect
from indexer.readers.page import Page, Unreadable
from indexer.readers.web import html as web

MAX_MB = 10
HEADER_ROWS = 2

_MARKS = re.compile("[\0-\3]")  # of readers themselves, and of no text
Rules = Sequence[tuple[re.Pattern[str], str]]  # what inline marks become


def text_of(path: Path, name: str) -> str:
    """The text of a file that is held in memory; `name` is that of its format."""
    size = path.stat().st_size / 1e6
    if size > MAX_MB:
        limit = f"the limit is {MAX_MB} MB; rename it to .txt"
        raise Unreadable(f"too large for {name}: {size:.0f} MB, {limit}")
    text = path.read_text(encoding=detect(path), errors="replace").lstrip("\ufeff")
    return _MARKS.sub("", text)


def escaped(text: str) -> str:
    """Text as HTML shows it."""
    return html.escape(text, quote=False)


class Lines:
    """Reads a markup line by line; `_line` may take more of them than its own."""

    def __init__(self) -> None:
        self._made = Markup()

    def pages(self, lines: list[str]) -> Iterator[Page]:
        """What the lines say."""
        rest = iter(lines)
        for line in rest:
            self._line(line, rest)
        yield from self._made.pages()

    def _line(self, line: str, rest: Iterator[str]) -> None:
        raise NotImplementedError


class Markup:
    """Takes blocks in their order; what they say is HTML already."""

    def __init__(self) -> None:
        self._made: list[str] = []
        self._lines: list[str] = []  # of the open paragraph, item or cell
        self._lists: list[str] = []  # tags of the open ones
        self._in_table = self._ruled = False
        self._rows: list[tuple[list[str], bool]] = []

    def pages(self) -> Iterator[Page]:
        """What was taken, as our reader of HTML reads it."""
        self.end()
        yield from web.parse(self._made)

    def heading(self, level: int, text: str) -> None:
        """A heading; of level 0 it is the title of all."""
        self.end()
        tag = "title" if level < 1 else f"h{min(level, 6)}"
        self._made.append(f"<{tag}>{text}</{tag}>\n")

    def line(self, text: str) -> None:
        """A line that goes on the paragraph or item that is open, or begins a paragraph."""
        if self._in_table:
            self.end()
        if not self._lines and not self._lists:
            self._made.append("<p>")
        self._lines.append(text)

    def blank(self) -> None:
        """What follows is another paragraph."""
        if self._in_table:
            self.end()
        self._flush()

    def item(self, depth: int, text: str, tag: str = "ul", number: str = "") -> None:
        """An item of a list; the depth counts from 1, a number is told where lists break off."""
        if self._in_table:
            self.end()
        self._flush()
        while len(self._lists) > depth or (self._lists and self._lists[-1] == "dl"):
            self._made.append(f"</{self._lists.pop()}>")
        if len(self._lists) == depth and self._lists[-1] != tag:
            self._made.append(f"</{self._lists.pop()}>")
        while len(self._lists) < depth:
            self._lists.append(tag)
            self._made.append(f"<{tag}>")
        self._made.append(f"<li value={number}>" if number else "<li>")
        self._lines.append(text)

    def term(self, term: str, meaning: str = "") -> None:
        """A term, and what is said of it, which the next lines go on."""
        if self._lists[-1:] != ["dl"]:
            self.end()
            self._lists.append("dl")
            self._made.append("<dl>")
        self._flush()
        self._made.append(f"<dt>{term}</dt><dd>")
        if meaning:
            self._lines.append(meaning)

    def row(self, cells: Sequence[str], *, head: bool = False) -> None:
        """A row of the open table, or of a new one."""
        if not self._in_table:
            self.end()
            self._in_table = True
            self._made.append("<table>")
        self._rows.append((list(cells), head))

    def rule(self) -> None:
        """A line under the rows: the first one parts those that name the columns from the rest."""
        if 0 < len(self._rows) <= HEADER_ROWS and not self._ruled:
            self._rows = [(cells, True) for cells, _ in self._rows]
        self._ruled = bool(self._rows)

    def caption(self, text: str) -> None:
        """The name of the table that begins here."""
        self.end()
        self._in_table = True
        self._made.append(f"<table><caption>{text}</caption>")

    def code(self, text: str) -> None:
        """Text that keeps its lines; not HTML yet."""
        self.end()
        self._made.append(f"<pre>{escaped(text)}</pre>\n")

    def raw(self, text: str) -> None:
        """HTML as it is."""
        self.end()
        self._made.append(f"{text}\n")

    def end(self) -> None:
        """End what is open."""
        self._flush()
        while self._lists:
            self._made.append(f"</{self._lists.pop()}>\n")
        for cells, head in self._rows:
            tag = "th" if head else "td"
            inside = "".join(f"<{tag}>{cell}</{tag}>" for cell in cells)
            self._made.append(f"<tr>{inside}</tr>\n")
        if self._in_table:
            self._made.append("</table>\n")
        self._rows.clear()
        self._in_table = self._ruled = False

    def _flush(self) -> None:
        if self._lines:
            text = "\n".join(self._lines)
            self._made.append(text if self._lists else f"{text}</p>\n")
            if self._lists:
                self._made.append("<p>")
        self._lines.clear()


def between(
    text: str,
    begin: re.Pattern[str],
    end: Callable[[re.Match[str]], str],
    made: Callable[[re.Match[str], str], str],
) -> str:
    """A text in which each piece from a beginning to its end is replaced, in one pass.

    `made` is given what begins the piece, and what stands in it.
    """
    parts, at, lowered = [], 0, text.lower()
    absent = set[str]()
    for found in begin.finditer(text):
        closing = end(found)
        if found.start() < at or closing in absent:
            continue
        stop = lowered.find(closing.lower(), found.end())
        if stop < 0:
            absent.add(closing)
            continue
        parts += [text[at : found.start()], made(found, text[found.end() : stop])]
        at = stop + len(closing)
    return "".join([*parts, text[at:]])


def inline(text: str, rules: Rules) -> str:
    """Text without its inline marks."""
    for pattern, replacement in rules:
        text = pattern.sub(replacement, text)
    return text
