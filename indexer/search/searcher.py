"""Search: question in, passages out, with a confidence that tells an answer from a near miss."""

import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from core.errors import NoIndex
from core.text import page_numbers
from indexer.embedders import Matrix
from indexer.search.fusion import fuse
from indexer.search.lexicon import Lexicon
from indexer.search.question_vectors import Open, QuestionVectors, Tell
from indexer.search.spelling import Spelling
from indexer.store.folder import IndexFolder
from indexer.store.store import Store
from indexer.store.surroundings import Piece, pieces_of
from indexer.store.vectors import NO_MEANINGS, VectorSearch

THRESHOLD = 0.5
CANDIDATES = 50
T = TypeVar("T")


@dataclass(frozen=True)
class Hit:
    """A passage that was found, where it stands, and the file's date (YYYY-MM-DD).

    `facts` are what its document says of itself; `recognised` is how sure OCR was of its page, in
    per cent; `around` are its blocks and those around it.
    """

    file: str
    page: int | None
    heading: str | None
    text: str
    score: float
    date: str = ""
    facts: str = ""
    recognised: int | None = None
    around: tuple[Piece, ...] = field(default=(), repr=False, compare=False)

    def pieces(self) -> tuple[Piece, ...]:
        """The blocks of the passage and those around it."""
        return self.around or pieces_of(self.text, self.page, self.heading)

    @property
    def pages(self) -> str:
        """The number of its page, or of its pages."""
        last = [each.last_page for each in self.around if each.inside and each.last_page]
        return page_numbers(self.page, max(last, default=None))


@dataclass(frozen=True)
class Found:
    """The passages for a question, best first; none of them counts when `confident` is False.

    `terms` are the stems of the question with their weights, `rare` that of one no passage has;
    `meanings` are cosines above chance of units with the question, by digest.
    """

    hits: tuple[Hit, ...]
    confidence: float
    threshold: float
    terms: Mapping[str, float]
    rare: float = math.inf
    meanings: Mapping[bytes, float] = field(default_factory=dict)

    @property
    def confident(self) -> bool:
        """Tell whether the documents seem to hold an answer."""
        return bool(self.hits) and self.confidence >= self.threshold


class Searcher:
    """Searches the index in use, and notices by itself when that changes. Safe for threads."""

    def __init__(
        self,
        index: Path,
        open_embedder: Open,
        *,
        embedder: str | None = None,
        threshold: float | None = None,
        weight: float | None = None,
        tell: Tell = lambda error: None,
    ) -> None:
        """`embedder` is the one asked for, None for whichever the index was made with.

        `weight` is that of a cosine, None for what the index found. `tell` is told when words alone
        are searched because the embedder fails, and with None when it does so no more.
        """
        self._folder = IndexFolder(index)
        self._questions = QuestionVectors(open_embedder, embedder, tell)
        self._threshold = threshold
        self._weight = weight
        self._lock = threading.Lock()
        self._view: _View | None = None

    def search(self, question: str, limit: int = 5) -> Found:
        """Find passages; raise NoIndex."""
        while True:
            with self._lock:
                view = self._current()
                with view.store.snapshot():
                    made, weight = view.made, view.weight(self._weight)
            query = self._questions.of(question, made, weight)  # a slow one keeps nobody waiting
            with self._lock:
                view = self._current()
                if view.made == made:
                    with view.store.snapshot():
                        found = view.search(question, query, weight, limit, self._threshold)
                        if not found.hits and view.store.is_empty():
                            raise _without_documents(view.store)
                        return found

    def threshold(self) -> float:
        """The confidence below which nothing is found."""
        with self._lock:
            return self._current().threshold(self._threshold)

    def files(self) -> set[str]:
        """The documents that can be found."""
        with self._lock:
            return set(self._current().store.documents())

    def corrected(self, question: str) -> dict[str, str]:
        """The misspelt words of a question with what they seem to be."""
        with self._lock:
            view = self._current()
            with view.store.snapshot():
                return view.corrected(question)

    def look(self, read: Callable[[Store], T]) -> T:
        """What `read` makes of the store in use, of one state of it."""
        with self._lock:
            store = self._current().store
            with store.snapshot():
                return read(store)

    def save_threshold(self, value: float) -> None:
        """Record a threshold in the index, for every later search."""
        with self._lock:
            store = self._current().store
            with store.transaction():
                store.set_meta("threshold", str(value))

    def _current(self) -> "_View":
        path = self._folder.store_path()
        if self._view is not None and path == self._view.store.path.parent:
            return self._view
        if self._view is not None:
            self._view.store.close()
            self._view = None
        self._view = _View(self._folder.open())
        return self._view


def _without_documents(store: Store) -> NoIndex:
    if store.problems():
        return NoIndex("no document could be read", "opsctl status names each, and why")
    hint = "put documents into the folder, then: opsctl reindex"
    return NoIndex("the index holds no documents", hint)


class _View:
    """A store with what is derived from it and kept in memory: posting lists and vectors."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.made = store.identity()
        self._generation = -1

    def threshold(self, given: float | None) -> float:
        """The one given, else the one saved in the index, else the default."""
        return given if given is not None else float(self.store.meta().get("threshold", THRESHOLD))

    def weight(self, given: float | None) -> float:
        """How much a cosine counts: what a person set, else what the index found."""
        if not self.store.has_vectors():
            return 0.0
        return float(self.store.meta().get("weight", 0)) if given is None else given

    def search(
        self,
        question: str,
        query: Matrix | None,
        weight: float,
        limit: int,
        threshold: float | None,
    ) -> Found:
        self._refresh()
        ranking = self._lexicon.rank(question)
        candidates = ranking.best(max(CANDIDATES, limit))
        meanings = NO_MEANINGS
        if query is not None:
            meanings = self._vectors().search(query, candidates)
            candidates = fuse(candidates, ranking.confidence, meanings.passages, weight)
        hits = self._hits(candidates, limit)
        return Found(
            hits,
            ranking.confidence,
            self.threshold(threshold),
            ranking.terms,
            ranking.rare,
            meanings.units,
        )

    def corrected(self, question: str) -> dict[str, str]:
        self._refresh()
        return self._spelling.corrected(question)

    def _refresh(self) -> None:
        """Forget what is derived from an earlier state of the store."""
        generation = self.store.generation()
        if generation != self._generation:
            self._lexicon = Lexicon(self.store)
            self._spelling = Spelling(self.store)
            self._vector_search: VectorSearch | None = None
            self._generation = generation

    def _vectors(self) -> VectorSearch:
        """Of this generation, with what was encoded since."""
        if self._vector_search is None:
            self._vector_search = VectorSearch(self.store, self.made.dimension)
        else:
            self._vector_search.refresh()
        return self._vector_search

    def _hits(self, scores: Mapping[int, float], limit: int) -> tuple[Hit, ...]:
        """The best passages of different text."""
        ranked = sorted(scores, key=lambda chunk_id: -scores[chunk_id])[: 2 * limit]
        found = {each.text: each for each in reversed(self.store.passages(ranked))}
        best = sorted(found.values(), key=lambda each: -scores[each.chunk_id])[:limit]
        pieces = self.store.around([each.chunk_id for each in best])
        return tuple(
            Hit(
                each.file,
                each.page,
                each.heading,
                each.text,
                scores[each.chunk_id],
                each.date,
                each.facts,
                each.recognised,
                pieces.get(each.chunk_id, ()),
            )
            for each in best
        )
