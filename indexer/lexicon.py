"""Lexical search: BM25 over Snowball stems and over word-bounded letter groups.

The posting lists are SQLite's (FTS5); the scores are made here, because FTS5's own ranking visits
every matching row of every term and takes ten times as long.
BM25: Robertson and Zaragoza, 2009, https://doi.org/10.1561/1500000019, with the idf of Lucene.
"""

import math
from collections import Counter
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from indexer.store import Store

Scores = NDArray[np.float32]

K1 = 1.2
B = 0.75


class Lexicon:
    """The posting lists of one generation of a store, read on first use and kept."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._postings: dict[tuple[str, str], tuple[NDArray[np.int32], Scores]] = {}
        self.ids, lengths = store.chunk_lengths()
        mean = float(lengths.mean()) if len(lengths) else 1.0
        self._norms = (K1 * (1 - B + B * lengths / mean)).astype(np.float32)

    def idf(self, table: str, term: str) -> float:
        """The weight of a term; largest for one that no passage holds."""
        count = len(self._posting(table, term)[0])
        return math.log(1 + (len(self.ids) - count + 0.5) / (count + 0.5))

    def scores(self, table: str, terms: Iterable[str]) -> Scores:
        """The BM25 score of every passage, in the order of `ids`."""
        places: list[NDArray[np.int32]] = []
        weights: list[Scores] = []
        for term, count in Counter(terms).items():
            place, weight = self._posting(table, term)
            places.append(place)
            weights.append(weight * count if count > 1 else weight)
        if not places:
            return np.zeros(len(self.ids), dtype=np.float32)
        total = np.bincount(
            np.concatenate(places), np.concatenate(weights), minlength=len(self.ids)
        )
        return total.astype(np.float32)

    def holders(self, table: str, term: str) -> NDArray[np.int32]:
        """The places, in `ids`, of the passages that hold a term."""
        return self._posting(table, term)[0]

    def _posting(self, table: str, term: str) -> tuple[NDArray[np.int32], Scores]:
        key = (table, term)
        if key not in self._postings:
            self._postings[key] = self._read(table, term)
        return self._postings[key]

    def _read(self, table: str, term: str) -> tuple[NDArray[np.int32], Scores]:
        ids, counts = np.unique(self._store.posting(table, term), return_counts=True)
        places = np.searchsorted(self.ids, ids).astype(np.int32)
        idf = math.log(1 + (len(self.ids) - len(ids) + 0.5) / (len(ids) + 0.5))
        weights = idf * counts * (K1 + 1) / (counts + self._norms[places])
        return places, weights.astype(np.float32)
