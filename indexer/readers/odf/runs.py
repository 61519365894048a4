"""The text of an OpenDocument paragraph as it is shown, and what hangs on it."""

from __future__ import annotations

import re
from typing import Any

from indexer.readers.odf.document import n
from indexer.readers.odf.styles import Styles
from indexer.readers.word.names import number

P, H, SOFT_BREAK = n("text:p"), n("text:h"), n("text:soft-page-break")
NOTE, REMARK = n("text:note"), n("office:annotation")
STYLE = n("text:style-name")
MOST_SPACES = 100

_DRAW = n("draw:")
_BEGINS, _ENDS = n("text:change-start"), n("text:change-end")
_SPAN, _SPACES, _COUNT = n("text:span"), n("text:s"), n("text:c")
_PLAIN = {n("text:tab"): "\t", n("text:line-break"): "\n", SOFT_BREAK: "\f", P: "\n"}
_SKIPPED = frozenset(
    map(
        n,
        (
            "text:number", "text:ruby-text", "office:annotation-end", "text:hidden-text",
            "text:tracked-changes", "text:note-citation", "office:forms", "office:event-listeners",
            "text:sequence-decls", "text:variable-decls", "text:user-field-decls",
            "text:hidden-paragraph", "office:binary-data", "table:tracked-changes",
        ),
    )
)  # fmt: skip
_WHITE = re.compile(r"[ \t\r\n]+")


def is_drawing(element: Any) -> bool:
    """Whether it is a frame, a shape, or a group of these."""
    return str(element.tag).startswith(_DRAW) and element.tag not in (n("draw:a"),)


class Runs:
    """Reads paragraphs; keeps what hangs on them until it is taken."""

    def __init__(self, styles: Styles) -> None:
        self._styles = styles
        self._hanging: list[Any] = []
        self._deleted = set[str]()  # changes that take text away, of those that are known
        self._open = set[str]()  # such that have begun and not ended
        self.bold = False  # all letters of the last paragraph are

    def learn(self, changes: Any) -> None:
        """Which of the tracked changes are deletions: their text may stand among the rest."""
        for region in changes.iterchildren(n("text:changed-region")):
            if next(region.iterchildren(n("text:deletion")), None) is not None:
                self._deleted.add(region.get(n("text:id")) or region.get(n("xml:id"), ""))

    def text(self, paragraph: Any) -> str:
        """The text, with \\f where a page ends in it; "" where it is hidden."""
        look = self._styles.paragraph(paragraph.get(STYLE))
        out: list[tuple[str, bool]] = []
        if not look.hidden:
            self._collect(paragraph, out, bool(look.bold))
        self.bold = all(bold for text, bold in out if text.strip()) and bool(out)
        return "".join(text for text, _ in out)

    def take(self) -> list[Any]:
        """The frames and shapes, notes and remarks met, in their order."""
        met, self._hanging = self._hanging, []
        return met

    def _collect(self, element: Any, out: list[tuple[str, bool]], bold: bool) -> None:
        if element.text and not self._open:
            out.append((_WHITE.sub(" ", element.text), bold))
        for each in element:
            tag = each.tag
            if tag in (_BEGINS, _ENDS):
                self._change(each.get(n("text:change-id"), ""), begins=tag == _BEGINS)
            elif self._open and tag not in (_SPAN, n("text:a")):
                pass
            elif tag == _SPACES:
                out.append((" " * min(number(each.get(_COUNT), 1), MOST_SPACES), bold))
            elif tag in _PLAIN:
                out.append((_PLAIN[tag], bold))
                if tag == P:
                    self._collect(each, out, bold)
            elif tag == _SPAN:
                look = self._styles.text(each.get(STYLE))
                if not look.hidden:
                    self._collect(each, out, bold if look.bold is None else look.bold)
            elif tag in (NOTE, REMARK) or is_drawing(each):
                self._hanging.append(each)
            elif tag not in _SKIPPED:
                self._collect(each, out, bold)
            if each.tail and not self._open:
                out.append((_WHITE.sub(" ", each.tail), bold))

    def _change(self, name: str, *, begins: bool) -> None:
        if not begins:
            self._open.discard(name)
        elif name in self._deleted:
            self._open.add(name)
