"""Markdown (CommonMark with tables) to plain text by section."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from indexer.readers import html
from indexer.readers.encoding import detect
from indexer.readers.page import Page, Table, Unreadable, row
from indexer.readers.sections import Sections

MAX_MB = 5

_FRONT_MATTER = re.compile(
    r"\A---[ \t]*\n(?=[\w\"'#-]).*?\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL
)
_BREAKS = {"softbreak": " ", "hardbreak": "\n"}


def read(path: Path) -> Iterator[Page]:
    """The sections under their headings, without marks, link targets and front matter."""
    size = path.stat().st_size / 1e6
    if size > MAX_MB:
        limit = f"the limit is {MAX_MB} MB; rename it to .txt"
        raise Unreadable(f"too large for Markdown: {size:.0f} MB, {limit}")
    text = path.read_text(encoding=detect(path), errors="replace").lstrip("\ufeff")
    markdown = MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"])
    yield from _Plain().pages(markdown.parse(_FRONT_MATTER.sub("", text, count=1)))


class _Plain:
    """Walks over the block tokens of a document."""

    def __init__(self) -> None:
        self._sections = Sections()
        self._level = 0  # of the open heading, 0 outside
        self._row: list[str] | None = None
        self._table: Table | None = None
        self._marker = ""  # of the list item that has no text yet

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
                self._inline(_plain(token.children or []))
            case "fence" | "code_block":
                self._sections.add(token.content.rstrip(), "code")
            case "html_block":
                for page in html.parse([token.content]):
                    self._sections.add(page.text)

    def _inline(self, text: str) -> None:
        if self._row is not None:
            self._row.append(text)
        elif self._level:
            self._sections.heading(self._level, text)
        else:
            self._sections.add(self._marker + text, "item" if self._marker else "paragraph")
            self._marker = ""


def _plain(tokens: list[Token]) -> str:
    """The text of inline tokens; of an image, its description."""
    parts = []
    for token in tokens:
        if token.type in ("text", "code_inline", "image"):
            parts.append(_plain(token.children) if token.children else token.content)
        elif token.type == "html_inline" and token.content.lower().startswith("<br"):
            parts.append("\n")
        else:
            parts.append(_BREAKS.get(token.type, ""))
    return "".join(parts)
