"""In the place of an index's embedder that cannot be had now: words are indexed, vectors wait."""

from collections.abc import Sequence
from typing import NoReturn

from core.errors import UserError


class AbsentEmbedder:
    """Says what the index was made with, and why it cannot be had."""

    def __init__(
        self, name: str, revision: str, dimension: int, weight: float | None, reason: UserError
    ) -> None:
        self.name = name
        self.revision = revision
        self.dimension = dimension
        self.weight = weight
        self.reason = reason

    def knows(self, text: str) -> bool:
        """It cannot be asked."""
        return True

    def encode(self, texts: Sequence[str]) -> NoReturn:
        """Raise the reason."""
        raise self.reason

    def encode_query(self, texts: Sequence[str]) -> NoReturn:
        """Raise the reason."""
        raise self.reason
