"""Numbers and bullets of OpenDocument lists and headings as they are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from indexer.readers.odf.document import n
from indexer.readers.word.names import number
from indexer.readers.word.numbers import MAX_TEXT, bullet, shown

DEEPEST = 10
_NAME, _LEVEL, _START, _SHOWN_LEVELS = map(
    n, ("style:name", "text:level", "text:start-value", "text:display-levels")
)
_FORMAT, _PREFIX, _SUFFIX, _PATTERN = map(
    n, ("style:num-format", "style:num-prefix", "style:num-suffix", "loext:num-list-format")
)
_LIST_STYLES = (n("text:list-style"), n("text:outline-style"))
_FORMS = {"1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman"} | {
    "I": "upperRoman", "": "none",
}  # fmt: skip


@dataclass(frozen=True)
class _Level:
    start: int = 1
    form: str = "none"
    pattern: str = ""  # "%1%.%2%."
    bullet: str | None = None
    gap: str = " "


@dataclass
class List:
    """A list or a part of one; all of its levels are counted together."""

    style: str | None
    counts: dict[int, int] = field(default_factory=dict)
    level: int = 0


class Lists:
    """Counts the items of a document as they come."""

    def __init__(self, roots: Iterable[Any]) -> None:
        self._styles = {
            style.get(_NAME) if style.tag == _LIST_STYLES[0] else "": _levels(style)
            for root in roots
            for style in root.iterchildren(*_LIST_STYLES)
        }
        self._outline = List("")
        self._last: dict[str | None, dict[int, int]] = {}
        self._known: dict[str | None, dict[int, int]] = {}

    def begin(self, element: Any, outer: List | None) -> List:
        """A list begins, in another one or by itself; it may go on with one that was before."""
        style = element.get(n("text:style-name"))
        if outer:
            return List(style or outer.style, outer.counts, min(outer.level + 1, DEEPEST))
        before = element.get(n("text:continue-list"))
        counts = self._known.get(before) if before else None
        if counts is None and element.get(n("text:continue-numbering")) == "true":
            counts = self._last.get(style)
        begun = List(style, {} if counts is None else counts, 1)
        self._last[style] = begun.counts
        self._known[element.get(n("xml:id"))] = begun.counts
        return begun

    def label(self, of: List, item: Any, style: str | None = None) -> str:
        """What stands before the next item; `style` is that of its paragraph."""
        own = item.get(_START)
        levels = self._styles.get(of.style or style, {})
        return self._next(of.counts, levels, of.level, own)

    def heading(self, element: Any, level: int) -> str:
        """The number of a heading that stands in no list."""
        levels = self._styles.get("", {})
        if element.get(n("text:is-list-header")) == "true" or level not in levels:
            return ""
        return self._next(self._outline.counts, levels, level, element.get(_START))

    def _next(
        self, counts: dict[int, int], levels: dict[int, _Level], level: int, own: str | None
    ) -> str:
        at = levels.get(level, _Level())
        counts[level] = number(own, 1) if own else counts.get(level, at.start - 1) + 1
        for deeper in [each for each in counts if each > level]:
            del counts[deeper]
        if at.bullet is not None:
            return bullet(at.bullet) + at.gap

        def count(found: re.Match[str]) -> str:
            each = levels.get(int(found[1]), _Level())
            return shown(counts.get(int(found[1]), each.start), each.form)

        text = "" if at.form == "none" else re.sub(r"%(\d\d?)%", count, at.pattern)
        return text + at.gap if text.strip() else ""


def _levels(style: Any) -> dict[int, _Level]:
    found = {}
    for each in style:
        level = min(number(each.get(_LEVEL), 1), DEEPEST)
        kind = str(each.tag).rpartition("}")[2]
        if kind == "list-level-style-bullet":
            found[level] = _Level(bullet=each.get(n("text:bullet-char"), "•")[:1])
        elif kind == "list-level-style-image":
            found[level] = _Level(bullet="•")
        else:
            found[level] = _Level(
                number(each.get(_START), 1), _form(each.get(_FORMAT, "")), _pattern(each, level)
            )
    return found


def _pattern(each: Any, level: int) -> str:
    pattern: str = each.get(_PATTERN, "")
    if "%" not in pattern:
        first = level - min(max(number(each.get(_SHOWN_LEVELS), 1), 1), level) + 1
        counts = ".".join(f"%{at}%" for at in range(first, level + 1))
        pattern = f"{each.get(_PREFIX, '')}{counts}{each.get(_SUFFIX, '')}"
    return pattern[:MAX_TEXT]


def _form(text: str) -> str:
    """What Word calls the same; Cyrillic forms are told by their first letters."""
    if text[:1] in ("а", "А"):
        return "russianLower" if text[0] == "а" else "russianUpper"
    return "decimalZero" if text[:1] == "0" else _FORMS.get(text, "decimal")
