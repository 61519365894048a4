"""Words in which letters were taken for those of the other alphabet that look alike."""

import re

from indexer.readers.letters.doubles import CYRILLIC, LATIN, SMALL_CYRILLIC, SMALL_LATIN

_LATIN, _CYRILLIC = LATIN + SMALL_LATIN + "k", CYRILLIC + SMALL_CYRILLIC + "к"
_TO_CYRILLIC = str.maketrans(_LATIN, _CYRILLIC)
_TO_LATIN = str.maketrans(_CYRILLIC, _LATIN)
_WORD = re.compile("[A-Za-zА-Яа-яЁё]+")
_MIXED = re.compile("[A-Za-z][А-Яа-яЁё]|[А-Яа-яЁё][A-Za-z]")
_IS_LATIN = re.compile("[A-Za-z]")


def mended(text: str) -> str:
    """The text with each mixed word in the alphabet of those of its letters that have no double.

    A word with such letters of both alphabets was meant so, and stays.
    """
    return _WORD.sub(_mended, text) if _MIXED.search(text) else text


def _mended(match: re.Match[str]) -> str:
    word = match[0]
    if not _MIXED.search(word):
        return word
    as_cyrillic, as_latin = word.translate(_TO_CYRILLIC), word.translate(_TO_LATIN)
    is_cyrillic = not _IS_LATIN.search(as_cyrillic)
    is_latin = as_latin.isascii()
    if is_cyrillic and is_latin:  # all of them have a double: most of them are right
        latin = len(_IS_LATIN.findall(word))
        is_cyrillic, is_latin = 2 * latin < len(word), 2 * latin > len(word)
    return as_cyrillic if is_cyrillic else as_latin if is_latin else word
