"""Markdown (CommonMark with tables) to plain text by section."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, reference
from markdown_it.token import Token

from indexer.readers.letters.encoding import detect
from indexer.readers.markup.markdown_tables import with_pipes
from indexer.readers.page import Page, Table, Unreadable, row
from indexer.readers.plain import said
from indexer.readers.sections import Sections
from indexer.readers.tables.sheet import pair
from indexer.readers.web import html

MAX_MB = 5

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_KEY = re.compile(r"([\w.-]+(?: [\w.-]+)*|\"[^\"]+\")[ \t]*:(?:[ \t]+(.*))?")
_FOOTNOTE = re.compile(r"(?:^| )(?=\[\^[^\]\s]+\]:)")
_LOOSE = re.compile(r"^(\S.{0,200})\n\n(?=: {3}\S)", re.MULTILINE)  # a term and its meaning
_MEANING = re.compile(r"^[:~][ \t]+(?=\S)", re.MULTILINE)
_TITLE = "title"


def read(path: Path) -> Iterator[Page]:
    """The sections under their headings, without marks, link targets and front matter."""
    size = path.stat().st_size / 1e6
    if size > MAX_MB:
        limit = f"the limit is {MAX_MB} MB; rename it to .txt"
        raise Unreadable(f"too large for Markdown: {size:.0f} MB, {limit}")
    yield from parse(path.read_text(encoding=detect(path), errors="replace").lstrip("\ufeff"))


def parse(text: str) -> Iterator[Page]:
    """Pages of one text."""
    markdown = MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"])
    markdown.block.ruler.at("reference", _reference, {"alt": []})
    fields, text = _front_matter(text)
    text = _LOOSE.sub(r"\1\n", with_pipes(text))
    yield from _Plain(fields).pages(markdown.parse(text))


def _front_matter(text: str) -> tuple[dict[str, str], str]:
    """The values before the text, and the text; none where a line among them is no value."""
    found = _FRONT_MATTER.match(text)
    fields: dict[str, str] = {}
    name = None
    for line in found[1].split("\n") if found else ():
        key = _KEY.fullmatch(line.rstrip())
        if key:
            name = key[1].strip('"')
            fields[name] = _unquoted(key[2] or "")
        elif name and line[:1] in (" ", "\t", "-"):  # more of the value
            more = _unquoted(line.strip().removeprefix("- "))
            fields[name] = ", ".join(filter(None, (fields[name].strip("|> "), more)))
        elif line.strip() and not line.startswith("#"):
            fields = {}
            break
    if not found:
        return {}, text
    if not fields:  # text between two rules, of which the second would make it a heading
        return {}, f"{text[: found.end(1)]}\n{text[found.end(1) :]}"
    return fields, text[found.end() :]


def _unquoted(value: str) -> str:
    value = value.strip()
    if value[:1] + value[-1:] in ('""', "''", "[]") and len(value) > 1:
        value = value[1:-1]
    return value


def _reference(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """The definition of a link; of a footnote, which looks alike, the text is kept."""
    if state.src.startswith("[^", state.bMarks[start] + state.tShift[start]):
        return False
    return reference(state, start, end, silent)


class _Plain:
    """Walks over the block tokens of a document."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._sections = Sections()
        self._level = 0  # of the open heading, 0 outside
        self._row: list[str] | None = None
        self._table: Table | None = None
        self._marker = ""  # of the list item that has no text yet
        self._depth = -1  # of the open list
        self._asked = False  # the block before is a question
        self._begin(fields)

    def _begin(self, fields: Mapping[str, str]) -> None:
        """What stands before the text: the title as the heading of all, the rest as fields."""
        for name, value in fields.items():
            if name.lower() == _TITLE:
                self._sections.heading(0, value)
        for name, value in fields.items():
            if value and name.lower() != _TITLE:
                self._sections.add(f"{name}: {value}", "field")

    def pages(self, tokens: list[Token]) -> Iterator[Page]:
        for token in tokens:
            self._take(token)
            yield from self._sections.take()
        yield from self._sections.take(last=True)

    def _take(self, token: Token) -> None:
        match token.type:
            case "heading_open":
                self._level = int(token.tag[1])
            case "heading_close":
                self._level = 0
            case "bullet_list_open" | "ordered_list_open":
                self._depth += 1
            case "bullet_list_close" | "ordered_list_close":
                self._depth -= 1
                self._marker = ""
            case "list_item_open":
                self._marker = f"{token.info}{token.markup} " if token.info else "- "
            case "table_open":
                self._table = None
            case "tr_open":
                self._row = []
            case "tr_close":
                line = row(self._row or [])
                self._table = self._table or Table(header=line)
                self._sections.add(line, "row", table=self._table)
                self._row = None
            case "inline":
                self._words(token)
            case "fence" | "code_block":
                self._sections.add(token.content.rstrip(), "code")
            case "html_block":
                self._html(token.content)

    def _words(self, token: Token) -> None:
        text = _plain(token.children or [])
        inside = self._row is not None or self._level or self._marker
        if not inside and text.startswith("[^"):
            self._footnotes(text)
        elif not inside and "\n" in token.content and _MEANING.search(token.content):
            self._terms(_plain(token.children or [], softbreak="\n"))
        else:
            self._inline(text)

    def _terms(self, text: str) -> None:
        """A term over its meanings."""
        term, *meanings = _MEANING.split(text)
        for meaning in meanings:
            for part, kind in pair(term, meaning):
                self._sections.add(part, kind)

    def _inline(self, text: str) -> None:
        if self._row is not None:
            self._row.append(text)
        elif self._level:
            self._asked = False
            self._sections.heading(self._level, text)
        elif self._marker:
            self._sections.add(self._marker + text, "item", level=self._depth)
            self._marker = ""
        else:
            self._paragraph(text)

    def _paragraph(self, text: str) -> None:
        kind = said(text)
        if self._asked and kind == "paragraph":
            kind = "answer"
        self._asked = kind == "question"
        self._sections.add(text, kind)

    def _footnotes(self, text: str) -> None:
        for note in _FOOTNOTE.split(text):
            self._sections.add(note, "note")

    def _html(self, content: str) -> None:
        for page in html.parse([content]):
            for block in page.blocks:
                text = page.text[block.start : block.stop]
                self._sections.add(text, block.kind, level=block.level, table=block.table)


def _plain(tokens: list[Token], *, softbreak: str = " ") -> str:
    """The text of inline tokens; of an image, its description."""
    parts = []
    for token in tokens:
        if token.type in ("text", "code_inline", "image"):
            parts.append(_plain(token.children) if token.children else token.content)
        elif token.type == "html_inline" and token.content.lower().startswith("<br"):
            parts.append("\n")
        else:
            parts.append({"softbreak": softbreak, "hardbreak": "\n"}.get(token.type, ""))
    return "".join(parts)
