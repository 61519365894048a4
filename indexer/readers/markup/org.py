"""Org mode of Emacs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from indexer.readers.markup.lines import Lines, Rules, escaped, inline, text_of
from indexer.readers.page import Page

_HEADING = re.compile(r"(\*+)\s+(.*?)(?:\s+:[\w@#%:]+:)?\s*$")
_KEYWORD = re.compile(r"\s*#\+(\w+)(?:\[.*\])?:\s*(.*)")
_BEGIN = re.compile(r"\s*#\+begin_(\w+)", re.IGNORECASE)
_END = re.compile(r"\s*#\+end_(\w+)", re.IGNORECASE)
_DRAWER = re.compile(r"\s*:[\w-]+:\s*$")
_ITEM = re.compile(r"( *)(?:[-+]|(?<= )\*|(\d+|[A-Za-z])[.)])\s+(.*)")
_COUNTER = re.compile(r"\[@\d+\]\s*")
_FOOTNOTE = re.compile(r"\[fn:[\w-]+\]\s+")
_CODE = frozenset(("src", "example", "export", "ascii"))
_FIELDS = frozenset(("author", "date", "description", "keywords", "subtitle"))
_INLINE: Rules = (
    (re.compile(r"\[\[[^\]\n]{0,2000}\]\[([^\]\n]{1,2000})\]\]"), r"\1"),
    (re.compile(r"\[\[(?:file:|\./)?[^\[\]\n]{0,500}?\.(?:png|jpe?g|gif|svg)\]\]"), ""),
    (re.compile(r"\[\[([^\[\]\n]{1,2000})\]\]"), r"\1"),
    (re.compile(r"&lt;&lt;[^&]*&gt;&gt;"), ""),
    (re.compile(r"\[fn:([\w-]+)\]"), r"[\1]"),
    (re.compile(r"(?<= )---?(?= )"), "—"),
    (re.compile(r"\\\\$", re.MULTILINE), "<br>"),
    *(
        (re.compile(rf"(?<![\w{mark}]){mark}(?=\S)([^\n]{{0,500}}?\S){mark}(?![\w{mark}])"), r"\1")
        for mark in (r"\*", "/", "_", "=", "~", r"\+")
    ),
)


def read(path: Path) -> Iterator[Page]:
    """The sections under their headings, without drawers and settings."""
    yield from _Org().pages(text_of(path, "Org").split("\n"))


class _Org(Lines):
    def __init__(self) -> None:
        super().__init__()
        self._indents: list[int] = []  # of the open lists

    def _line(self, line: str, rest: Iterator[str]) -> None:
        made = self._made
        if heading := _HEADING.match(line):
            made.heading(len(heading[1]), _plain(heading[2]))
        elif begin := _BEGIN.match(line):
            self._block(begin[1].lower(), rest)
        elif keyword := _KEYWORD.match(line):
            self._keyword(keyword[1].lower(), keyword[2])
        elif _DRAWER.match(line):
            for inside in rest:
                if inside.strip().lower() == ":end:":
                    break
        elif line.startswith("# ") or _END.match(line):
            return
        elif line.lstrip().startswith("|"):
            self._row(line.strip())
        elif line.lstrip().startswith(": "):
            made.code(line.lstrip()[2:])
        elif item := _ITEM.match(line):
            self._item(item)
        elif not line.strip():
            made.blank()
        else:
            if line[0] not in " \t" and self._indents:  # a list ends at a line without an indent
                self._indents.clear()
                made.end()
            made.line(_plain(_FOOTNOTE.sub("", line.strip())))

    def _keyword(self, name: str, value: str) -> None:
        if name == "title":
            self._made.heading(0, _plain(value))
        elif name in ("caption", *_FIELDS) and value:
            self._made.blank()
            self._made.line(_plain(value if name == "caption" else f"{name.capitalize()}: {value}"))
            self._made.blank()

    def _block(self, name: str, rest: Iterator[str]) -> None:
        lines = []
        for line in rest:
            if (end := _END.match(line)) and end[1].lower() == name:
                break
            lines.append(line)
        if name in _CODE:
            self._made.code("\n".join(lines))
        elif name != "comment":
            self._made.blank()
            inner = iter(lines)
            for line in inner:
                self._line(line, inner)
            self._made.blank()

    def _row(self, line: str) -> None:
        if line.startswith("|-"):
            self._made.rule()
            return
        cells = [_plain(cell.strip()) for cell in line.strip("|").split("|")]
        self._made.row(cells)

    def _item(self, item: re.Match[str]) -> None:
        indent = len(item[1])
        self._indents = [each for each in self._indents if each < indent] + [indent]
        term, mark, meaning = _COUNTER.sub("", item[3]).partition(" ::")
        if mark:
            self._made.term(_plain(term), _plain(meaning.strip()))
        else:
            self._made.item(len(self._indents), _plain(term), "ol" if item[2] else "ul")


def _plain(text: str) -> str:
    return inline(escaped(text), _INLINE)
