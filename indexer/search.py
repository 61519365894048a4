"""Search: question in, passages out, with a confidence that tells an answer from a near miss."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.embedders import Embedder
from indexer.folder import VERSIONS, Identity, IndexFolder, require_same
from indexer.lexicon import Lexicon, Scores
from indexer.store import Store
from indexer.words import grams, stem, words

GRAM_WEIGHT = 0.2
THRESHOLD = 0.35


@dataclass(frozen=True)
class Hit:
    """A passage that was found: where it stands, and its score relative to the best possible."""

    file: str
    page: int | None
    heading: str | None
    text: str
    score: float


@dataclass(frozen=True)
class Found:
    """The passages for a question, best first; none of them counts when `confident` is False.

    `terms` are the stems of the question with their weights.
    """

    hits: tuple[Hit, ...]
    confidence: float
    threshold: float
    terms: Mapping[str, float]

    @property
    def confident(self) -> bool:
        """Tell whether the documents seem to hold an answer."""
        return bool(self.hits) and self.confidence >= self.threshold


class Searcher:
    """Searches the index in use, and notices by itself when that changes. Safe for threads."""

    def __init__(
        self,
        index: Path,
        open_embedder: Callable[[str], Embedder],
        *,
        embedder: str | None = None,
        threshold: float | None = None,
    ) -> None:
        """`embedder` is the one asked for, None for whichever the index was made with."""
        self._folder = IndexFolder(index)
        self._open_embedder = open_embedder
        self._wanted = embedder
        self._threshold = threshold
        self._lock = threading.Lock()
        self._view: _View | None = None

    def search(self, question: str, limit: int = 5) -> Found:
        """Find passages; raise NoIndex or EmbedderMismatch."""
        with self._lock:
            view = self._current()
            with view.store.snapshot():
                view.refresh()
                return view.search(question, limit, self._threshold)

    def threshold(self) -> float:
        """The confidence below which nothing is found."""
        with self._lock:
            return self._current().threshold(self._threshold)

    def save_threshold(self, value: float) -> None:
        """Record a threshold in the index, for every later search."""
        with self._lock:
            store = self._current().store
            with store.transaction():
                store.set_meta("threshold", str(value))

    def _current(self) -> "_View":
        path = self._folder.store_path()
        if self._view is None or path != self._view.store.path.parent:
            if self._view:
                self._view.store.close()
            self._view = None
            self._view = self._open()
        return self._view

    def _open(self) -> "_View":
        store = self._folder.open()
        made = Identity.of(store)
        embedder = self._open_embedder(self._wanted or made.embedder)
        wanted = replace(
            made,
            embedder=embedder.name,
            revision=embedder.revision,
            dimension=embedder.dimension,
            versions=VERSIONS,
        )
        require_same(made, wanted)
        return _View(store, embedder)


class _View:
    """A store with what is derived from it and kept in memory: posting lists and vectors."""

    def __init__(self, store: Store, embedder: Embedder) -> None:
        self.store = store
        self.embedder = embedder
        self.generation = -1

    def refresh(self) -> None:
        """Forget what is derived from an earlier state of the store."""
        generation = self.store.generation()
        if generation != self.generation:
            self.lexicon = Lexicon(self.store)
            self.vectors: Any = None
            self.generation = generation

    def threshold(self, given: float | None) -> float:
        """The one given, else the one saved in the index, else the default."""
        return given if given is not None else float(self.store.meta().get("threshold", THRESHOLD))

    def search(self, question: str, limit: int, threshold: float | None) -> Found:
        tokens = words(question)
        stems = list(map(stem, tokens))
        weights = {term: self.lexicon.idf("stems", term) for term in stems}
        scores = self.lexicon.scores("stems", stems)
        scores += GRAM_WEIGHT * self.lexicon.scores("grams", [g for w in tokens for g in grams(w)])
        order = best(scores, limit * 2)
        ids = self.lexicon.ids[order]
        passages = {p.chunk_id: p for p in self.store.passages(ids.tolist())}
        top = (sum(weights.values()) or 1.0) * (1 + GRAM_WEIGHT) * 2.2
        hits = []
        seen = set()
        for place, chunk_id in zip(order, ids.tolist(), strict=True):
            passage = passages.get(chunk_id)
            if passage is None or passage.text in seen or scores[place] <= 0:
                continue
            seen.add(passage.text)
            hits.append(
                Hit(
                    passage.file,
                    passage.page,
                    passage.heading,
                    passage.text,
                    float(scores[place]) / top,
                )
            )
        confidence = 0.0
        if hits:
            have = set(map(stem, words(hits[0].text)))
            confidence = sum(w for t, w in weights.items() if t in have) / sum(weights.values())
        return Found(tuple(hits[:limit]), confidence, self.threshold(threshold), weights)


def best(scores: Scores, count: int) -> NDArray[np.int64]:
    """The places of the highest scores, best first."""
    count = min(count, len(scores))
    places = np.argpartition(-scores, count - 1)[:count] if count else np.zeros(0, dtype=np.int64)
    return places[np.argsort(-scores[places], kind="stable")]
