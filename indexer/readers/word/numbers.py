"""Automatic numbers of Word as they are printed: "2.2.", "а)", "•"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from indexer.readers.word.names import VAL, is_on, number, value, w
from indexer.readers.word.styles import MAX_DEPTH

MAX_TEXT = 100  # characters of what is printed around the numbers

_BULLETS = frozenset("-–—−*•◦▪▫●○■□►▶➢✓✔")
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_RUSSIAN = "абвгдежзиклмнопрстуфхцчшщыэюя"
_ROMAN = tuple(
    zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        ("m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v", "iv", "i"),
        strict=True,
    )
)
_PROPERTIES = w("numPr")
_ID, _LEVEL, _ABSTRACT = w("numId"), w("ilvl"), w("abstractNumId")


@dataclass(frozen=True)
class _Level:
    start: int = 1
    format: str = "decimal"
    text: str = ""
    restart: int | None = None  # the level, from 1, that restarts it; None: any above
    legal: bool = False
    gap: str = " "
    style: str | None = None


@dataclass
class _List:
    """A w:num: the levels of its definition, counted together with those of the same one."""

    levels: dict[int, _Level]
    counts: dict[int, int]
    restarts: dict[int, int]
    linked: dict[str | None, int]  # style id to the level that is made for it

    def next(self, level: int) -> str:
        for restarted, start in self.restarts.items():  # at its first paragraph
            self.counts[restarted] = start - 1
        self.restarts = {}
        at = self.levels.get(level, _Level())
        self.counts[level] = self.counts.get(level, at.start - 1) + 1
        for deeper in [each for each in self.counts if each > level]:
            restart = self.levels.get(deeper, _Level()).restart
            if level < (deeper if restart is None else restart):
                del self.counts[deeper]
        if at.format == "bullet":
            return bullet(at.text) + at.gap
        printed = re.sub(r"%([1-9])", lambda found: self._count(int(found[1]) - 1, at), at.text)
        return printed + at.gap if printed.strip() else ""

    def _count(self, level: int, asked: _Level) -> str:
        at = self.levels.get(level, _Level())
        return shown(self.counts.get(level, at.start), "decimal" if asked.legal else at.format)


class Numbers:
    """Counts the numbered paragraphs of a document as they come."""

    def __init__(self, numbering: Any, styles: Any) -> None:
        self._lists = {} if numbering is None else _lists(numbering, styles)
        self._styles = _numbered_styles(styles)

    def next(self, style: str | None, properties: Any) -> tuple[str, int] | None:
        """The number before the paragraph and its level; None where it is in no list."""
        own = None if properties is None else properties.find(_PROPERTIES)
        inherited = self._styles.get(style)
        if own is None and inherited is None:
            return None
        name, level = (None, None) if own is None else (value(own, _ID), value(own, _LEVEL))
        if name is None and inherited is not None:
            name = inherited[0]
        found = self._lists.get(name)
        if found is None:
            return None
        if level is None:
            default = inherited[1] if inherited and inherited[0] == name else 0
            depth = found.linked.get(style, default)
        else:
            depth = min(number(level, 0), 8)
        return found.next(depth), depth


def _numbered_styles(styles: Any) -> dict[str | None, tuple[str, int]]:
    """Style id to the list and level that its paragraphs are in."""
    if styles is None:
        return {}
    own, bases = {}, {}
    for style in styles.iterfind(w("style")):
        name = style.get(w("styleId"))
        bases[name] = value(style, w("basedOn"))
        own[name] = style.find(w("pPr/numPr"))
    found = {}
    for name in own:
        at = name
        for _ in range(MAX_DEPTH):
            if own.get(at) is None:
                at = bases.get(at)
        properties = own.get(at)
        list_id = value(properties, _ID)
        if list_id is not None:
            found[name] = (list_id, min(number(value(properties, _LEVEL), 0), 8))
    return found


def _lists(numbering: Any, styles: Any) -> dict[str | None, _List]:
    definitions = {each.get(_ABSTRACT): each for each in numbering.iterfind(w("abstractNum"))}
    links = {value(each, w("styleLink")): name for name, each in definitions.items()}
    counts: dict[str, dict[int, int]] = {}
    found: dict[str | None, _List] = {}
    for each in numbering.iterfind(w("num")):
        name = value(each, _ABSTRACT) or ""
        definition = definitions.get(name)
        link = value(definition, w("numStyleLink"))
        if link is not None and link in links:
            name = links[link]
            definition = definitions[name]
        levels = {} if definition is None else _levels(definition)
        restarts = {}
        for override in each.iterfind(w("lvlOverride")):
            levels |= _levels(override)
            start = value(override, w("startOverride"))
            if start is not None:
                restarts[number(override.get(_LEVEL), 0)] = number(start, 1)
        linked: dict[str | None, int] = {
            at.style: depth for depth, at in levels.items() if at.style is not None
        }
        shared = counts.setdefault(name, {})
        found[each.get(_ID)] = _List(levels, shared, restarts, linked)
    return found


def _levels(parent: Any) -> dict[int, _Level]:
    return {
        number(level.get(_LEVEL), 0): _Level(
            start=number(value(level, w("start")), 0),
            format=value(level, w("numFmt")) or "decimal",
            text=(value(level, w("lvlText")) or "")[:MAX_TEXT],
            restart=_restart(level),
            legal=is_on(level.find(w("isLgl"))),
            gap="" if value(level, w("suff")) == "nothing" else " ",
            style=value(level, w("pStyle")),
        )
        for level in parent.iterfind(w("lvl"))
    }


def _restart(level: Any) -> int | None:
    restart = level.find(w("lvlRestart"))
    return None if restart is None else number(restart.get(VAL), 0)


def bullet(text: str) -> str:
    """Bullets are often letters of a font of signs."""
    return text if text in _BULLETS else "•" if text.strip() else ""


def shown(count: int, form: str) -> str:
    """A number in the form that Word calls so: "lowerLetter"."""
    match form:
        case "none" | "bullet":
            return ""
        case "decimalZero":
            return f"{count:02}"
        case "lowerLetter" | "upperLetter":
            text = _letters(count, _LATIN)
        case "russianLower" | "russianUpper":
            text = _letters(count, _RUSSIAN)
        case "lowerRoman" | "upperRoman":
            text = _roman(count)
        case _:
            return str(count)
    return text.upper() if form.startswith("upper") or form.endswith("Upper") else text


def _letters(count: int, alphabet: str) -> str:
    """а, б, … я, аа, бб: the letter again for every time round."""
    turn, place = divmod(count - 1, len(alphabet))
    return alphabet[place] * (turn + 1) if 0 <= turn < 20 else str(count)


def _roman(count: int) -> str:
    if not 0 < count < 10_000:
        return str(count)
    shown = ""
    for worth, sign in _ROMAN:
        times, count = divmod(count, worth)
        shown += sign * times
    return shown
