"""Passages that answer no question and are in the way: a file each, the same ones every time.

Of a person's own texts, cut into passages and drawn at random, or without these: English ones from
the language reference that comes with Python, at most half; the rest, and all Russian ones, are
pseudo-documents of bench/corpus.py, a third real sentences of documents/sample and two thirds words
as frequent as in real texts. Real texts on the subjects of the questions are the harder test.

An index finds the weight of its vectors by questions of its own sentences. Among 2,000
pseudo-documents and documents/sample 144 of 150 come from the former, for which vectors are no
help: a weight of 0 says nothing of real texts there (--distractors takes real ones).
"""

import random
from pathlib import Path
from pydoc_data.topics import topics

from bench import corpus
from indexer.passages.chunks import make_splitter
from indexer.passages.words import is_cyrillic
from indexer.readers import Page

TOKENS = 256  # the default size of a passage
LEAST = 200  # characters; a shorter passage is the end of a text and in nobody's way
TEXT = 6000  # characters of a pseudo-document


def cut(text: str) -> list[str]:
    """The passages of a text."""
    chunks = make_splitter(TOKENS, 0)(Page(text))
    return [chunk.text for chunk in chunks if len(chunk.text) >= LEAST]


def read_own(source: Path) -> list[str]:
    """The passages of a text file, or of all in a folder."""
    files = sorted(source.rglob("*.txt")) if source.is_dir() else [source]
    return [piece for file in files for piece in cut(file.read_text("utf-8", "replace"))]


def make(russian: bool, count: int, rng: random.Random) -> list[str]:
    """Passages of no subject that anybody asks for."""
    pieces: list[str] = []
    if not russian:
        pieces = [piece for name in sorted(topics) for piece in cut(topics[name])]
        pieces = rng.sample(pieces, min(len(pieces), count // 2))
    language = corpus.languages(rng)[0 if russian else 1]
    while len(pieces) < count:
        pieces += cut(corpus.make_text(language, TEXT, rng))
    return pieces


def texts(language: str, count: int, source: Path | None) -> dict[str, str]:
    """`count` passages in the alphabet of the language, by path in the documents folder."""
    russian, rng = language == "ru", random.Random(3)
    own = read_own(source) if source else []
    pieces = list(dict.fromkeys(piece for piece in own if is_cyrillic(piece) == russian))
    if pieces:
        pieces = rng.sample(pieces, min(count, len(pieces)))
    else:
        pieces = make(russian, count, rng)[:count]
    return {f"distractors/{number:05}.txt": piece for number, piece in enumerate(pieces)}
