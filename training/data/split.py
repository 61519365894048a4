"""Which rows are held out: by a seeded hash of the question, whatever the order of the rows."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from indexer.passages.words import words
from training.data.rows import Row

BYTES = 8
SEED = 0  # of the questions that are compared


@dataclass(frozen=True)
class Split:
    """`share`, from 0 to 1, of the questions are held out."""

    share: float
    seed: int

    def is_eval(self, question: str) -> bool:
        """Whether all rows of this question, however it is punctuated, are held out."""
        key = blake2b(f"{self.seed}\n{normal(question)}".encode(), digest_size=BYTES).digest()
        return int.from_bytes(key, "big") < self.share * (1 << 8 * BYTES)


def sample_unseen(rows: Sequence[Row], count: int, watched: int) -> tuple[list[Row], bool]:
    """So many of the held-out rows, the same ones each time.

    The first `watched` rows chose the checkpoint. They are left out, and True is returned, where
    there are enough of others.
    """
    unseen = rows[watched:]
    enough = len(unseen) >= count
    pool = unseen if enough else rows
    return random.Random(SEED).sample(pool, min(count, len(pool))), enough


def normal(text: str) -> str:
    """A text by its words alone: case, ё and е, punctuation and spaces make no difference."""
    return " ".join(words(text)) or text


class Seen:
    """What was met before, kept as hashes."""

    def __init__(self) -> None:
        self._hashes: set[bytes] = set()

    def __len__(self) -> int:
        return len(self._hashes)

    def add(self, *texts: str) -> bool:
        """Remember these texts, by their words; tell whether they are new."""
        key = blake2b("\n".join(map(normal, texts)).encode(), digest_size=16).digest()
        before = len(self._hashes)
        self._hashes.add(key)
        return len(self._hashes) > before

    def common(self, other: "Seen") -> int:
        """How many both have met."""
        return len(self._hashes & other._hashes)
