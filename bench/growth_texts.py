"""The texts of bench/growth.py: words as frequent as in real texts, of a vocabulary that grows.

A thousand times as many texts have some ten times as many different words, in Zipf's order; a text
has a topic, twelve rare words. No sentence comes twice.
"""

import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from bench import corpus
from bench.corpus import Language

VOCABULARY = 200_000  # words a language
WORDS = {"ru": 105, "en": 225}  # of a usual text: as long as those of bench/corpus.py
LEAST, MOST = 60, 1000
FOLDER = 10_000  # texts in a folder


def write_files(folder: Path, count: int) -> None:
    """Write the texts, Russian and English in turn."""
    rng, numbers = random.Random(1), np.random.default_rng(1)
    makers = [_texts(language, numbers) for language in corpus.languages(rng, VOCABULARY)]
    for number in range(count):
        path = folder / f"{number // FOLDER:03}" / f"{number:07}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(next(makers[number % len(makers)]), "utf-8")


def _texts(language: Language, numbers: np.random.Generator) -> Iterator[str]:
    words, total = np.array(language.words, object), language.weights[-1]
    shares = np.array(language.weights) / total
    while True:
        size = int(np.clip(numbers.lognormal(np.log(WORDS[language.name]), 0.6), LEAST, MOST))
        places = np.searchsorted(shares, numbers.random(size))
        topic = numbers.integers(len(words) // 4, len(words), 12)
        about = numbers.random(size) < corpus.TOPIC_WORDS
        places[about] = numbers.choice(topic, int(about.sum()))
        ends = np.cumsum(numbers.integers(6, 23, size // 6))
        text = words[np.minimum(places, len(words) - 1)].tolist()
        sentences = [" ".join(text[start:end]) for start, end in pairwise([0, *ends.tolist()])]
        yield ". ".join(each.capitalize() for each in sentences if each) + ".\n"
