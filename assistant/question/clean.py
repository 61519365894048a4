"""A question in the letters that the documents are indexed in."""

import re

from indexer.passages.words import is_cyrillic, unmixed
from indexer.readers.letters.clean import clean

_STRESS = re.compile("(?<=[а-яёА-ЯЁ])[\u0300\u0301]")


def cleaned(text: str) -> str:
    """The question in composed and visible letters, one blank between words, no empty lines.

    A word of both alphabets is taken for Cyrillic; what was typed in capitals is put in small
    letters.
    """
    text = unmixed(_STRESS.sub("", clean(text.encode("utf-8", "replace").decode())))
    text = "\n".join(filter(None, (" ".join(line.split()) for line in text.split("\n"))))
    return text.lower() if _is_in_capitals(text) else text


def _is_in_capitals(text: str) -> bool:
    """Tell whether no word goes on in small letters, as with Caps Lock: кТО ТАКОЙ бЕЛОВ.

    One word alone may be an abbreviation.
    """
    said = [word for word in map(_bare, text.split()) if len(word) > 1 and word.isalpha()]
    return len(said) > 1 and all(word[1:].isupper() for word in said)


def is_russian(question: str) -> bool:
    """Tell the language of a question by its words, without names, addresses and codes."""
    said = [word for word in map(_bare, question.split()) if word.isalpha()]
    small = [word for word in said if word.islower()] or said
    russian = sum(map(is_cyrillic, small))
    return russian * 2 >= len(small) if small else is_cyrillic(question)


def _bare(word: str) -> str:
    return word.strip(".,:;!?…()«»“”\"'–—-")
