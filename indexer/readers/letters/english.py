"""English of which some letters were recognised as Cyrillic ones of the same look."""

from __future__ import annotations

import re

from indexer.readers.letters.doubles import (
    CYRILLIC,
    LATIN,
    OTHER_CYRILLIC,
    OTHER_LATIN,
    SMALL_CYRILLIC,
    SMALL_LATIN,
)

LEAST_WORDS = 5  # different ones of both alphabets: not a name, a number or a formula
LEAST_SHARE = 0.02  # of the words
SPREAD = 0.1  # from this share on words of nothing but such letters are English, too

_SAME = CYRILLIC + SMALL_CYRILLIC + OTHER_CYRILLIC
_LATIN = str.maketrans(_SAME, LATIN + SMALL_LATIN + OTHER_LATIN)
_WORD = re.compile(r"[^\W\d_]+")
_MIXED = re.compile(rf"[A-Za-z][{_SAME}]|[{_SAME}][A-Za-z]")
_OTHER = re.compile(f"(?![{_SAME}])[\u0400-\u045f]")  # Cyrillic, and like no Latin letter


def mended(text: str) -> str:
    """The text with Latin letters in English words; the same where it is anything but English."""
    if not _MIXED.search(text):
        return text
    words = set(_WORD.findall(text))
    mixed = {word for word in words if _MIXED.search(word) and not _OTHER.search(word)}
    others = {word for word in words if _OTHER.search(word)}
    least = max(LEAST_WORDS, LEAST_SHARE * len(words))
    if len(mixed) < least or len(others) > len(mixed):
        return text
    spread = not others and len(mixed) >= SPREAD * len(words)
    return _WORD.sub(
        lambda word: word[0].translate(_LATIN) if spread or word[0] in mixed else word[0], text
    )
