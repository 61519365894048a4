"""The text of a Word paragraph as it is printed, and what hangs on it."""

from __future__ import annotations

from typing import Any

from indexer.readers.page import alt_text
from indexer.readers.word.formulas import linear
from indexer.readers.word.names import (
    DRAWING,
    MATH,
    SKIPPED,
    TEXT_BOX,
    VAL,
    P,
    R,
    T,
    child,
    is_on,
    number,
    value,
    w,
)

_BR, _RENDERED, _FIELD, _SYMBOL = w("br"), w("lastRenderedPageBreak"), w("fldChar"), w("sym")
_TYPE, _ID, _CHAR, _FIELD_TYPE = w("type"), w("id"), w("char"), w("fldCharType")
_FORM, _BOX, _LIST = w("ffData"), w("checkBox"), w("ddList")
_VANISH, _RUN_STYLE = w("rPr/vanish"), w("rPr/rStyle")
_PLAIN = {w("tab"): "\t", w("ptab"): "\t", w("cr"): "\n", w("noBreakHyphen"): "-", P: "\n"}
_FORMULA = MATH + "oMath"
_NOTES = {w("footnoteReference"): "footnotes", w("endnoteReference"): "endnotes"} | {
    w("commentReference"): "comments"
}
_PICTURE = DRAWING + "docPr"
_PHONETIC = w("rt")
# Of the fonts of signs, what is also found in forms and prices.
_SYMBOLS = {
    "F0FE": "☒", "F0FD": "☒", "F053": "☒", "F052": "☑", "F0A8": "☐", "F06F": "☐", "F0FC": "✓",
    "F0B0": "°", "F0B1": "±", "F0A3": "≤", "F0B3": "≥", "F0B7": "•", "F0D7": "·", "F0E0": "→",
}  # fmt: skip


class Runs:
    """Reads paragraphs; keeps what hangs on them until it is taken."""

    def __init__(self, *, rendered: bool, hidden: frozenset[str | None] | None) -> None:
        self._rendered = rendered
        self._hidden = hidden  # styles; None where nothing is hidden at all
        self._fields: list[bool] = []  # open fields; True while in the code of one
        self._notes: list[tuple[str, str]] = []
        self._boxes: list[Any] = []
        self._pictures: list[str] = []

    def text(self, paragraph: Any) -> str:
        """The text, with \\f for page breaks."""
        self._fields.clear()
        out: list[str] = []
        self._collect(paragraph, out)
        return "".join(out)

    def take(self) -> tuple[list[Any], list[str], list[tuple[str, str]]]:
        """The text boxes, texts of pictures and notes met; a note as part and id: footnotes, 2."""
        met = self._boxes, self._pictures, self._notes
        self._boxes, self._pictures, self._notes = [], [], []
        return met

    def _collect(self, element: Any, out: list[str]) -> None:
        for each in element:
            tag = each.tag
            if tag == T:
                if True not in self._fields:
                    out.append(each.text or "")
            elif tag == R:
                if self._hidden is None or not self._is_hidden(each):
                    self._collect(each, out)
            elif tag in _PLAIN:
                out.append(_PLAIN[tag])
            elif tag not in SKIPPED:
                self._special(each, tag, out)

    def _special(self, element: Any, tag: str, out: list[str]) -> None:
        if tag in (_BR, _RENDERED):
            out.append(self._break(element))
        elif tag == _FIELD:
            self._field(element.get(_FIELD_TYPE))
            out.append(_chosen(element))
        elif tag == _SYMBOL:
            out.append(_SYMBOLS.get(element.get(_CHAR, "").upper(), ""))
        elif tag == _FORMULA:
            out.append(linear(element))
        elif tag == TEXT_BOX:
            self._boxes.append(element)
        elif tag == _PICTURE:
            self._pictures.append(alt_text(element.get("descr")))
        elif tag in _NOTES:
            self._notes.append((_NOTES[tag], element.get(_ID, "")))
        elif tag != _PHONETIC:
            self._collect(element, out)

    def _break(self, element: Any) -> str:
        """Word puts a rendered break after each explicit one, so only one kind counts."""
        if element.tag == _RENDERED:
            return "\f" if self._rendered else ""
        if element.get(_TYPE) == "page":
            return "" if self._rendered else "\f"
        return "\n"

    def _field(self, kind: str | None) -> None:
        if kind == "begin":
            self._fields.append(True)
        elif self._fields:
            if kind == "separate":
                self._fields[-1] = False
            else:
                self._fields.pop()

    def _is_hidden(self, run: Any) -> bool:
        own = run.find(_VANISH)
        if own is not None:
            return is_on(own)
        style = run.find(_RUN_STYLE)
        return style is not None and style.get(VAL) in (self._hidden or ())


def _chosen(field: Any) -> str:
    """What is ticked or picked in a field of a form of old, which has no text of its own."""
    data = child(field, _FORM)
    box, picked = (None, None) if data is None else (child(data, _BOX), child(data, _LIST))
    if box is not None:
        ticked = child(box, w("checked"))
        return "☒" if is_on(child(box, w("default")) if ticked is None else ticked) else "☐"
    if picked is not None:
        entries = [entry.get(VAL, "") for entry in picked.iterchildren(w("listEntry"))]
        place = number(value(picked, w("result")) or value(picked, w("default")), 0)
        return entries[place] if place < len(entries) else ""
    return ""
