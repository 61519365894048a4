"""Numbers, codes, telephones and dates in one normal form, however they are written.

A form is a word of its own beside the parts: "5.6" is 5, 6 and 5_6; "5 мая 2024", "05.05.2024" and
"2024-05-05" are all date_05_05 and date_2024_05_05.
"""

import re
from collections.abc import Iterator

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "января january jan", "февраля february feb", "марта march mar", "апреля april apr",
            "мая may", "июня june jun", "июля july jul", "августа august aug",
            "сентября september sep", "октября october oct", "ноября november nov",
            "декабря december dec",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_MONTH = "|".join(MONTHS)
_DAY = r"(?P<day>\d{1,2})"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_DOTTED_DATE = re.compile(rf"\b{_DAY}\.(?P<month>\d\d)\.{_YEAR}\b")
_ISO_DATE = re.compile(rf"\b{_YEAR}-(?P<month>\d\d)-(?P<day>\d\d)\b")
_DAY_FIRST = re.compile(rf"\b{_DAY}[»\"]?\s+(?P<month>{_MONTH})\b(?:,?\s+{_YEAR})?")
_MONTH_FIRST = re.compile(rf"\b(?P<month>{_MONTH})\s+{_DAY}\b(?:,?\s+{_YEAR})?")
_DOTTED = re.compile(r"(?<![\w.,])\d+(?:\.\d+)+(?![\w,])")
_GROUPED = re.compile(r"(?<![\w.,])\d{1,3}(?:[ \xa0\u202f]\d{3})+(?!\w|[.-]\d)")
_PHONE = re.compile(r"(?<!\w)(?:\+7|8)[ (-]*\d{3}[ )-]*\d{3}[ -]*\d{2}[ -]*\d{2}(?!\w)")
_NAMED_MONTH = re.compile(r"[a-z]{3} \d|[а-я]{2} \d")
_DASH = re.compile("[-‐‑–/]")
# Letters and digits joined by dashes or slashes: КЛ-2054-Ж, 2054/17-к.
_CODE = re.compile(r"(?<!\w)(?=\S*\d)(?=\S*[^\W\d_])[^\W_]+(?:[-‐‑–/][^\W_]+)+(?!\w)")
# Each form lies this near to one of its digits; to look elsewhere would take most of the time.
_NUMBER = re.compile(r"\d+")
_BEFORE, _AFTER = 16, 24


def exact_forms(text: str) -> list[str]:
    """The normal forms of what a text writes exactly, each as often as it stands there."""
    near_numbers = _near_numbers(text.casefold().replace("ё", "е"))
    return [form for near in near_numbers for form in _forms(near)]


def _near_numbers(text: str) -> Iterator[str]:
    """The pieces of a text with its numbers and what stands around them."""
    start = stop = 0
    for number in _NUMBER.finditer(text):
        if number.start() - _BEFORE > stop:
            if stop:
                yield text[start:stop]
            start = number.start() - _BEFORE
        stop = number.end() + _AFTER
    if stop:
        yield text[start:stop]


def _forms(text: str) -> Iterator[str]:
    """Searches by the signs that a text holds: all of them take as long as splitting into words."""
    yield from _dates(_DAY_FIRST, text)
    if _NAMED_MONTH.search(text):
        yield from _dates(_MONTH_FIRST, text)
    if "." in text:
        yield from _dates(_DOTTED_DATE, text)
        for found in _DOTTED.finditer(text):
            yield found[0].replace(".", "_")
    for found in _GROUPED.finditer(text):
        yield re.sub(r"\s", "", found[0])
    for found in _PHONE.finditer(text):
        yield "phone_" + re.sub(r"\D", "", found[0])[-10:]
    if _DASH.search(text):
        yield from _dates(_ISO_DATE, text)
        for found in _CODE.finditer(text):
            yield re.sub(r"[\W_]", "", found[0])


def _dates(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    for found in pattern.finditer(text):
        month = MONTHS.get(found["month"]) or int(found["month"])
        day, year = int(found["day"]), found["year"]
        if 1 <= month <= 12 and 1 <= day <= 31:
            yield f"date_{month:02}_{day:02}"
            if year:
                yield f"date_{year}_{month:02}_{day:02}"
