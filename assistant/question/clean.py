"""A question in the letters that the documents are indexed in."""

import re

from indexer.passages.words import is_cyrillic, unmixed
from indexer.readers.letters.clean import clean

_STRESS = re.compile("(?<=[а-яёА-ЯЁ])[\u0300\u0301]")


def cleaned(text: str) -> str:
    """The question in composed and visible letters, one blank between words, no empty lines.

    A word of both alphabets is taken for Cyrillic.
    """
    text = unmixed(_STRESS.sub("", clean(text.encode("utf-8", "replace").decode())))
    return "\n".join(filter(None, (" ".join(line.split()) for line in text.split("\n"))))


def is_russian(question: str) -> bool:
    """Tell the language of a question by its words, without names, addresses and codes."""
    said = [word for word in map(_bare, question.split()) if word.isalpha()]
    small = [word for word in said if word.islower()] or said
    russian = sum(map(is_cyrillic, small))
    return russian * 2 >= len(small) if small else is_cyrillic(question)


def _bare(word: str) -> str:
    return word.strip(".,:;!?…()«»“”\"'–—-")
