"""The passages of an index, each by its place in the row of them all: neighbours and lengths."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.postings.lists import BITS, Passages

K1 = 1.5
B = 0.75

Numbers = NDArray[np.int64]
Ints = NDArray[np.int32]
Floats = NDArray[np.float32]


class Spread(NamedTuple):
    """Where terms stand, or beside: number of the term, place, count there, count around it."""

    owners: Numbers
    places: Ints
    own: Floats
    around: Floats


class PassageRow:
    """All passages that can be found, in the order of their ids."""

    def __init__(self, passages: Passages) -> None:
        self.ids, documents, lengths = passages
        same = documents[1:] == documents[:-1]
        self._has_before = np.concatenate(([False], same))[: len(self.ids)]
        self._has_after = np.concatenate((same, [False]))[: len(self.ids)]
        self.norms = _norms(lengths)
        before = np.where(self._has_before, np.roll(lengths, 1), 0)
        after = np.where(self._has_after, np.roll(lengths, -1), 0)
        self.wide_norms = _norms(lengths + before + after)
        blocks, rows = np.unique(self.ids >> BITS, return_inverse=True)
        self._row_of = np.full(blocks.max(initial=0) + 2, len(blocks))  # of a block
        self._row_of[blocks] = np.arange(len(blocks))
        self._places = np.full((len(blocks) + 1, 1 << BITS), -1, np.int32)  # the last row: of none
        self._places[rows, self.ids % (1 << BITS)] = np.arange(len(self.ids))

    def __len__(self) -> int:
        return len(self.ids)

    def places(self, ids: Numbers) -> Ints:
        """The places of passages, -1 for those that cannot be found any more."""
        rows = self._row_of[np.minimum(ids >> BITS, len(self._row_of) - 1)]
        found: Ints = self._places[rows, ids % (1 << BITS)]
        return found

    def spread(self, owners: Numbers, places: Ints, counts: Floats) -> Spread:
        """Add the passages beside those where a term stands; without sorting, so in three parts.

        Postings are in the order of terms and places. A passage between two goes with the second.
        """
        before, after = self._has_before[places], self._has_after[places]
        gap = np.diff(owners * len(self) + places, append=0)
        next_to = (gap == 1) & after  # of each posting, to the one that follows
        first = before & ~_later(next_to)
        last = after & ~next_to & ~((gap == 2) & _sooner(before))
        around = counts + np.where(next_to, _sooner(counts), 0)
        around += np.where(_later(next_to), _later(counts), 0)
        shared = counts + np.where(_later((gap == 2) & after), _later(counts), 0)
        none = np.zeros(int(first.sum() + last.sum()), np.float32)
        return Spread(
            np.concatenate((owners, owners[first], owners[last])),
            np.concatenate((places, places[first] - 1, places[last] + 1)),
            np.concatenate((counts, none)),
            np.concatenate((around, shared[first], counts[last])),
        )


def _later(values: NDArray[Any]) -> NDArray[Any]:
    """Of each posting the value of the one before it."""
    return np.append(values.dtype.type(0), values[:-1])[: len(values)]


def _sooner(values: NDArray[Any]) -> NDArray[Any]:
    """Of each posting the value of the one that follows."""
    return np.append(values[1:], values.dtype.type(0))[: len(values)]


def _norms(lengths: Numbers) -> Floats:
    """BM25's length term; characters serve as well as terms do."""
    mean = float(lengths.mean()) if len(lengths) else 1.0
    return (K1 * (1 - B + B * lengths / mean)).astype(np.float32)
