"""Merging segments of posting lists: where they are many, or hold much that is gone.

The tiers are Lucene's: a posting is written again each time that its segment grows eightfold.
A segment stays inside a block of ids, and a block that is full becomes one segment.
"""

import heapq
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, takewhile
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from indexer.postings.lists import BITS, Passages, gone, segments
from indexer.postings.segments import Row, insert, insert_rows

TIER = 8  # segments of about one size that become one
MOST_GONE = 0.25  # of a segment's passages, before it is written again without them

# A posting list: kind, term, number among the segments that are merged, ids, counts.
List = tuple[int, str, int, bytes, bytes | None]


@dataclass(frozen=True)
class _Segment:
    id: int
    passages: Passages
    live: NDArray[np.bool_]  # of each of its passages

    def __len__(self) -> int:
        return len(self.live)


def merge(db: sqlite3.Connection) -> bool:
    """Make one segment of those that are due; tell whether there were any."""
    removed = gone(db)
    every = [
        _Segment(number, passages, ~np.isin(passages.documents, removed))
        for number, passages in segments(db)
    ]
    due = _due(every)
    columns = zip(*([column[each.live] for column in each.passages] for each in due), strict=True)
    if due:
        passages = Passages(*map(np.concatenate, columns))
        if len(passages.ids):
            lists = [_lists(db, place, each) for place, each in enumerate(due)]
            insert_rows(db, _joined(insert(db, passages), lists))
        for each in due:
            db.execute("DELETE FROM posting WHERE segment = ?", (each.id,))
            db.execute("DELETE FROM segment WHERE id = ?", (each.id,))
        _forget(db)
    return bool(due)


def _due(every: Sequence[_Segment]) -> Sequence[_Segment]:
    """Neighbours in a block that are to become one segment."""
    for each in every:
        if each.live.mean() < 1 - MOST_GONE:
            return [each]
    block: list[_Segment] = []
    for _, found in groupby(every, lambda each: int(each.passages.ids[0]) >> BITS):
        if len(block) > 1:
            return block
        block = list(found)
    size = TIER
    while size <= 1 << BITS:
        newest = list(takewhile(lambda each: len(each) < size, reversed(block)))  # noqa: B023
        if sum(len(each) >= size // TIER for each in newest) >= TIER:
            return newest[::-1]
        size *= TIER
    return []


def _lists(db: sqlite3.Connection, place: int, segment: _Segment) -> Iterator[List]:
    """The posting lists of what can be found in a segment."""
    query = "SELECT kind, term, ?, ids, tf FROM posting WHERE segment = ? ORDER BY kind, term"
    rows: Iterator[List] = db.execute(query, (place, segment.id))
    if segment.live.all():
        yield from rows
        return
    live = np.zeros(1 << BITS, np.bool_)
    live[segment.passages.ids[segment.live] % (1 << BITS)] = True
    for kind, term, _, ids, tf in rows:
        lows = np.frombuffer(ids, "<u2")
        kept = live[lows]
        if kept.any():
            counts = tf and np.frombuffer(tf, np.uint8)[kept].tobytes()
            yield kind, term, place, lows[kept].tobytes(), counts


def _joined(segment: int, lists: Sequence[Iterator[List]]) -> Iterator[Row]:
    """The lists of each term, one behind the other: their ids ascend from segment to segment."""
    for (kind, term), found in groupby(heapq.merge(*lists), itemgetter(0, 1)):
        parts = [(ids, tf) for _, _, _, ids, tf in found]
        counts = None
        if any(tf for _, tf in parts):
            counts = b"".join(tf or b"\1" * (len(ids) // 2) for ids, tf in parts)
        yield segment, kind, term, b"".join(ids for ids, _ in parts), counts


def _forget(db: sqlite3.Connection) -> None:
    """Strike the removed documents off that no segment holds any more."""
    held = [passages.documents for _, passages in segments(db)]
    unheld = np.setdiff1d(gone(db), np.concatenate(held) if held else [])
    rows = [(number,) for number in unheld.tolist()]
    db.executemany("DELETE FROM gone WHERE document_id = ?", rows)
