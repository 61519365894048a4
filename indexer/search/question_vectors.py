"""The vector of a question, where there is one: an embedder that fails costs no answer by words."""

import threading
import time
from collections.abc import Callable

from core.errors import UserError
from indexer.embedders import Embedder, Matrix
from indexer.store.identity import Identity

PAUSE = 30.0  # seconds in which an embedder that failed is not asked
Open = Callable[[str], Embedder]
Tell = Callable[[UserError | None], None]


class QuestionVectors:
    """An embedder that is opened by the first question that needs it, and may fail at each.

    Safe for threads: while one question is encoded, so may be others.
    """

    def __init__(
        self, open_embedder: Open, wanted: str | None, tell: Tell, pause: float = PAUSE
    ) -> None:
        """`tell` is told once why words alone are searched, and with None that they are not."""
        self._open = open_embedder
        self._wanted = wanted
        self._tell = tell
        self._pause = pause
        self._embedder: Embedder | None = None
        self._made: Identity | None = None
        self._lock = threading.Lock()  # for opening it
        self._resumes = 0.0
        self._told = ""

    def of(self, question: str, made: Identity, weight: float) -> Matrix | None:
        """One that goes with an index; None where words alone are to be searched."""
        with self._lock:
            if made != self._made:
                self._made, self._embedder, self._resumes = made, None, 0.0
        if time.monotonic() < self._resumes:
            return None
        try:
            made.require_asked(self._wanted)
            embedder = self._opened(made) if weight else None
            if weight and embedder is None:
                return None
            vector = _encoded(question, embedder) if embedder else None
        except UserError as error:
            self._fail(error)
            return None
        except Exception as error:  # what runs a model raises whatever it likes
            self._fail(UserError(f"the embedder {made.embedder} fails: {error}", "opsctl doctor"))
            return None
        self._say(None)
        return vector

    def _opened(self, made: Identity) -> Embedder | None:
        """The one for this index; None where another question found meanwhile that it fails."""
        with self._lock:
            if self._made == made and self._embedder is not None:
                return self._embedder
            if time.monotonic() < self._resumes:
                return None
            try:
                embedder = self._open(self._wanted or made.embedder)
                made.require_embedder(embedder.name, embedder.revision, embedder.dimension)
            except Exception:
                self._resumes = time.monotonic() + self._pause  # for those who wait here
                raise
            if self._made == made:
                self._embedder = embedder
            return embedder

    def _fail(self, error: UserError) -> None:
        self._resumes = time.monotonic() + self._pause
        self._say(error)

    def _say(self, error: UserError | None) -> None:
        message = error.message if error else ""
        if message != self._told:
            self._told = message
            self._tell(error)


def _encoded(question: str, embedder: Embedder) -> Matrix | None:
    if not embedder.knows(question):
        return None
    vector: Matrix = embedder.encode_query([question])[0]
    return vector
