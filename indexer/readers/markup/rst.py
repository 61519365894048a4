"""reStructuredText by section, without its marks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from indexer.readers.letters.encoding import detect
from indexer.readers.markup import rst_tree
from indexer.readers.page import Kind, Page, Unreadable, alt_text
from indexer.readers.plain import said
from indexer.readers.sections import Sections
from indexer.readers.web.html_table import Cell, Piece, TableRows
from indexer.readers.word.numbers import shown

MAX_MB = 5

_SKIPPED = frozenset((
    "comment", "substitution_definition", "target", "raw", "pending", "meta", "transition",
    "classifier", "colspec",
))  # fmt: skip
_CODE = frozenset(("literal_block", "doctest_block", "math_block"))
_FIELDS = frozenset(("field", "option_list_item"))
_ADMONITIONS = frozenset((
    "note", "warning", "tip", "hint", "important", "caution", "danger", "attention", "error",
))  # fmt: skip
# What Word calls the forms of numbers.
_NUMBERS = {
    "arabic": "decimal", "loweralpha": "lowerLetter", "upperalpha": "upperLetter",
    "lowerroman": "lowerRoman", "upperroman": "upperRoman",
}  # fmt: skip


def read(path: Path) -> Iterator[Page]:
    """The sections under their headings."""
    size = path.stat().st_size / 1e6
    if size > MAX_MB:
        limit = f"the limit is {MAX_MB} MB; rename it to .txt"
        raise Unreadable(f"too large for reStructuredText: {size:.0f} MB, {limit}")
    text = path.read_text(encoding=detect(path), errors="replace").lstrip("\ufeff")
    yield from _Walk().pages(rst_tree.parse(text))


class _Walk:
    """Goes through the tree of a document."""

    def __init__(self) -> None:
        self._sections = Sections()
        self._level = 0  # of the open section
        self._depth = -1  # of the open list
        self._lead = ""  # what stands before the next block: the marker of an item, a label
        self._kind: Kind = "paragraph"  # of the next block
        self._asked = False  # the block before is a question

    def pages(self, tree: Any) -> Iterator[Page]:
        for node in tree:
            self._node(node)
            yield from self._sections.take()
        yield from self._sections.take(last=True)

    def _node(self, node: Any) -> None:
        name = node.tagname
        if name == "section":
            self._level += 1
            self._inside(node)
            self._level -= 1
        elif name == "title" and node.parent.tagname in ("section", "document"):
            self._sections.heading(self._level, node.astext())
            self._asked = False
        elif name in ("bullet_list", "enumerated_list"):
            self._list(node)
        elif name == "definition_list_item" or name in _FIELDS:
            self._pair(node)
        elif name in _ADMONITIONS:
            self._begin("paragraph", f"{name.capitalize()}: ", node)
        elif name in ("footnote", "citation"):
            self._begin("note", f"[{node[0].astext()}] ", node[1:])
        elif name == "table":
            self._table(node)
        else:
            self._leaf(node, name)

    def _leaf(self, node: Any, name: str) -> None:
        if name in _CODE:
            self._add(node.astext(), "code")
        elif name == "line_block":
            self._add("\n".join(line.astext() for line in node.findall() if line.tagname == "line"))
        elif name == "image":
            self._add(alt_text(node.get("alt")), "caption")
        elif name == "caption":
            self._add(node.astext(), "caption")
        elif name == "system_message":  # with the text of what could not be parsed
            self._inside(node[1:])
        elif name in ("header", "footer"):
            self._sections.add(node.astext(), "furniture")
        elif node.parent.tagname == "docinfo" and name != "field":
            self._add(f"{name}: {node.astext()}", "field")
        elif name in _SKIPPED:
            return
        elif name == "paragraph" or any(each.tagname == "#text" for each in node[:1]):
            self._add(node.astext().replace("\n", " "))
        else:
            self._inside(node)

    def _inside(self, nodes: Any) -> None:
        for node in nodes:
            self._node(node)

    def _begin(self, kind: Kind, lead: str, nodes: Any) -> None:
        """Read what the first block of begins so."""
        self._kind, self._lead = kind, lead
        self._inside(nodes)
        self._kind, self._lead = "paragraph", ""

    def _add(self, text: str, kind: Kind = "paragraph") -> None:
        """Add a block; a paragraph with what waits for one."""
        if kind == "paragraph":
            kind = self._kind
            text, self._lead, self._kind = self._lead + text, "", "paragraph"
            if kind == "paragraph":
                kind = said(text)
                kind = "answer" if self._asked and kind == "paragraph" else kind
                self._asked = kind == "question"
        self._sections.add(text, kind, level=max(self._depth, 0) if kind == "item" else 0)

    def _list(self, node: Any) -> None:
        self._depth += 1
        form, start = _NUMBERS.get(node.get("enumtype", ""), "bullet"), node.get("start", 1)
        for number, item in enumerate(node, start):
            mark = f"{node.get('prefix', '')}{shown(number, form) or '-'}{node.get('suffix', '')} "
            self._begin("item", mark, item)
        self._depth -= 1

    def _pair(self, node: Any) -> None:
        """A term with its meaning, a field with its value."""
        *terms, meaning = (each for each in node if each.tagname != "classifier")
        term = ", ".join(each.astext() for each in terms)
        if term.endswith("?"):
            self._add(term)
            self._inside(meaning)
        elif meaning.children:
            self._begin("field", f"{term}: ", meaning)
        else:
            self._add(term)

    def _table(self, node: Any) -> None:
        rows = TableRows()
        for part in node.findall(lambda each: each.tagname in ("title", "thead", "tbody")):
            if part.tagname == "title":
                rows.caption(part.astext())
                continue
            rows.in_head = part.tagname == "thead"
            for line in part:
                rows.begin_row()
                for entry in line:
                    columns, lines = entry.get("morecols", 0), entry.get("morerows", 0)
                    rows.begin_cell(Cell(rows.in_head, columns + 1, lines + 1))
                    rows.add(Piece("paragraph", entry.astext()))
                self._write(rows.end_row())
        self._write(rows.end())

    def _write(self, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            self._sections.add(piece.text, piece.kind, table=piece.table)
