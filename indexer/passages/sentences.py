"""Sentences of a paragraph; an abbreviation ends none."""

import re

_END = re.compile(r"(?<=[.!?…])[»\"”)]?\s+(?=[«\"“(]?[\w№—–-])|\n(?=\S)")
# What stands before a full stop that ends no sentence whatever follows: initials, titles, streets.
_OPEN = re.compile(
    r"(?:^|[\s(«\"])(?:[А-ЯЁA-Z]|им|ул|пр|пер|пл|д|г|гор|пос|кв|корп|стр|оф|каб|ком|к|эт|тел|доб|вн"
    r"|проф|доц|акад|т|п|пп|ст|ч|гл|разд|рис|табл|см|ср|напр|исп|отв|зам|гр|св|No|Nos|Mr|Mrs|Ms|Dr"
    r"|Prof|St|Art|Sec|Fig|vs|e\.g|i\.e|cf|approx|ext|tel|т\. ?[кноеч])\.$"
)
# What may end one: it does before a capital letter.
_MAYBE = re.compile(
    r"(?:^|[\s(«\"\d])(?:шт|руб|коп|тыс|млн|млрд|гг?|вв?|чел|мин|сек|час|см|мм|кг|экз|кв|м|дн|раб"
    r"|календ|др|пр|т\. ?[дп]|etc|Inc|Ltd|Co|Corp|a\.m|p\.m|min|max|hrs?)\.$"
)
_NUMBER = re.compile(r"\s*\(?(?:\d+(?:\.\d+)*|\w)[.)]")
_SMALL = re.compile(r"[«\"“(]?[a-zа-яё\d—–-]")


def sentences(text: str) -> list[str]:
    """Split a paragraph; nothing is cut inside brackets, or after an abbreviation."""
    found, start = list[str](), 0
    for border in _END.finditer(text):
        before, after = text[start : border.start()], text[border.end() :]
        if _ends(before, after, "\n" in border[0]):
            found.append(text[start : border.end()].strip())
            start = border.end()
    found.append(text[start:].strip())
    return [sentence for sentence in found if sentence]


def _ends(before: str, after: str, new_line: bool) -> bool:
    if before.count("(") > before.count(")") and ")" in after[:200]:
        return False
    if _NUMBER.fullmatch(before):
        return False
    small = _SMALL.match(after)
    if new_line and not before.rstrip().endswith((".", "!", "?", "…", ":", ";")):
        return not (small and after[0].isalpha())
    return not (_OPEN.search(before) or (small and _MAYBE.search(before)))
