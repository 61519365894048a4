"""Lexical search: BM25 over Snowball stems, and over letter groups for names and typos.

BM25: Robertson and Zaragoza, 2009, https://doi.org/10.1561/1500000019, with the idf of Lucene.
The constants were chosen on half of the articles of XQuAD and tested on the other half.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain

import numpy as np
from numpy.typing import NDArray

from indexer.passages.forms import exact_forms
from indexer.passages.words import content_words, grams, is_cyrillic, stem
from indexer.postings import lists as postings
from indexer.postings.lists import GRAMS, STEMS
from indexer.postings.passage_row import K1, PassageRow, Spread
from indexer.store.store import Store

Scores = NDArray[np.float32]
Places = NDArray[np.int32]

GRAM_WEIGHT = 0.25
FORM_WEIGHT = 2.0  # as much as the two parts that a number or a date in other words lacks
# The share of a score that a passage gets together with the two beside it: answers are often
# spread over a border.
NEIGHBOURS = 0.4
# A term that more than this share of the passages hold says nothing, and is not read.
COMMON = {STEMS: 0.5, GRAMS: 0.2}
KEPT_POSTINGS = 10_000_000  # in memory, at 8 bytes each
# The most postings that are read for a question: the most common of its terms are left out where
# there are more. At 100,000 passages of bench/growth.py the best passage stayed the same in 199 of
# 199 questions, 93 % of the best five too, in half of the time.
MOST_READ = {STEMS: 200_000, GRAMS: 100_000}
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


NOWHERE = Term(0.0, np.empty(0, np.int32), np.empty(0, np.float32))


@dataclass(frozen=True)
class Ranking:
    """The ids and scores of what was found, each score the share of the best possible one.

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
        return dict(zip(self.ids[places].tolist(), self.scores[places].tolist(), strict=True))


class Lexicon:
    """The posting lists of one generation of a store, read on first use and kept."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held = 0
        self._terms: dict[int, dict[str, Term]] = {STEMS: {}, GRAMS: {}}
        self._costs: dict[int, dict[str, int]] = {STEMS: {}, GRAMS: {}}
        self._row = PassageRow(postings.passage_table(store.db))

    def rank(self, question: str) -> Ranking:
        """Score every passage for a question."""
        tokens = content_words(question)
        stems, forms = self._look_up(STEMS, map(stem, tokens), exact_forms(question))
        (letters,) = self._look_up(GRAMS, (gram for token in tokens for gram in grams(token)))
        shares = ((stems, 1.0), (forms, FORM_WEIGHT), (letters, GRAM_WEIGHT))
        weight = sum(share * term.idf for terms, share in shares for term in terms.values())
        unseen = self._idf(0)
        places, totals = self._sum([(t, share) for ts, share in shares for t in ts.values()])
        scores = totals / np.float32((K1 + 1) * (weight + UNSEEN * unseen))
        # The best of many passages by chance grows with their number: the root takes that back.
        scale = (SCALE_RUSSIAN if is_cyrillic(question) else SCALE) / math.sqrt(unseen)
        confidence = min(1.0, scale * float(scores.max(initial=0.0)))
        weights = {name: term.idf for name, term in stems.items()}
        return Ranking(self._row.ids[places], scores, confidence, weights, unseen)

    def _sum(self, terms: Sequence[tuple[Term, float]]) -> tuple[NDArray[np.intp], Scores]:
        """The places with any of the terms, and what these say for them together."""
        places = np.concatenate([NOWHERE.places, *(term.places for term, _ in terms)])
        scores = np.concatenate([NOWHERE.scores, *(term.scores * share for term, share in terms)])
        totals = np.bincount(places, weights=scores).astype(np.float32)
        found = np.flatnonzero(totals)
        return found, totals[found]

    def _look_up(self, kind: int, *groups: Iterable[str]) -> list[dict[str, Term]]:
        if self._held > KEPT_POSTINGS:
            self._terms, self._held = {STEMS: {}, GRAMS: {}}, 0
        known = self._terms[kind]
        wanted = [list(dict.fromkeys(names)) for names in groups]
        read = self._affordable(kind, list(dict.fromkeys(chain(*wanted))))
        missing = [name for name in read if name not in known]
        if missing:
            known.update(zip(missing, self._read(kind, missing), strict=True))
        return [
            {name: known[name] if name in read else NOWHERE for name in names} for names in wanted
        ]

    def _affordable(self, kind: int, names: Sequence[str]) -> Collection[str]:
        """The rarest terms, with as many postings together as may be read for a question."""
        if len(names) * len(self._row) <= MOST_READ[kind]:
            return names
        costs = self._costs[kind]
        missing = [name for name in names if name not in costs]
        costs.update(zip(missing, postings.counts(self._store.db, kind, missing), strict=True))
        by_cost = sorted(names, key=costs.__getitem__)
        sums = accumulate(costs[name] for name in by_cost)
        return {
            name
            for place, (name, cost) in enumerate(zip(by_cost, sums, strict=True))
            if cost <= MOST_READ[kind] or not place
        }

    def _read(self, kind: int, names: Sequence[str]) -> list[Term]:
        """Read the posting lists of terms; in one array, for numpy's costs are by the call."""
        size = len(self._row)
        owners, ids, counts = postings.read(self._store.db, kind, names)
        places = self._row.places(ids)
        live = places >= 0
        held = np.bincount(owners[live], minlength=len(names))
        common = (held > COMMON[kind] * size) & (size >= ALWAYS_READ)
        read = live & ~common[owners]
        near = self._row.spread(owners[read], places[read], counts[read].astype(np.float32))
        ends = np.cumsum(np.bincount(near.owners, minlength=len(names))).tolist()
        order = np.argsort(near.owners.astype(np.uint16), kind="stable")  # a radix sort
        places, scores = near.places[order], self._scores(kind, near, held)[order]
        self._held += len(places)
        return [
            Term(idf, places[start:end], scores[start:end])
            for idf, start, end in zip(
                np.where(common, 0.0, self._idfs(held)).tolist(), [0, *ends[:-1]], ends, strict=True
            )
        ]

    def _scores(self, kind: int, near: Spread, held: NDArray[np.int64]) -> Scores:
        """BM25 of each term in each passage, and of the passage together with those beside it."""
        own, around = near.own, near.around
        if kind == GRAMS:  # how often a letter group occurs says less than that it does
            own, around = np.minimum(own, 1.0), np.minimum(around, 1.0)
        spread = np.bincount(near.owners, minlength=len(held))
        narrow = self._idfs(held)[near.owners] * own / (own + self._row.norms[near.places])
        wide = around / (around + self._row.wide_norms[near.places])
        broad = self._idfs(spread)[near.owners] * wide
        scores = (K1 + 1) * ((1 - NEIGHBOURS) * narrow + NEIGHBOURS * broad)
        return scores.astype(np.float32)

    def _idfs(self, counts: NDArray[np.int64]) -> Scores:
        idfs = np.log1p((len(self._row) - counts + 0.5) / (counts + 0.5))
        return idfs.astype(np.float32)

    def _idf(self, count: int) -> float:
        return float(self._idfs(np.array(count)))
