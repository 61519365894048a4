"""The blocks of plain text, by how its lines begin and end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest

from indexer.readers.aligned import is_ruler, tables
from indexer.readers.contents import has_leaders, settled
from indexer.readers.page import Block, Kind, Table
from indexer.readers.sections import Sections

_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
_ITEM = re.compile(
    r"([ \t]*)"
    r"(?:[-–—•▪◦‣●○■□*·\uf0b7\uf0a7]|\(?(?:\d{1,3}|[A-Za-zА-яЁё])\)"
    r"|[A-Za-zА-яЁё]\.(?=[ \t]+[a-zа-яё])"
    r"|(\d{1,3}(?:\.\d+)*)\.|(\d+(?:\.\d+)+))[ \t]"
)
_SPEAKS = re.compile(r"[ \t]*(?:(Вопрос|Question|Q|В)|Ответ|Answer|A|О)[ \t]*(?:№?[ \t]*\d+)?:")
CHAPTER = re.compile(
    r"(?:(?i:глава|часть|раздел|приложение|chapter|part|section|appendix|статья|article)\s+|§\s*)"
    r"(?:№\s*)?(?:\d+(?:\.\d+)*|[IVXLC]+|[А-ЯA-Z])(?!\w)"
)
_CHAPTER_LEVELS = {"г": 1, "ч": 1, "р": 1, "п": 1, "c": 1}  # by the first letter, else 2
_HASHES = re.compile(r"(#{1,6})[ \t]+\S")
_UNDERLINE = re.compile(r"[ \t]*([=\-~^\"'*+#`:])\1{2,}[ \t]*")
_UNDERLINE_LEVELS = {"=": 1, "-": 2}
_SENTENCE_END = re.compile(r"[.!?…]\s")
_LONGEST_HEADING, _LONGEST_QUESTION = 120, 250


def blocks_of(text: str, *, contents_go_on: bool = False) -> tuple[Block, ...]:
    """The blocks of a text, which cover all but blank lines and rulers."""
    blocks = list[Block]()
    start = len(text) - len(text.lstrip())
    end = len(text.rstrip())
    for found in _BLANK_LINES.finditer(text, start, end):
        _add(blocks, text, start, found.start())
        start = found.end()
    if start < end:
        _add(blocks, text, start, end)
    return tuple(settled(text, list(_with_headings(text, blocks)), contents_go_on))


def write(text: str, sections: Sections, *, begins: bool) -> None:
    """Add the blocks of a text; `begins`: a heading at its start may be the title of all."""
    for block in blocks_of(text):
        line = text[block.start : block.stop]
        if block.kind == "heading":
            is_title = begins and not _ITEM.match(line) and not _chapter_level(line)
            sections.heading(0 if is_title else block.level, line.lstrip("#"))
        else:
            sections.add(line, block.kind, level=block.level, table=block.table)
        begins = False


def said(text: str) -> Kind:
    """Whether a paragraph is a question, or names itself an answer."""
    speaks = _SPEAKS.match(text)
    if speaks and speaks[1] is None:
        return "answer"
    asks = text.endswith("?") if speaks else _is_question(text)
    return "question" if asks else "paragraph"


def _add(blocks: list[Block], text: str, start: int, stop: int) -> None:
    """Add the blocks of what stands between blank lines."""
    asked = bool(blocks) and blocks[-1].kind == "question"
    for block in _paragraph(text, start, stop):
        if asked and block.kind == "paragraph":
            block = replace(block, kind="answer")
        asked = block.kind == "question"
        blocks.append(block)


def _paragraph(text: str, start: int, stop: int) -> Iterator[Block]:
    piece = text[start:stop]
    if "\n" not in piece:
        yield from _Lines(text, start, [piece]).blocks()
        return
    start = text.rfind("\n", 0, start) + 1  # with its indent
    lines = text[start:stop].split("\n")
    done = 0
    for found in tables(lines) if _may_have_columns(piece) else ():
        if found.start > done:
            yield from _Lines(text, start, lines[done : found.start]).blocks()
        start += sum(len(line) + 1 for line in lines[done : found.start])
        yield from _rows(text, start, lines[found.start : found.stop])
        start += sum(len(line) + 1 for line in lines[found.start : found.stop])
        done = found.stop
    if done < len(lines):
        yield from _Lines(text, start, lines[done:]).blocks()


def _may_have_columns(piece: str) -> bool:
    return any(mark in piece for mark in ("  ", "\t", "|", "│", "║"))


def _rows(text: str, start: int, lines: list[str]) -> Iterator[Block]:
    """The rows as they stand; the first one names the columns if it has no number."""
    table = None
    if not re.search(r"\d", lines[0]):
        table = Table(header=lines[0].rstrip())
    for line in lines:
        if not is_ruler(line):
            yield Block("row", start, start + len(line.rstrip()), table=table)
        start += len(line) + 1


class _Lines:
    """Lines without a blank one among them, in blocks."""

    def __init__(self, text: str, start: int, lines: list[str]) -> None:
        self._lines = lines
        self._at = start
        self._indents: list[int] = []
        self._open: Block | None = None  # which the next line may go on
        self._stop = 0  # of it
        self._closed = True  # it does not

    def blocks(self) -> Iterator[Block]:
        for index, line in enumerate(self._lines):
            begun = self._begin(index, line)
            start, self._at = self._at, self._at + len(line) + 1
            stop = start + len(line.rstrip())
            if begun is None and self._open:
                self._stop = stop
                if has_leaders(line):
                    self._open, self._closed = replace(self._open, kind="contents"), True
                continue
            if self._open:
                yield replace(self._open, stop=self._stop)
            self._open, self._stop = None, stop
            if begun:
                start += len(line) - len(line.lstrip())
                self._open = Block(begun[0], start, stop, begun[1])
                self._closed = begun[0] in ("heading", "contents") or _is_question(line)
        if self._open:
            yield replace(self._open, stop=self._stop)

    def _begin(self, index: int, line: str) -> tuple[Kind, int] | tuple[()] | None:
        """Kind and level of the block that begins here; () for a ruler, None where one goes on."""
        if not self._closed and line[:1].islower() and line[1:2].isalpha():
            return None
        if len(self._lines) > 1 and _UNDERLINE.fullmatch(line):
            return ()
        if item := _ITEM.match(line):
            return self._begin_item(index, line, item)
        if speaks := _SPEAKS.match(line):
            return ("question" if speaks[1] else "answer", 0)
        if level := self._heading(index, line):
            return None if self._goes_on_in_capitals(line) else ("heading", level)
        if has_leaders(line) and (self._closed or not line.lstrip()[0].islower()):
            return ("contents", 0)
        before = self._open.kind if self._open else None
        if not self._closed and not (before == "answer" and _is_question(line)):
            return None
        if _is_question(line):
            return ("question", 0)
        return ("answer" if before == "question" else "paragraph", 0)

    def _begin_item(self, index: int, line: str, item: re.Match[str]) -> tuple[Kind, int]:
        if has_leaders(line):
            return ("contents", 0)
        after = self._lines[index + 1 : index + 2]
        if after and not _ITEM.match(after[0]) and _is_question(line[item.end() :]):
            return ("question", 0)
        indent = len(item[1].expandtabs())
        self._indents = [each for each in self._indents if each < indent]
        self._indents.append(indent)
        number = item[2] or item[3] or ""
        return ("item", max(len(self._indents) - 1, number.count(".")))

    def _heading(self, index: int, line: str) -> int:
        """The level of the heading that this line is, or 0."""
        text = line.strip()
        if len(text) > _LONGEST_HEADING or has_leaders(text):
            return 0
        if text[-1:] in ".,;:!?-–" and not CHAPTER.match(text):
            return 0
        after = self._lines[index + 1] if index + 1 < len(self._lines) else ""
        if after and (ruler := _UNDERLINE.fullmatch(after)) and len(after) * 2 > len(text):
            return _UNDERLINE_LEVELS.get(ruler[1], 3)
        if not self._closed:
            return 0
        if hashes := _HASHES.match(text):
            return 0 if after.startswith("#") else len(hashes[1])
        if after[:1].islower():
            return 0
        return _chapter_level(text) or int(_is_in_capitals(text))

    def _goes_on_in_capitals(self, line: str) -> bool:
        block = self._open
        if block is None or block.kind != "heading" or self._stop - block.start > _LONGEST_HEADING:
            return False
        return _is_in_capitals(line.strip()) and not _chapter_level(line.strip())


def _with_headings(text: str, blocks: list[Block]) -> Iterator[Block]:
    """A numbered line that stands alone over anything but its like is a heading, or a question."""
    before = None
    for block, after in zip_longest(blocks, blocks[1:]):
        if before and before.kind == "question" and block.kind == "paragraph":
            block = replace(block, kind="answer")
        if (
            block.kind == "item"
            and (after and (after.kind in ("paragraph", "row") or _is_bullet(text, block, after)))
            and not (before and before.kind == "item" and _number(text, before))
            and text.count("\n", block.stop, after.start) > 1
        ):
            block = _as_heading(text, block)
        yield block
        before = block


def _number(text: str, block: Block) -> str:
    """That of an item, as in "2.1."; "" for a bullet, a letter and "1)"."""
    item = _ITEM.match(text, block.start, block.stop)
    return (item[2] or item[3] or "") if item else ""


def _is_bullet(text: str, above: Block, block: Block) -> bool:
    """Whether an item without a number is not further in than the block above."""
    if block.kind != "item" or _number(text, block):
        return False
    return _indent(text, block.start) <= _indent(text, above.start)


def _indent(text: str, start: int) -> int:
    return start - text.rfind("\n", 0, start) - 1


def _as_heading(text: str, block: Block) -> Block:
    line = text[block.start : block.stop]
    item, number = _ITEM.match(line), _number(text, block)
    if not item or not number or "\n" in line:
        return block
    title = line[item.end() :].strip()
    if _is_question(title):
        return replace(block, kind="question", level=0)
    if len(title) > _LONGEST_HEADING or title[-1:] in ".,;:!?-–":
        return block
    return replace(block, kind="heading", level=1 + number.count("."))


def _chapter_level(text: str) -> int:
    found = CHAPTER.match(text)
    if found is None or (text.endswith(".") and found.end() < len(text) - 1):
        return 0
    return 0 if text[-1] in ",;:!?-–" else _CHAPTER_LEVELS.get(text[0].lower(), 2)


def _is_in_capitals(text: str) -> bool:
    if not text.isupper() or text[-1] in ".,;:!?-–":
        return False
    letters = sum(map(str.isalpha, text))
    return letters > 5 and 2 * letters > len(text)


def _is_question(line: str) -> bool:
    """Whether it is one whole question."""
    text = line.strip()
    if not text.endswith("?") or len(text) > _LONGEST_QUESTION:
        return False
    return not text[0].islower() and not _SENTENCE_END.search(text)
