"""Textile, as Redmine writes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from indexer.readers.markup.lines import Lines, Rules, inline, text_of
from indexer.readers.page import Page

_ATTRIBUTES = r"(?:\([^)\n]*\)|\{[^}\n]*\}|\[[^\]\n]*\]|[<>=]{1,2})*"
_BLOCK = re.compile(rf"(h[1-6]|p|bq|bc|pre|fn\d+|notextile){_ATTRIBUTES}\.(\.?)(?:\s+|$)")
_ITEM = re.compile(rf"([*#]+){_ATTRIBUTES} (.*)")
_TERM = re.compile(r"- (.+?) :=\s*(.*)")
_CELL = re.compile(rf"(_)?(?:\\(\d+))?(?:/(\d+))?[\^~]?{_ATTRIBUTES}(?:(?<=[^\s])\.\s)")
_HTML_BLOCK = re.compile(r"<(/?)(pre|table|div|ul|ol|dl|h[1-6]|notextile)\b", re.IGNORECASE)
_PHRASES = (
    r"\*\*", r"\*", "__", "_", r"\?\?", "@", r"(?<!-)-(?!-)", r"\+", r"\^", "~", "%",
)  # fmt: skip
_INLINE: Rules = (
    (re.compile(r"<(?=[\s\d<])"), "&lt;"),
    (re.compile(r"!(?:[<>=]?)[^\s!(]+(?:\(([^)]*)\))?!(?::\S+)?"), r"\1"),
    (re.compile(r'"([^"\n]{1,500}?)(?:\([^)"]*\))?":[\w#/]\S*?(?=[\s.,;:)]*(?:\s|$))'), r"\1"),
    (re.compile(r"(?<= )--(?= )"), "—"),
    *(
        (re.compile(rf"(?<![\w&;]){mark}(?=\S)([^\n]{{0,500}}?\S){mark}(?!\w)"), r"\1")
        for mark in _PHRASES
    ),
    (re.compile(r"\[(\d+)\](?=\W|$)"), r"[\1]"),
)  # fmt: skip


def read(path: Path) -> Iterator[Page]:
    """The sections under their headings."""
    yield from _Textile().pages(text_of(path, "Textile").replace("\r\n", "\n").split("\n"))


class _Textile(Lines):
    def _line(self, line: str, rest: Iterator[str]) -> None:
        made = self._made
        if not line.strip():
            made.blank()
        elif block := _BLOCK.match(line):
            self._block(block[1], line[block.end() :], bool(block[2]), rest)
        elif item := _ITEM.match(line):
            made.item(len(item[1]), _plain(item[2]), "ol" if item[1][-1] == "#" else "ul")
        elif term := _TERM.match(line):
            made.term(_plain(term[1]), _plain(term[2].removesuffix("=:")))
        elif line.startswith("|"):
            self._row(line)
        elif html := _HTML_BLOCK.match(line.lstrip()):
            self._html(html[2].lower(), line, rest)
        else:
            made.line(_plain(line))

    def _block(self, name: str, text: str, is_long: bool, rest: Iterator[str]) -> None:
        made = self._made
        if name in ("bc", "pre"):
            self._code(text, is_long, rest)
        elif name[0] == "h":
            made.heading(int(name[1]), _plain(text))
        else:
            made.end()
            made.line(_plain(text))

    def _code(self, text: str, is_long: bool, rest: Iterator[str]) -> None:
        """Code up to a blank line; a long one, "bc..", up to the next block."""
        lines, after = [text], ""
        for line in rest:
            if _BLOCK.match(line) if is_long else not line.strip():
                after = line
                break
            lines.append(line)
        self._made.code("\n".join(lines).strip("\n"))
        if after:
            self._line(after, rest)

    def _html(self, tag: str, line: str, rest: Iterator[str]) -> None:
        """HTML up to the end of its element."""
        lines = [line]
        while f"</{tag}" not in lines[-1].lower() and (more := next(rest, None)) is not None:
            lines.append(more)
        self._made.raw("\n".join(lines))

    def _row(self, line: str) -> None:
        cells = []
        heads = 0
        for cell in line.strip().strip("|").split("|"):
            found = _CELL.match(cell)
            heads += bool(found and found[1])
            cells.append(_plain(cell[found.end() :] if found else cell))
            cells += [""] * (int(found[2][:2]) - 1 if found and found[2] else 0)
        self._made.row(cells, head=heads == len(cells))


def _plain(text: str) -> str:
    return inline(text.strip(), _INLINE)
