"""Numbers as a spreadsheet shows them, by their format codes."""

from __future__ import annotations

import operator
import re
from calendar import day_name, month_name
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache

GENERAL = "General"

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_.|\*.|\[\$(?P<currency>[^\]-]*)[^\]]*\]'
    r"|\[(?P<elapsed>h+|m+|s+)\]|\[[^\]]*\]|(?P<half>am/pm|a/p)|(?P<exponent>E[+-]0+)"
    r"|(?P<general>general)|(?P<date>y+|m+|d+|h+|s+(?:\.0+)?)|(?P<digit>[0#?])|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_SECTION = re.compile(r'((?:"[^"]*"?|\\.|\[[^\]]*\]|[^;"\\\[])*)(?:;|\Z)', re.DOTALL)
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)(-?[\d.]+)\]")
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le, ">=": operator.ge, "<>": operator.ne,
    "<": operator.lt, ">": operator.gt, "=": operator.eq,
}  # fmt: skip
# These stand for the short and the long date of whoever opens the file.
_SYSTEM_DATE, _LONG_DATE = "mm-dd-yy", "[$-F800]"

_WIDE = Context(prec=600)  # digits of any number in any format

_RU_OF_MONTH = (
    "января", "февраля", "марта", "апреля", "мая", "июня",
    "июля", "августа", "сентября", "октября", "ноября", "декабря",
)  # fmt: skip
_RU_MONTHS = (
    "Январь", "Февраль", "Март", "Апрель", "Май", "Июнь",
    "Июль", "Август", "Сентябрь", "Октябрь", "Ноябрь", "Декабрь",
)  # fmt: skip
_RU_DAYS = ("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье")
_RU_SHORT_DAYS = ("Пн", "Вт", "Ср", "Чт", "Пт", "Сб", "Вс")


@dataclass(frozen=True)
class Language:
    """What the program that shows a workbook takes from its user's language."""

    russian: bool

    @property
    def point(self) -> str:
        return "," if self.russian else "."

    @property
    def group(self) -> str:
        return " " if self.russian else ","

    def date(self) -> str:
        return "dd.mm.yyyy" if self.russian else "yyyy-mm-dd"

    def long_date(self) -> str:
        return 'd mmmm yyyy "г."' if self.russian else "mmmm d, yyyy"

    def boolean(self, value: bool) -> str:
        return ("ЛОЖЬ", "ИСТИНА")[value] if self.russian else ("FALSE", "TRUE")[value]

    def month(self, number: int, *, beside_day: bool, short: bool) -> str:
        names = (_RU_OF_MONTH if beside_day else _RU_MONTHS) if self.russian else month_name[1:]
        return names[number - 1][:3] if short else names[number - 1]

    def weekday(self, number: int, *, short: bool) -> str:
        if self.russian:
            return (_RU_SHORT_DAYS if short else _RU_DAYS)[number]
        return day_name[number][: 3 if short else None]


@dataclass(frozen=True)
class Token:
    """A piece of a format code: of which kind, and its text."""

    kind: str
    text: str


def show(value: float, code: str, language: Language, *, since_1904: bool = False) -> str:
    """The number as text; plain where the code is General, hides it, or makes no date of it."""
    tokens, absolute = _section(code, value, language)
    kinds = {token.kind for token in tokens}
    if "date" in kinds or "elapsed" in kinds:
        return _moment(value, tokens, language, since_1904)
    if "general" in kinds or (not kinds & {"digit", "exponent"} and not _said(tokens)):
        return plain(value, language)
    text = _number(abs(value) if absolute else value, tokens, language).strip()
    return text or plain(value, language)


def show_moment(moment: datetime, code: str, language: Language) -> str:
    """A date that the file holds as such."""
    tokens, _ = _section(code, 1.0, language)
    if not any(token.kind == "date" for token in tokens):
        tokens = _tokens(language.date())
    return _date(moment, tokens, language)


def plain(value: float, language: Language) -> str:
    """As in a cell without a format."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    if 1e-4 < abs(value) < 1e10:
        text = f"{value:.10g}"
    else:
        text = f"{value:.10f}".rstrip("0") if 1e-6 < abs(value) < 1 else f"{value:.6g}"
    return text.replace(".", language.point)


def _said(tokens: tuple[Token, ...]) -> bool:
    return any(token.text.strip() for token in tokens if token.kind == "literal")


def _section(code: str, value: float, language: Language) -> tuple[tuple[Token, ...], bool]:
    """The section of the code for this value, and whether it shows the sign by itself."""
    if code == _SYSTEM_DATE:
        code = language.date()
    elif code.startswith(_LONG_DATE):
        code = language.long_date()
    sections = [found[1] for found in _SECTION.finditer(code) if found[0]] or [GENERAL]
    conditions = [_CONDITION.search(section) for section in sections]
    if any(conditions):
        for section, condition in zip(sections, conditions, strict=True):
            if not condition or _COMPARE[condition[1]](value, float(condition[2])):
                return _tokens(section), False
        return _tokens(sections[-1]), False
    if value < 0 and len(sections) > 1:
        return _tokens(sections[1]), True
    return _tokens(sections[2] if value == 0 and len(sections) > 2 else sections[0]), False


@lru_cache(maxsize=512)
def _tokens(section: str) -> tuple[Token, ...]:
    tokens: list[Token] = []
    for found in _TOKEN.finditer(section):
        kind, text = found.lastgroup, found[0]
        if kind in ("quoted", "escaped", "currency"):
            tokens.append(Token("literal", found[kind] or ""))
        elif kind == "other":
            tokens.append(Token("mark" if text in ".,%/" else "literal", text.replace("@", "")))
        elif kind in ("date", "elapsed"):
            tokens.append(Token(kind, found[kind].lower()))
        elif kind:
            tokens.append(Token(kind, text.lower()))
        elif text[0] == "_":
            tokens.append(Token("literal", " "))
    return _with_minutes(tokens)


def _with_minutes(tokens: list[Token]) -> tuple[Token, ...]:
    """An m after hours or before seconds is minutes."""
    times = [i for i, token in enumerate(tokens) if token.kind in ("date", "elapsed")]
    for before, here, after in zip([None, *times], times, [*times[1:], None], strict=False):
        follows = before is not None and tokens[before].text[0] == "h"
        leads = after is not None and tokens[after].text[0] == "s"
        if tokens[here].text in ("m", "mm") and (follows or leads):
            tokens[here] = Token(tokens[here].kind, "n" * len(tokens[here].text))
    return tuple(tokens)


def _moment(value: float, tokens: tuple[Token, ...], language: Language, since_1904: bool) -> str:
    if any(token.kind == "elapsed" for token in tokens):
        return _elapsed(value, tokens)
    # Excel believes that 1900 was a leap year.
    epoch = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 30 + (0 <= value < 60))
    try:
        return _date(epoch + timedelta(milliseconds=round(value * 86_400_000)), tokens, language)
    except OverflowError:
        return plain(value, language)


def _date(moment: datetime, tokens: tuple[Token, ...], language: Language) -> str:
    half = any(token.kind == "half" for token in tokens)
    beside_day = any(token.text in ("d", "dd") for token in tokens if token.kind == "date")
    parts = []
    for token in tokens:
        if token.kind == "date":
            parts.append(_date_part(moment, token.text, language, half, beside_day))
        elif token.kind == "half":
            parts.append("AM" if moment.hour < 12 else "PM")
        else:
            slash = token == Token("mark", "/")  # whatever divides a date in the language
            parts.append("." if slash and language.russian else token.text)
    return "".join(parts).strip()


def _date_part(moment: datetime, part: str, language: Language, half: bool, beside: bool) -> str:
    size = len(part)
    match part[0]:
        case "y":
            return f"{moment.year:04}" if size > 2 else f"{moment.year % 100:02}"
        case "m" if size > 2:
            return language.month(moment.month, beside_day=beside, short=size == 3)
        case "d" if size > 2:
            return language.weekday(moment.weekday(), short=size == 3)
        case "s" if "." in part:
            places = size - part.index(".") - 1
            return f"{moment.second:02}." + f"{moment.microsecond:06}"[:places]
    hour = (moment.hour % 12 or 12) if half else moment.hour
    values = {"m": moment.month, "d": moment.day, "h": hour, "n": moment.minute}
    return f"{values.get(part[0], moment.second):0{min(size, 2)}}"


def _elapsed(value: float, tokens: tuple[Token, ...]) -> str:
    """A duration: [h] counts all hours."""
    seconds = round(abs(value) * 86_400)
    parts = ["-" if value < 0 else ""]
    for token in tokens:
        unit = {"h": 3600, "m": 60, "n": 60, "s": 1}.get(token.text[:1], 1)
        if token.kind == "elapsed":
            parts.append(f"{seconds // unit:0{len(token.text)}}")
        elif token.kind == "date":
            parts.append(f"{seconds // unit % (24 if unit == 3600 else 60):0{len(token.text)}}")
        else:
            parts.append(token.text)
    return "".join(parts).strip()


def _number(value: float, tokens: tuple[Token, ...], language: Language) -> str:
    marks = "".join(token.text for token in tokens if token.kind == "mark")
    if "/" in marks and marks.count("/") == 1 and "." not in marks:
        return plain(value, language)  # a fraction: "# ?/?"
    exponent = next((token.text for token in tokens if token.kind == "exponent"), "")
    digits = [i for i, token in enumerate(tokens) if token.kind == "digit"]
    if not digits:
        return "".join(token.text for token in tokens)
    point = next((i for i, token in enumerate(tokens) if token == Token("mark", ".")), None)
    whole = [i for i in digits if point is None or i < point]
    decimals = digits[len(whole) :]
    if exponent:
        return f"{value:.{len(decimals)}E}".replace(".", language.point)
    last = (whole or digits)[-1]
    thousands = [i for i, token in enumerate(tokens) if token == Token("mark", ",")]
    grouped = any(i < last for i in thousands)
    scaled = Decimal(repr(value)) * 100 ** marks.count("%")
    scaled /= 1000 ** sum(i > digits[-1] or last < i < (point or i) for i in thousands)
    rounded = scaled.quantize(Decimal(1).scaleb(-len(decimals)), ROUND_HALF_UP, _WIDE)
    sign, shown = "-" if rounded < 0 else "", f"{rounded.copy_abs():f}"
    integer, _, fraction = shown.partition(".")
    filled = _fill_whole(integer, whole, tokens, language.group if grouped else "")
    filled |= _fill_fraction(fraction, decimals, tokens)
    if point is not None:
        filled[point] = language.point if any(map(filled.get, decimals)) else ""
    return sign + _put_together(filled, tokens, language)


def _fill_whole(
    number: str, places: list[int], tokens: tuple[Token, ...], group: str
) -> dict[int, str]:
    """The digits before the point at their places in the code, from the right."""
    required = [i for i in places if tokens[i].text == "0"]
    least = len(places) - places.index(required[0]) if required else 0
    number = number.lstrip("0").zfill(least)
    if group:
        pieces = [number[max(end - 3, 0) : end] for end in range(len(number), 0, -3)]
        return dict.fromkeys(places, "") | {places[-1]: group.join(reversed(pieces))}
    filled = dict.fromkeys(places, "")
    for place in reversed(places[1:]):
        number, filled[place] = number[:-1], number[-1:]
    return filled | ({places[0]: number} if places else {})


def _fill_fraction(fraction: str, places: list[int], tokens: tuple[Token, ...]) -> dict[int, str]:
    """The digits after the point; zeros at the end only where the code asks for them."""
    filled, wanted = {}, False
    for place, digit in zip(reversed(places), reversed(fraction), strict=True):
        wanted = wanted or digit != "0" or tokens[place].text == "0"
        filled[place] = digit if wanted else ""
    return filled


def _put_together(filled: dict[int, str], tokens: tuple[Token, ...], language: Language) -> str:
    parts: list[str] = []
    for i, token in enumerate(tokens):
        if i in filled:
            parts.append(filled[i])
        elif token.text == "%" and language.russian and parts and parts[-1][-1:].isdigit():
            parts.append(" %")
        elif token != Token("mark", ","):
            parts.append(token.text)
    return "".join(parts)
