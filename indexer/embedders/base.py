"""What every embedder is: text to unit vectors, of passages and of questions."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import UserError
from indexer.models import BUILTIN, WORDS_ALONE

Matrix = NDArray[np.float32]


class Embedder(Protocol):
    """What turns text into vectors; name, revision and dimension are recorded in the index."""

    name: str
    revision: str
    dimension: int
    weight: float | None
    """How much a cosine counts beside the lexical score; None where each index finds it itself."""

    def knows(self, text: str) -> bool:
        """Tell whether the model was made for the language of the text."""

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Return one unit row of `dimension` numbers a passage."""

    def encode_query(self, texts: Sequence[str]) -> Matrix:
        """Return the same for questions, which some models are told apart from passages."""


def is_dense(embedder: Embedder) -> bool:
    """Tell whether an index holds its vectors; those of stems know no more than words do."""
    return embedder.weight != 0.0 or embedder.name != BUILTIN


def sound(matrix: Matrix, name: str) -> Matrix:
    """The rows at length 1; raises UserError where a model gave something else than numbers."""
    if not np.isfinite(matrix).all():
        message = f"the embedder {name} gives vectors with NaN or infinity in them"
        raise UserError(message, WORDS_ALONE)
    return unit(matrix)


def unit(matrix: Matrix) -> Matrix:
    """The rows at length 1; one of zeros stays."""
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.asarray(matrix / np.maximum(norms, 1e-12), dtype=np.float32)
