"""What the vectors of an index are worth beside its words, found by questions of its own.

A question is a sentence taken out of a passage: how high comes the passage by what is left of it?
"""

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.embedders import Embedder, Matrix
from indexer.passages.sentences import sentences
from indexer.passages.units import unit_text
from indexer.passages.words import stem, words
from indexer.search.fusion import fuse
from indexer.search.lexicon import Lexicon
from indexer.store import vector_rows
from indexer.store.records import Passage
from indexer.store.store import Store
from indexer.store.vectors import VectorSearch

Scores = NDArray[np.float64]

WEIGHTS = (0.0, 0.15, 0.3, 0.5, 0.7, 1.0)
QUESTIONS = 150
AT_ONCE = 16  # are encoded together
CANDIDATES = 50
FEWEST_WORDS = 5
# With fewer questions nothing is found out, and an embedder that somebody chose has this weight.
FEW, USUAL = 30, 0.5
CERTAIN = 2  # standard errors
# It is found again with every change of an index of so few vectors, where one document counts, and
# of a larger one with twice the vectors, or half of them.
FEW_VECTORS, GROWTH = 2000, 2


@dataclass(frozen=True)
class _Question:
    text: str
    passage: Passage
    rest: str


def is_due(store: Store, embedder: Embedder, least: int = 1) -> bool:
    """Tell whether the weight is to be found, or found again, where there are `least` vectors."""
    if embedder.weight is not None:
        return False
    meta, count = store.meta(), vector_rows.count(store.db)
    found_for = int(meta.get("weight_found_for", 0))
    if count < least:
        return False
    if count <= FEW_VECTORS:
        return meta.get("weight_found_at") != str(store.generation())
    return count >= GROWTH * found_for or count * GROWTH <= found_for


def calibrate(store: Store, embedder: Embedder, progress: Callable[[int, int], None]) -> None:
    """Find the weight of the vectors and record it in the index."""
    count, generation = vector_rows.count(store.db), store.generation()
    weight = find_weight(store, embedder, progress)
    with store.transaction():
        store.set_meta("weight", str(USUAL if weight is None else weight))
        store.set_meta("weight_is_usual", "1" if weight is None else "")
        store.set_meta("weight_found_for", str(count))
        store.set_meta("weight_found_at", str(generation))


def find_weight(
    store: Store, embedder: Embedder, progress: Callable[[int, int], None]
) -> float | None:
    """The least weight that is not worse than the best one by a standard error; 0 in doubt.

    None where there are too few questions.
    """
    questions, found = _questions(store), list[list[float]]()
    if len(questions) < FEW:
        return None
    lexicon, vectors = Lexicon(store), VectorSearch(store, embedder.dimension)
    for start in range(0, len(questions), AT_ONCE):
        asked = questions[start : start + AT_ONCE]
        queries = embedder.encode_query([question.text for question in asked])
        for question, query in zip(asked, queries, strict=True):
            found.append(_ranks(question, query, lexicon, vectors))
            progress(len(found), len(questions))
    gains = np.array([ranks for ranks in found if ranks]).reshape(-1, len(WEIGHTS))
    if len(gains) < FEW:
        return None
    best = int(gains.mean(axis=0).argmax())
    if _behind(gains, best, 0) <= CERTAIN:
        return 0.0
    return next(weight for at, weight in enumerate(WEIGHTS) if _behind(gains, best, at) <= 1)


def _behind(gains: Scores, best: int, other: int) -> float:
    """By how many standard errors one weight is worse than the best one."""
    difference = gains[:, best] - gains[:, other]
    error = difference.std() / math.sqrt(len(gains))
    return float(difference.mean() / error) if error else 0.0


def _questions(store: Store) -> list[_Question]:
    """Sentences of passages drawn by lot, first one of each.

    The same documents give the same ones, whatever was in the index before.
    """
    rounds = list[tuple[int, _Question]]()
    for passage in store.passages(vector_rows.passages_drawn(store.db, 2 * QUESTIONS)):
        parts = sentences(passage.text)
        texts = [part for part in parts if len(words(part)) >= FEWEST_WORDS]
        random.Random(passage.text).shuffle(texts)
        for turn, text in enumerate(texts if len(parts) > 1 else ()):
            rest = (passage.heading, *(part for part in parts if part != text))
            rounds.append((turn, _Question(text, passage, "\n".join(filter(None, rest)))))
    rounds.sort(key=lambda each: each[0])
    return [question for _, question in rounds[:QUESTIONS]]


def _ranks(
    question: _Question, query: Matrix, lexicon: Lexicon, vectors: VectorSearch
) -> list[float]:
    """For each weight, one over the place of the passage that the question was taken out of.

    Nothing where the passage has no vectors yet.
    """
    own = question.passage.chunk_id
    ranking = lexicon.rank(question.text)
    lexical = ranking.best(CANDIDATES)
    lexical[own] = lexical.get(own, 0.0) * _left(question, ranking.terms)
    taken = vector_rows.digest(unit_text(question.passage.heading, question.text))
    meanings = vectors.search(query, lexical, without=taken)
    if own not in meanings.passages:
        return []
    return [
        1 / _place(own, fuse(lexical, ranking.confidence, meanings.passages, weight))
        for weight in WEIGHTS
    ]


def _left(question: _Question, weights: Mapping[str, float]) -> float:
    """The share of the passage's lexical score that its words without the sentence make."""
    rest = {stem(word) for word in words(question.rest)}
    total = sum(weights.values())
    return sum(weights[name] for name in weights if name in rest) / (total or 1.0)


def _place(own: int, scores: Mapping[int, float]) -> int:
    return 1 + sum(score > scores[own] for key, score in scores.items() if key != own)
