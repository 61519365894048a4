"""The posting lists: which passages hold which stems and letter groups, as bytes in segments.

A segment holds the lists of some passages and is never changed: segments.py writes them, merging.py
makes one of many. Passages of documents that went since are left out as it is read.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from indexer.postings import earlier as earlier

if TYPE_CHECKING:
    from numpy import int64
    from numpy.typing import NDArray

    Numbers = NDArray[int64]

STEMS, GRAMS = 0, 1  # the kinds of terms; exact forms are among the stems
# How many bits of a passage's id a posting holds: the ids of a segment share the others.
BITS = 16
MANY = 500  # passages looked up at once

_ROWS = (
    " FROM json_each(?) AS term CROSS JOIN json_each(?) AS segment CROSS JOIN posting"
    " ON posting.segment = segment.value AND kind = ? AND posting.term = term.value"
)


class Passages(NamedTuple):
    """Passages by id, ascending; their documents, and lengths in characters."""

    ids: "Numbers"
    documents: "Numbers"
    lengths: "Numbers"


class Found(NamedTuple):
    """Postings, those of a term together: its number among those asked for, passage, count."""

    owners: "Numbers"
    ids: "Numbers"
    counts: "Numbers"


def passage_text(heading: str | None, lead: str, text: str) -> str:
    """What is embedded and searched: the passage under its headings, and those of its table."""
    return "\n".join(filter(None, (heading, lead, text)))


def counts(db: sqlite3.Connection, kind: int, terms: Sequence[str]) -> list[int]:
    """How many postings of each term are to be read; in an earlier release's store not known: 0."""
    if earlier.holds(db):
        return [0] * len(terms)
    segments = [number for (number,) in db.execute("SELECT id FROM segment")]
    query = "SELECT term.key, sum(length(ids)) / 2" + _ROWS + " GROUP BY term.key"
    found = dict(db.execute(query, (json.dumps(terms), json.dumps(segments), kind)).fetchall())
    return [found.get(place, 0) for place in range(len(terms))]


def read(db: sqlite3.Connection, kind: int, terms: Sequence[str]) -> Found:
    """Every posting of the terms, those of passages that are gone included."""
    import numpy as np

    if earlier.holds(db):
        return Found(*earlier.read(db, kind, terms))
    firsts = dict(db.execute("SELECT id, first FROM segment ORDER BY first").fetchall())
    query = "SELECT term.key, segment.key, segment.value, ids, tf" + _ROWS
    wanted = (json.dumps(terms), json.dumps(list(firsts)), kind)
    rows = sorted(db.execute(query, wanted), key=itemgetter(0, 1))
    sizes = [len(ids) // 2 for _, _, _, ids, _ in rows]
    owners = np.array([owner for owner, *_ in rows], np.int64)
    bases = np.array([firsts[segment] >> BITS << BITS for _, _, segment, _, _ in rows], np.int64)
    lows = np.frombuffer(b"".join(ids for _, _, _, ids, _ in rows), "<u2")
    counted = (tf or b"\1" * (len(ids) // 2) for _, _, _, ids, tf in rows)
    return Found(
        np.repeat(owners, sizes),
        np.repeat(bases, sizes) + lows,
        np.frombuffer(b"".join(counted), np.uint8),
    )


def passage_table(db: sqlite3.Connection) -> Passages:
    """All passages that can be found."""
    import numpy as np

    if earlier.holds(db):
        return Passages(*earlier.passage_table(db))
    found = [passages for _, passages in segments(db)]
    none = np.empty(0, np.int64)
    columns = [np.concatenate([none, *column]) for column in zip(*found, strict=True)] or [none] * 3
    live = ~np.isin(columns[1], gone(db))
    return Passages(*(column[live] for column in columns))


def segments(db: sqlite3.Connection) -> Iterator[tuple[int, Passages]]:
    """Of each segment the id and the passages, in the order of these."""
    import numpy as np

    query = "SELECT id, first, ids, documents, lengths FROM segment ORDER BY first"
    for number, first, lows, documents, lengths in db.execute(query):
        yield (
            number,
            Passages(
                (first >> BITS << BITS) + np.frombuffer(lows, "<u2").astype(np.int64),
                np.frombuffer(documents, "<i8"),
                np.frombuffer(lengths, "<i4").astype(np.int64),
            ),
        )


def gone(db: sqlite3.Connection) -> "Numbers":
    """The documents that were removed and that a segment may still hold."""
    import numpy as np

    return np.array([row[0] for row in db.execute("SELECT document_id FROM gone")], np.int64)


def vocabulary(db: sqlite3.Connection) -> Iterator[tuple[str, int]]:
    """The stems with the number of their passages; all of a stem's may be gone."""
    if earlier.holds(db):
        return earlier.vocabulary(db)
    query = (
        "SELECT term, sum(length(ids)) / 2 FROM posting"
        " WHERE segment IN (SELECT id FROM segment) AND kind = ? GROUP BY term"
    )
    return iter(db.execute(query, (STEMS,)))


def holders(db: sqlite3.Connection, term: str, most: int) -> list[int]:
    """The first of the passages with a stem that can be found."""
    found: list[int] = []
    ids = read(db, STEMS, [term]).ids.tolist()
    query = "SELECT id FROM chunk WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
    for start in range(0, len(ids), MANY):
        rows = db.execute(query, (json.dumps(ids[start : start + MANY]),))
        found += [chunk_id for (chunk_id,) in rows]
        if len(found) >= most:
            break
    return found[:most]
