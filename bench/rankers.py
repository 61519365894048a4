"""Rankings that the product does not offer alone, over the passages of one of its stores."""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.evaluate import DEPTH, Outcome
from assistant.evaluate.questions import Question
from indexer.embedders import Embedder
from indexer.passages.words import stem, words
from indexer.postings.lists import passage_table, passage_text
from indexer.store import vector_rows
from indexer.store.store import Store

K1, B = 1.5, 0.75
BATCH = 500
Scores = NDArray[np.float32]
Ranker = Callable[[Sequence[str]], Scores]  # questions to a row of scores each


class Passages:
    """Every passage of a store: id, file and text, in the order of the ids."""

    def __init__(self, store: Store) -> None:
        self.ids = passage_table(store.db)[0].tolist()
        parts = [self.ids[start : start + BATCH] for start in range(0, len(self.ids), BATCH)]
        found = [passage for part in parts for passage in store.passages(part)]
        self.files = [passage.file for passage in found]
        self.texts = [passage_text(passage.heading, "", passage.text) for passage in found]


def stems(passages: Passages) -> Ranker:
    """Plain BM25 over Snowball stems, with Lucene's idf: a floor that shares no ranking code."""
    counts = [Counter(map(stem, words(text))) for text in passages.texts]
    lengths = np.array([count.total() for count in counts], dtype=np.float32)
    norms = K1 * (1 - B + B * lengths / lengths.mean())
    postings: dict[str, list[tuple[int, int]]] = {}
    for place, count in enumerate(counts):
        for term, times in count.items():
            postings.setdefault(term, []).append((place, times))

    def rank(questions: Sequence[str]) -> Scores:
        scores = np.zeros((len(questions), len(counts)), dtype=np.float32)
        for row, question in zip(scores, questions, strict=True):
            for term in set(map(stem, words(question))) & postings.keys():
                places, times = np.array(postings[term]).T
                idf = np.log1p((len(counts) - len(places) + 0.5) / (len(places) + 0.5))
                row[places] += idf * times * (K1 + 1) / (times + norms[places])
        return scores

    return rank


def vectors(passages: Passages, store: Store, embedder: Embedder) -> Ranker:
    """Cosines with the best unit of each passage, every vector of the index looked at."""
    rows = vector_rows.after(store.db, 0).fetchall()
    matrix = np.stack([np.frombuffer(data, np.float16) for _, data in rows]).astype(np.float32)
    row_of = {key: row for row, (key, _) in enumerate(rows)}
    place_of = {chunk: place for place, chunk in enumerate(passages.ids)}
    pairs = [
        (place_of[chunk], row_of[key])
        for start in range(0, len(rows), BATCH)
        for key, chunk in vector_rows.passages_of(
            store.db, [key for key, _ in rows[start : start + BATCH]]
        )
    ]
    owners, units = np.array(pairs).T

    def rank(questions: Sequence[str]) -> Scores:
        scores = np.full((len(questions), len(passages.ids)), -1, np.float32)
        for row, cosines in zip(scores, embedder.encode_query(questions) @ matrix.T, strict=True):
            np.maximum.at(row, owners, cosines[units])
        return scores

    return rank


def outcomes(questions: Sequence[Question], ranker: Ranker, passages: Passages) -> list[Outcome]:
    """Ask every question; it never refuses, for it knows no threshold."""
    found = []
    scores = ranker([question.text for question in questions])
    for question, row in zip(questions, scores, strict=True):
        best = np.argsort(-row, kind="stable")[: DEPTH * 5]
        files = list(dict.fromkeys(passages.files[place] for place in best if row[place] > 0))
        rank = files.index(question.file) + 1 if question.file in files else 0
        first = files[0] if files else None
        found.append(Outcome(question, rank, False, 0.0, False, first))
    return found
