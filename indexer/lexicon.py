"""Lexical search: BM25 over Snowball stems, and over letter groups for names and typos.

BM25: Robertson and Zaragoza, 2009, https://doi.org/10.1561/1500000019, with the idf of Lucene.
The constants were chosen on half of the articles of XQuAD and tested on the other half.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer import postings
from indexer.forms import exact_forms
from indexer.postings import GRAMS, STEMS
from indexer.store import Store
from indexer.words import content_words, grams, is_cyrillic, stem

Scores = NDArray[np.float32]
Places = NDArray[np.int32]
Counts = NDArray[np.float64]

K1 = 1.5
B = 0.75
GRAM_WEIGHT = 0.25
FORM_WEIGHT = 2.0  # as much as the two parts that a number or a date in other words lacks
# The share of a score that a passage gets together with the two beside it: answers are often
# spread over a border.
NEIGHBOURS = 0.4
# A term that more than this share of the passages hold says nothing, and is not read.
COMMON = {STEMS: 0.5, GRAMS: 0.2}
KEPT_POSTINGS = 10_000_000  # in memory, at 8 bytes each
ALWAYS_READ = 200  # passages; in a smaller index every term counts
# Confidence: the share of the best possible score, had the question two more, unseen words; put on
# a scale where two or three in a hundred answerable questions stay below 0.5 (4 or 5 beside 2,000
# passages of other things). Russian inflects more, so a question and its answer share fewer forms.
UNSEEN = 2.0
SCALE_RUSSIAN, SCALE = 11.6, 9.6


@dataclass(frozen=True)
class Term:
    """A term's weight, the places of the passages it speaks for, and how much for each."""

    idf: float
    places: Places
    scores: Scores


@dataclass(frozen=True)
class Ranking:
    """The passage ids and their scores, each the share of the best possible one.

    `terms` are the stems of the question with their weights, `rare` that of one no passage has.
    """

    ids: NDArray[np.int64]
    scores: Scores
    confidence: float
    terms: Mapping[str, float]
    rare: float

    def best(self, count: int) -> dict[int, float]:
        """The highest scores above 0, by passage id."""
        count = min(count, len(self.scores))
        places = np.argpartition(-self.scores, count - 1)[:count] if count else np.arange(0)
        places = places[self.scores[places] > 0]
        return dict(zip(self.ids[places].tolist(), self.scores[places].tolist(), strict=True))


class Lexicon:
    """The posting lists of one generation of a store, read on first use and kept."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held = 0
        self._terms: dict[int, dict[str, Term]] = {STEMS: {}, GRAMS: {}}
        self.ids, documents, lengths = postings.passage_table(store.db)
        same = documents[1:] == documents[:-1]
        self._has_before = np.concatenate(([False], same))[: len(self.ids)]
        self._has_after = np.concatenate((same, [False]))[: len(self.ids)]
        self._norms = _norms(lengths)
        self._wide_norms = _norms(
            lengths
            + np.where(self._has_before, np.roll(lengths, 1), 0)
            + np.where(self._has_after, np.roll(lengths, -1), 0)
        )

    def rank(self, question: str) -> Ranking:
        """Score every passage for a question."""
        tokens = content_words(question)
        stems = self._look_up(STEMS, map(stem, tokens))
        forms = self._look_up(STEMS, exact_forms(question))
        letters = self._look_up(GRAMS, (gram for token in tokens for gram in grams(token)))
        total, weight = np.zeros(len(self.ids), np.float32), 0.0
        for terms, share in ((stems, 1.0), (forms, FORM_WEIGHT), (letters, GRAM_WEIGHT)):
            total += np.float32(share) * self._sum(terms.values())
            weight += share * sum(term.idf for term in terms.values())
        unseen = self._idf(0)
        scores = (total / ((K1 + 1) * (weight + UNSEEN * unseen))).astype(np.float32)
        # The best of many passages by chance grows with their number: the root takes that back.
        scale = (SCALE_RUSSIAN if is_cyrillic(question) else SCALE) / math.sqrt(unseen)
        confidence = min(1.0, scale * float(scores.max(initial=0.0)))
        weights = {name: term.idf for name, term in stems.items()}
        return Ranking(self.ids, scores, confidence, weights, unseen)

    def _sum(self, terms: Iterable[Term]) -> Scores:
        found = [term for term in terms if len(term.places)]
        if not found:
            return np.zeros(len(self.ids), dtype=np.float32)
        places = np.concatenate([term.places for term in found])
        scores = np.concatenate([term.scores for term in found])
        total = np.bincount(places, weights=scores, minlength=len(self.ids))
        return total.astype(np.float32)

    def _look_up(self, kind: int, names: Iterable[str]) -> dict[str, Term]:
        if self._held > KEPT_POSTINGS:
            self._terms, self._held = {STEMS: {}, GRAMS: {}}, 0
        known = self._terms[kind]
        wanted = list(dict.fromkeys(names))
        missing = [name for name in wanted if name not in known]
        if missing:
            known.update(zip(missing, self._read(kind, missing), strict=True))
        return {name: known[name] for name in wanted}

    def _read(self, kind: int, names: Sequence[str]) -> list[Term]:
        """Read the posting lists of terms; in one array, for numpy's costs are by the call.

        A posting's key is term * number of passages + place of the passage.
        """
        size = max(1, len(self.ids))
        owners, ids, counts = postings.read(self._store.db, kind, names)
        places = self._places(ids)
        found = places >= 0
        keys, counts = owners[found] * size + places[found], counts[found]
        held = np.bincount(keys // size, minlength=len(names))
        common = (held > COMMON[kind] * size) & (size >= ALWAYS_READ)
        rare = ~common[keys // size]
        keys, own, wide = self._spread(keys[rare], counts[rare])
        if kind == GRAMS:  # how often a letter group occurs says less than that it does
            own, wide = np.minimum(own, 1.0), np.minimum(wide, 1.0)
        owners, places = np.divmod(keys, size)
        around = np.bincount(owners, minlength=len(names))
        narrow = self._idfs(held)[owners] * own / (own + self._norms[places])
        broad = self._idfs(around)[owners] * wide / (wide + self._wide_norms[places])
        scores = (K1 + 1) * ((1 - NEIGHBOURS) * narrow + NEIGHBOURS * broad)
        idfs = np.where(common, 0.0, self._idfs(held))
        self._held += len(keys)
        place_array, score_array = places.astype(np.int32), scores.astype(np.float32)
        ends = np.cumsum(around).tolist()
        starts = [0, *ends[:-1]]
        return [
            Term(idf, place_array[start:end], score_array[start:end])
            for idf, start, end in zip(idfs.tolist(), starts, ends, strict=True)
        ]

    def _places(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """The places of passages in the table, -1 for those that are gone."""
        places = np.searchsorted(self.ids, ids)
        found = self.ids[np.minimum(places, len(self.ids) - 1)] == ids
        return np.where(found, places, -1)

    def _spread(
        self, keys: NDArray[np.int64], counts: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], Counts, Counts]:
        """The keys with a term in them or beside them; its counts in each, and around it."""
        places = keys % max(1, len(self.ids))
        before, after = self._has_before[places], self._has_after[places]
        near = np.concatenate((keys, keys[before] - 1, keys[after] + 1))
        weights = np.concatenate((counts, counts[before], counts[after]))
        around, inverse = np.unique(near, return_inverse=True)
        wide = np.bincount(inverse, weights=weights).astype(np.float64)
        own = np.zeros(len(around), dtype=np.float64)
        own[np.searchsorted(around, keys)] = counts
        return around, own, wide

    def _idfs(self, counts: NDArray[np.int64]) -> Counts:
        return np.log1p((len(self.ids) - counts + 0.5) / (counts + 0.5))

    def _idf(self, count: int) -> float:
        return float(self._idfs(np.array(count)))


def _norms(lengths: NDArray[np.int64]) -> Scores:
    """BM25's length term; characters serve as well as terms do."""
    mean = float(lengths.mean()) if len(lengths) else 1.0
    return (K1 * (1 - B + B * lengths / mean)).astype(np.float32)
