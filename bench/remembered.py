"""An embedder that encodes each text once, for corpora that share their texts."""

from collections.abc import Callable, Sequence

import numpy as np

from indexer.embedders import Embedder, Matrix


class Remembered:
    """Another embedder, and every vector that it gave."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.name, self.revision = embedder.name, embedder.revision
        self.dimension, self.weight = embedder.dimension, embedder.weight
        self._passages: dict[str, Matrix] = {}
        self._questions: dict[str, Matrix] = {}

    def knows(self, text: str) -> bool:
        """As the other one."""
        return self._embedder.knows(text)

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Return (len(texts), dimension) as passages."""
        return _look_up(texts, self._passages, self._embedder.encode)

    def encode_query(self, texts: Sequence[str]) -> Matrix:
        """Return (len(texts), dimension) as questions."""
        return _look_up(texts, self._questions, self._embedder.encode_query)


def _look_up(
    texts: Sequence[str], known: dict[str, Matrix], encode: Callable[[Sequence[str]], Matrix]
) -> Matrix:
    new = [text for text in dict.fromkeys(texts) if text not in known]
    known.update(zip(new, encode(new), strict=True))
    return np.stack([known[text] for text in texts])
