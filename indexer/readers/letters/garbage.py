"""Text layers that are no text: numbers of letters, Russian recognised as English or the reverse.

A page in any language, of formulas, code, part numbers or digits is none of these.
"""

from __future__ import annotations

import re
from operator import add

from indexer.readers.letters.alike import ODDS, OF_ENGLISH

CODES, LEAST_CODES = 0.4, 40  # characters that are numbers of letters: share and count
ALIKE = 0.35  # for a pair of letters, in the mean; the texts of others stay below 0.1
ENGLISH = 0.18  # the share of pairs as in English taken for Russian; others stay below 0.15
LEAST_WORDS, ENOUGH_WORDS = 12, 100  # different ones, from all over the page
LEAST_LETTERS = 16  # different ones: not where letters were replaced to hide a text

CODE = re.compile("[\x00\x01\x03-\x08\x0e-\x1f\x80-\x9f\ue000-\uf8ff\ufffd]")  # 2: a hyphen
_WORD = re.compile(r"\b(?=\w{3})\d?[^\W\d_]+(?:\d[^\W\d_]+)?\b")  # part numbers have more digits
_NOT_LATIN = re.compile("[\u0250-\uffff]")
_CYRILLIC = re.compile("[\u0400-\u045f]+")
_OTHER_DIGIT, _NOT_ASCII = re.compile("[12578]"), re.compile("[^ -~]")


def is_garbage(text: str) -> bool:
    """Whether a page should count as one without text: OCR may read what is to be seen on it."""
    return (CODE.search(text) is not None and _is_codes(text)) or _is_alike(text)


def _is_codes(text: str) -> bool:
    tokens = [token for token in text.split() if len(token) > 2]
    codes = sum(len(CODE.findall(token)) for token in tokens)
    return codes >= max(LEAST_CODES, CODES * sum(map(len, tokens)))


def _is_alike(text: str) -> bool:
    """Whether the words, each counted once, are Russian or English in letters that look alike."""
    words = list(dict.fromkeys(_WORD.findall(text)))
    words = words[:: len(words) // ENOUGH_WORDS or 1]
    latin = [word for word in words if not _NOT_LATIN.search(word)]
    if 2 * len(latin) < len(words):
        return _is_english([word for word in words if _CYRILLIC.fullmatch(word)])
    if len(latin) < LEAST_WORDS:
        return False
    if len({*"".join(latin)}) < LEAST_LETTERS:
        return False
    line = _NOT_ASCII.sub("~", _OTHER_DIGIT.sub("#", f" {' '.join(latin)} "))
    odds = [*map(ODDS.__getitem__, map(add, line, line[1:]))]
    return sum(odds) >= ALIKE * len(odds)


def _is_english(cyrillic: list[str]) -> bool:
    """Whether these words are English in Cyrillic letters that look alike."""
    if len(cyrillic) < LEAST_WORDS or len({*"".join(cyrillic)}) < LEAST_LETTERS:
        return False
    line = f" {' '.join(cyrillic)} ".lower()
    pairs = [*map(add, line, line[1:])]
    return sum(pair in OF_ENGLISH for pair in pairs) >= ENGLISH * len(pairs)
