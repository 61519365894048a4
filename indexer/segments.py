"""Segments of posting lists, written for new documents; see indexer/postings.py."""

import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

import numpy as np
from numpy.typing import NDArray

from indexer.forms import exact_forms
from indexer.postings import BITS, GRAMS, STEMS, Passages, passage_text
from indexer.words import grams, stem, words

PASSAGES = 2048  # the most of a new segment
MOST_COUNTED = 255  # occurrences of a stem in a passage
ROWS = 10_000  # written at once

Row = tuple[int, int, str, bytes, bytes | None]  # of the table posting


@dataclass(frozen=True)
class _Passage:
    id: int
    document: int
    length: int
    code: bytes  # the numbers of its terms, four bytes an occurrence


def add(db: sqlite3.Connection, document_ids: Iterable[int]) -> None:
    """Write the posting lists of documents that no segment holds yet."""
    codes = _Codes()
    passages = (each for number in sorted(document_ids) for each in _passages(db, number, codes))
    for _, block in groupby(passages, lambda passage: passage.id >> BITS):
        while group := list(islice(block, PASSAGES)):
            _write(db, group, codes)


def insert(db: sqlite3.Connection, passages: Passages) -> int:
    """Make a segment without posting lists; return its id."""
    cursor = db.execute(
        "INSERT INTO segment (first, ids, documents, lengths) VALUES (?, ?, ?, ?)",
        (
            int(passages.ids[0]),
            passages.ids.astype("<u2").tobytes(),
            passages.documents.astype("<i8").tobytes(),
            passages.lengths.astype("<i4").tobytes(),
        ),
    )
    return int(cursor.lastrowid or 0)


def insert_rows(db: sqlite3.Connection, rows: Iterator[Row]) -> None:
    """Write posting lists; in the order of the table its pages are filled one after the other."""
    while batch := list(islice(rows, ROWS)):
        db.executemany("INSERT INTO posting VALUES (?, ?, ?, ?, ?)", batch)


class _Codes(dict[str, bytes]):
    """The numbers of a word's stem and letter groups, as bytes; terms are numbered as they come."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: tuple[dict[str, int], dict[str, int]] = ({}, {})
        self._next = 0

    def __missing__(self, word: str) -> bytes:
        letters = [self.number(GRAMS, gram) for gram in grams(word)]
        self[word] = array("i", [self.number(STEMS, stem(word)), *letters]).tobytes()
        return self[word]

    def number(self, kind: int, term: str) -> int:
        """The number of a term."""
        known = self.numbers[kind].setdefault(term, self._next)
        self._next += known == self._next
        return known


def _passages(db: sqlite3.Connection, document_id: int, codes: _Codes) -> Iterator[_Passage]:
    rows = db.execute(
        "SELECT c.id, c.stop - c.start, d.facts, p.heading, c.lead,"
        " substr(p.text, c.start + 1, c.stop - c.start)"
        " FROM chunk c JOIN page p ON p.id = c.page_id JOIN document d ON d.id = c.document_id"
        " WHERE d.id = ? ORDER BY c.id",
        (document_id,),
    )
    for chunk_id, length, facts, *texts in rows:
        text = f"{facts}\n{passage_text(*texts)}"
        forms = array("i", [codes.number(STEMS, form) for form in exact_forms(text)])
        code = b"".join([*map(codes.__getitem__, words(text)), forms.tobytes()])
        yield _Passage(chunk_id, document_id, length, code)


def _write(db: sqlite3.Connection, group: Sequence[_Passage], codes: _Codes) -> None:
    """Write a segment. A posting's key is number of the term * 2**BITS + last bits of the id."""
    table = np.array([(each.id, each.document, each.length) for each in group], np.int64)
    segment = insert(db, Passages(*table.T))
    keys = np.frombuffer(b"".join(each.code for each in group), np.int32).astype(np.int64)
    keys <<= BITS
    keys += np.repeat(table[:, 0] % (1 << BITS), [len(each.code) // 4 for each in group])
    keys.sort()
    new = np.flatnonzero(np.diff(keys, prepend=-1))
    counts = np.diff(new, append=len(keys))
    keys = keys[new]
    starts = np.flatnonzero(np.diff(keys >> BITS, prepend=-1))
    slices = map(slice, starts.tolist(), [*starts[1:].tolist(), len(keys)])
    places = dict(zip((keys[starts] >> BITS).tolist(), slices, strict=True))
    ids, counted = keys.astype("<u2"), np.minimum(counts, MOST_COUNTED).astype(np.uint8)
    insert_rows(db, _rows(segment, codes, places, ids, counted))


def _rows(
    segment: int,
    codes: _Codes,
    places: dict[int, slice],
    ids: "NDArray[np.uint16]",
    counts: "NDArray[np.uint8]",
) -> Iterator[Row]:
    for kind, numbers in enumerate(codes.numbers):
        for term in sorted(numbers):
            if place := places.get(numbers[term]):
                tf = counts[place].tobytes() if kind == STEMS else b""
                once = tf.count(1) == len(tf)
                yield segment, kind, term, ids[place].tobytes(), None if once else tf
