"""What people see of a web page, from its tags: blocks, without scripts and what is hidden."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from indexer.readers.page import Kind, alt_text
from indexer.readers.sections import Sections
from indexer.readers.web.html_roles import HEADINGS, PARTS, Attributes, is_panel, role_of, targets
from indexer.readers.web.html_table import MOST_COLUMNS, MOST_TABLES, Cell, Piece, TableRows

_BLANKS = re.compile(r"[ \t\r\n\f]+")
_BLANKS_IN_LINE = re.compile(" +")
_LINE_END = re.compile(r" *\n *")
_LINK_END = "\0"  # in the text behind a link, to part it from another
_FIELDS = frozenset(("text", "email", "tel", "url", "number", "date", "time", "search"))
_RIGHTS = re.compile(r"\s*(?:©|\(c\)|copyright\b)", re.IGNORECASE)
_CONTACT = re.compile(r"@|\d[\d ()-]{5,}\d")
_NONE: Attributes = {}
_PHRASES = ("link", "asks", "summary", "caption", "term", "meaning", "label", "value", "pre")
_INLINE = frozenset(("", "link", "inline", "bold"))


class VisiblePage:
    """The target of an HTML parser.

    `edges` takes page header, footer, sidebars and navigation; buttons of accordions and tabs wait
    for the panel that they show.
    """

    def __init__(self) -> None:
        self.sections = Sections()
        self.edges = Sections()
        self.has_text = False  # more than a title and navigation
        self.has_scripts = False
        self._text: list[str] = []
        self._linked = 0  # characters of it that are links
        self._plain = 0  # characters of it that are not bold
        self._skipping = 0  # open elements inside a skipped one, itself included
        self._open: list[tuple[str, bool | None]] = []  # role; was a question asked before it
        self._roles = Counter[str]()
        self._level: int | None = None  # of the open heading
        self._lists: list[int | None] = []  # the next number, None where items have none
        self._marker = ""  # of the list item that has no text yet
        self._box = ""  # a check box that has no text yet
        self._tables: list[TableRows] = []
        self._deeper = 0  # open tables inside of the innermost of them, which are only text
        self._terms: list[str] = []  # of the next definition
        self._defined = False  # by what is open
        self._explained = True  # by anything
        self._label = ""  # of the next input
        self._control: list[str] = []  # text of the open button
        self._targets: list[str] = []  # ids of what it shows
        self._pending: tuple[str, int | None] | None = None  # a button's text, level of heading
        self._labels: dict[str, str] = {}  # id of a panel: text of the button that shows it
        self._asked = False  # a question has been put, which paragraphs answer

    # What the parser calls.

    def start(self, tag: str, attributes: Attributes) -> None:
        attributes = dict(attributes) if attributes else _NONE
        self.has_scripts |= tag == "script"
        role = "skipped" if self._skipping else self._role(tag, attributes)
        if role == "skipped":
            self._skipping += 1
            return
        if tag in PARTS or role not in _INLINE:
            self._end_block()
        shown = role == "panel" or self._shows(attributes)
        self._open.append((role, self._asked if shown or tag in ("details", "dl") else None))
        self._roles[role] += 1
        if shown:
            self._begin_panel(attributes)
        if role == "asks":
            self._targets = targets(attributes)
        self._begin(tag, attributes)

    def end(self, tag: str) -> None:
        if self._skipping:
            self._skipping -= 1
            return
        role, asked = self._open.pop() if self._open else ("", None)
        if tag in PARTS or role not in _INLINE:
            self._end_block()
        self._finish(tag, role)
        self._roles[role] -= 1
        if asked is not None:
            self._asked = asked

    def data(self, text: str) -> None:
        if self._skipping:
            return
        text = text if self._roles["pre"] else _BLANKS.sub(" ", text)
        self._text.append(text)
        if self._roles["link"]:
            self._linked += len(text)
        if not self._roles["bold"]:
            self._plain += len(text) - text.count(" ")

    def close(self) -> None:
        self._end_block()
        while self._tables:
            self._place_all(self._tables.pop().end())
        self._settle()
        self._end_terms()
        for label in dict.fromkeys(self._labels.values()):
            if len(label.split()) > 2:
                self.edges.add(label, "furniture")

    # Elements.

    def _role(self, tag: str, attributes: Attributes) -> str:
        role = role_of(tag, attributes)
        if role == "hidden":
            shown = is_panel(attributes) or self._shows(attributes)
            return "panel" if shown or attributes.get("role") == "tabpanel" else "skipped"
        if role in ("banner", "edge") and self._roles["scope"]:
            return ""
        if role == "asks" and not targets(attributes) and "".join(self._text).strip():
            return "inline"  # a button in the middle of a sentence
        return role

    def _begin(self, tag: str, attributes: Attributes) -> None:
        if tag in HEADINGS:
            self._level = HEADINGS[tag]
        elif tag in ("ul", "ol", "menu"):
            self._lists.append(_number(attributes.get("start")) if tag == "ol" else None)
        elif tag == "li":
            self._begin_item(attributes)
        elif tag == "dd":
            self._defined = False
        elif tag in ("table", "thead", "tr", "td", "th"):
            self._begin_in_table(tag, attributes)
        elif tag == "br":
            self._text.append("\n")
        elif tag == "img":
            self._picture(attributes.get("alt") or "")
        elif tag == "input":
            self._input(attributes)
        elif tag == "a" and self._text[-1:] == [_LINK_END]:
            self._text.append(" ")

    def _finish(self, tag: str, role: str) -> None:
        if role == "asks":
            self._end_control()
        if tag in HEADINGS:
            self._level = None
        elif tag in ("ul", "ol", "menu") and self._lists:
            self._lists.pop()
            self._marker = ""
        elif tag in ("table", "thead", "tr") and self._tables:
            self._finish_in_table(tag)
        elif tag in ("dl", "form"):
            self._settle()
            self._end_terms()
        elif tag == "a":
            self._text.append(_LINK_END)

    def _finish_in_table(self, tag: str) -> None:
        if self._deeper:
            self._deeper -= tag == "table"
        elif tag == "tr":
            self._place_all(self._tables[-1].end_row())
        elif tag == "thead":
            self._tables[-1].in_head = False
        else:
            self._place_all(self._tables.pop().end())

    def _begin_item(self, attributes: Attributes) -> None:
        number = self._lists[-1] if self._lists else None
        if number is None:
            self._marker = "- "
            return
        number = _number(attributes.get("value"), number)
        self._lists[-1] = number + 1
        self._marker = f"{number}. "

    def _begin_in_table(self, tag: str, attributes: Attributes) -> None:
        if tag == "table" and len(self._tables) < MOST_TABLES:
            self._tables.append(TableRows())
        elif tag == "table":
            self._deeper += 1
        elif not self._tables or self._deeper:
            return
        elif tag == "thead":
            self._tables[-1].in_head = True
        elif tag == "tr":
            self._tables[-1].begin_row()
        else:
            columns = min(_number(attributes.get("colspan")), MOST_COLUMNS)
            rows = _number(attributes.get("rowspan"))
            self._tables[-1].begin_cell(Cell(tag == "th", max(columns, 1), max(rows, 1)))

    # Accordions and tabs.

    def _shows(self, attributes: Attributes) -> bool:
        """Whether a button has been seen that shows this element."""
        names = (attributes.get("id"), attributes.get("aria-labelledby"))
        return bool(self._labels) and any(name in self._labels for name in names)

    def _begin_panel(self, attributes: Attributes) -> None:
        names = (attributes.get("id") or "", attributes.get("aria-labelledby") or "")
        label = next((self._labels[name] for name in names if name in self._labels), "")
        if label:
            self._labels = {name: text for name, text in self._labels.items() if text != label}
        elif self._pending:
            label, self._pending = self._pending[0], None
        if label:
            self._ask(label)

    def _ask(self, question: str) -> None:
        self._add(Piece("question", question))
        self._asked = True

    def _end_control(self) -> None:
        text, self._control = " ".join(self._control), []
        if text and self._targets:
            self._labels.update(dict.fromkeys(self._targets, text))
        elif text and self._roles["term"]:
            self._term(text)
        elif text:
            self._settle()
            self._pending = (text, self._level)

    def _picture(self, text: str) -> None:
        """What is said of a picture: a block where it stands by itself."""
        inside = self._level is not None or self._marker or self._in_cell() or self._at_edge()
        inside = inside or any(self._roles[role] for role in _PHRASES)
        if inside or not alt_text(text) or "".join(self._text).strip():
            self.data(f" {text} " if text else "")
        else:
            self._add(Piece("caption", " ".join(text.split())))

    # Forms and definitions.

    def _input(self, attributes: Attributes) -> None:
        kind = (attributes.get("type") or "text").lower()
        if kind in ("checkbox", "radio"):
            self._check("[x]" if "checked" in attributes else "[ ]")
        elif kind in _FIELDS:
            self._end_block()
            self._label = self._label or attributes.get("aria-label") or ""
            self._value(attributes.get("value") or "")

    def _check(self, box: str) -> None:
        if "".join(self._text).strip() or self._in_cell():
            self.data(f" {box} ")
        elif self._label:
            self._label = f"{self._label} {box}"
            self._settle()
        else:
            self._box = f"{box} "

    def _value(self, text: str) -> None:
        """What a form's field holds, after its label."""
        label, self._label = self._label.rstrip(" :"), ""
        if label and text.strip():
            self._add(Piece("field", f"{label}: {text}"))
        else:
            self._add(Piece("paragraph", label or text))

    def _term(self, text: str) -> None:
        if text.endswith("?"):
            self._end_terms()
            self._ask(text)
            return
        self._asked = False
        if self._explained:
            self._terms = []
        self._defined = self._explained = False
        self._terms.append(text)

    def _end_terms(self) -> None:
        """Those that nothing has defined are text."""
        terms, self._terms = self._terms, []
        for term in () if self._explained else terms:
            self._add(Piece("paragraph", term))
        self._explained = True

    def _define(self, piece: Piece) -> Piece:
        """The first block of a definition with what it defines; a list comes under it."""
        self._defined = self._explained = True
        terms = ", ".join(term.rstrip(" :") for term in self._terms)
        if piece.kind == "paragraph":
            return replace(piece, kind="field", text=f"{terms}: {piece.text}")
        self._add(Piece("paragraph", f"{terms}:"))
        return piece

    # Blocks.

    def _end_block(self) -> None:
        if not self._text:
            return
        text = "".join(self._text).replace(_LINK_END, "")
        linked, bold = self._linked, not self._plain
        self._text, self._linked, self._plain = [], 0, 0
        if not self._roles["pre"]:
            text = _BLANKS_IN_LINE.sub(" ", text) if "  " in text else text
            text = (_LINE_END.sub("\n", text) if "\n" in text else text).strip()
        if text.strip():
            text, self._box = self._box + text, ""
            self._by_role(text, linked, bold)

    def _by_role(self, text: str, linked: int, bold: bool) -> None:
        """Put a block's text where its elements say that it belongs."""
        if self._roles["asks"]:
            self._control.append(text)
            self._marker = ""
        elif self._roles["summary"]:
            self._ask(text)
        elif self._level is not None:
            self._add(Piece("heading", text, self._level))
        elif self._roles["caption"] and self._tables:
            self._tables[-1].caption(" ".join(text.split()))
        elif self._roles["term"]:
            self._term(text)
        elif self._roles["label"] and not self._in_cell():
            self._settle()
            self._label = text
        elif self._roles["value"]:
            self._value(text)
        else:
            self._add(replace(self._piece(text, linked), bold=bold))

    def _piece(self, text: str, linked: int) -> Piece:
        if self._at_edge() and self._is_furniture(text, linked):
            return Piece("furniture", text)
        if self._marker:
            text, self._marker = self._marker + text, ""
            piece = Piece("item", text, max(len(self._lists) - 1, 0))
        elif self._roles["pre"]:
            piece = Piece("code", text.strip("\n"))
        else:
            piece = Piece("answer" if self._asked else "paragraph", text)
        return self._define(piece) if self._terms and self._is_meaning() else piece

    def _at_edge(self) -> bool:
        roles = self._roles
        return roles["banner"] > 0 or roles["edge"] > 0 or roles["menu"] > 0

    def _is_meaning(self) -> bool:
        return self._roles["meaning"] > 0 and not self._defined

    def _is_furniture(self, text: str, linked: int) -> bool:
        if self._roles["menu"] or 2 * linked > len(text):
            return True
        return _RIGHTS.match(text) is not None and not _CONTACT.search(text)

    def _add(self, piece: Piece) -> None:
        self._settle()
        self._place(piece, self._tables)

    def _settle(self) -> None:
        """Write what has waited for something that does not come."""
        if self._pending:
            (text, level), self._pending = self._pending, None
            if level is not None:
                self._place(Piece("heading", text, level), self._tables)
            elif text.endswith("?") or len(text.split()) > 2:
                kind: Kind = "question" if text.endswith("?") else "paragraph"
                self._place(Piece(kind, text), self._tables)
        if self._label:
            label, self._label = self._label, ""
            self._place(Piece("paragraph", label), self._tables)

    def _place_all(self, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            self._place(piece, self._tables)

    def _in_cell(self) -> bool:
        return any(table.cells for table in self._tables)

    def _place(self, piece: Piece, tables: list[TableRows]) -> None:
        """Into the open cell, or the text."""
        at = next((at for at in range(len(tables) - 1, -1, -1) if tables[at].cells), None)
        if at is None:
            self._write(piece)
            return
        for each in tables[at].add(piece):
            self._place(each, tables[:at])

    def _write(self, piece: Piece) -> None:
        if piece.kind == "heading":
            self._write_heading(piece)
            return
        self.has_text |= piece.kind != "furniture"
        at_edge = piece.kind == "furniture" or self._at_edge()
        sections = self.edges if at_edge else self.sections
        sections.add(piece.text, piece.kind, level=piece.level, table=piece.table)

    def _write_heading(self, piece: Piece) -> None:
        self._asked = False
        if not piece.level:
            for sections in (self.sections, self.edges):
                sections.heading(0, piece.text, seen=False)
            return
        self.has_text = True
        at_edge = self._roles["edge"] or self._roles["menu"]
        (self.edges if at_edge else self.sections).heading(piece.level, piece.text)


def _number(text: str | None, otherwise: int = 1) -> int:
    return int(text) if text and re.fullmatch(r"\d{1,6}", text) else otherwise
