"""Russian and English whose letters were taken for others: another code page, numbers of glyphs."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Set

from indexer.readers.letters.garbage import CODE

LEAST_WORDS, LEAST_LETTERS = 3, 10  # different ones, that tell
COVERED = 0.5  # the share of words with misread letters that have no others
LEAST_CODES = 0.005  # the share of characters, where they are the numbers of glyphs
FLUENT, GAIN = -3.5, 0.7  # for a letter, in the mean: the logarithm of its share

# Shares of letters in thousandths: of English (Lewand, Cryptological Mathematics) and of Russian
# (Lyashevskaya and Sharov, Frequency Dictionary of Modern Russian).
_ENGLISH = "etaoinshrdlcumwfgypbvkjxqz"
_ENGLISH_SHARES = (
    *(127, 91, 82, 75, 70, 67, 63, 61, 60, 43, 40, 28, 28, 24, 24, 22, 20, 20, 19, 15, 10, 8),
    *(1.5, 1.5, 1, 0.7),
)
_RUSSIAN = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"
_RUSSIAN_SHARES = (
    *(110, 84, 80, 73, 67, 63, 55, 47, 45, 43, 35, 32, 30, 28, 26, 20, 19, 17, 17, 16, 16, 14),
    *(12, 10, 9, 7, 6, 5, 4, 3, 3, 0.4, 0.4),
)
_VALUES = {
    letter: math.log(share / 1000)
    for letters, shares in ((_ENGLISH, _ENGLISH_SHARES), (_RUSSIAN, _RUSSIAN_SHARES))
    for letter, share in zip(letters, shares, strict=True)
}
_OTHER, _POINT, _CAPITAL = math.log(0.0005), math.log(0.01), -0.2

_HIGH = re.compile("[\x80-\uffff]{3}")
_BETWEEN_HIGH = re.compile(r"[\s!-~]+")
_BETWEEN_CODES = re.compile(r"[ \t\n\r]+")
_MADE = frozenset(map(ord, " \t\n\r"))  # by pdfium, between words and lines

Table = Mapping[int, str]


def _by_bytes(taken: str, meant: str) -> Table:
    high = bytes(range(0x80, 0x100))
    letters = zip(high.decode(taken, "replace"), high.decode(meant, "replace"), strict=True)
    return {ord(wrong): right for wrong, right in letters if "\ufffd" not in (wrong, right)}


def _by_glyphs(first: int) -> Table:
    """Glyphs numbered as ASCII is, the blank being the one with this number."""
    numbers = range(first, first + 95)
    return {number: chr(number - first + 32) for number in numbers if number not in _MADE}


# In the fonts that come with Windows, Cyrillic letters have the numbers from 570 on, of which one
# byte is left; signs have those that a Macintosh gave them.
_OF_WINDOWS = {
    **{number: letter for number, letter in _by_glyphs(3).items() if number < 0x3A},
    **{0x3A + at: chr(ord("А") + at) for at in range(64)},
    **{ord("z"): "ё", ord("á"): "•", ord("©"): "«", ord("™"): "»", ord("ã"): "№"},
}


class _Coding:
    """A table, and what finds its letters, and words of nothing else."""

    def __init__(self, table: Table) -> None:
        letters = f"[{re.escape(''.join(map(chr, table)))}]"
        self.table, self.letter, self.word = table, re.compile(letters), re.compile(f"{letters}+")


_GLYPHS = [*map(_Coding, (_OF_WINDOWS, *map(_by_glyphs, (1, 3, 4))))]
_IN_FONT = {0xF000 + byte: bytes([byte]).decode("cp1251", "replace") for byte in range(32, 256)}
_CODE_PAGES = [
    _Coding(_by_bytes("latin-1", "cp1251")),
    _Coding(_by_bytes("latin-1", "koi8-r")),
    _Coding(_by_bytes("mac_roman", "cp1251")),
    _Coding(_IN_FONT),
]
_TEX_MARK = re.compile("[\x15\x16\x7f]")
_OF_TEX = {0x10: "“", 0x11: "”", 0x15: "–", 0x16: "—", 0x7F: "\x02", 0xBE: "«", 0xBF: "»"}


def code_page(text: str) -> Table:
    """For str.translate: the letters of the code page that is likely meant, or nothing."""
    table = _likeliest(text, _CODE_PAGES, _BETWEEN_HIGH) if _HIGH.search(text) else {}
    return {**table, **_OF_TEX} if table and _TEX_MARK.search(text) else table


def glyphs(text: str) -> Table:
    """For the text of a page: which letters the numbers of glyphs likely mean, or nothing."""
    codes = len(CODE.findall(text))
    if not codes or codes < LEAST_CODES * len(text):
        return {}
    return _likeliest(text, _GLYPHS, _BETWEEN_CODES)


def are_glyphs(text: str, table: Table) -> bool:
    """Whether the text of one font of such a page is to be read by its table."""
    return bool(CODE.search(text)) or _usual(text.translate(table)) > _usual(text) + GAIN


def _likeliest(text: str, codings: list[_Coding], between: re.Pattern[str]) -> Table:
    words = {word for word in between.split(text) if len(word) > 2}
    fits = [(_fit(words, coding), coding.table) for coding in codings]
    best, table = max(fits, key=lambda fit: fit[0])
    return table if best > FLUENT else {}


def _fit(words: Set[str], coding: _Coding) -> float:
    """How usual the letters are that are meant if this is the coding; -inf if it is not."""
    misread = [word for word in words if coding.letter.search(word)]
    whole = [word for word in misread if coding.word.fullmatch(word)]
    if len(whole) < max(LEAST_WORDS, COVERED * len(misread)):
        return -math.inf
    taken = "".join(whole)
    found = _usual(taken.translate(coding.table))
    return found if len({*taken}) >= LEAST_LETTERS and found > _usual(taken) + GAIN else -math.inf


def _usual(text: str) -> float:
    values = [_value(letter) for letter in text if not letter.isdigit()]
    return sum(values) / len(values) if values else _OTHER


def _value(letter: str) -> float:
    if " " < letter < "\x7f" and not letter.isalpha():
        return _POINT
    return _VALUES.get(letter.lower(), _OTHER) + _CAPITAL * letter.isupper()
