"""A question in the letters that the documents are indexed in."""

import re

from indexer.readers.clean import clean
from indexer.words import unmixed

_STRESS = re.compile("(?<=[а-яёА-ЯЁ])[\u0300\u0301]")


def cleaned(text: str) -> str:
    """The question in composed and visible letters, one blank between words, no empty lines.

    A word of both alphabets is taken for Cyrillic.
    """
    text = unmixed(_STRESS.sub("", clean(text.encode("utf-8", "replace").decode())))
    return "\n".join(filter(None, (" ".join(line.split()) for line in text.split("\n"))))
