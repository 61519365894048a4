"""Segments of posting lists, written for new documents; see indexer/postings/lists.py."""

import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

import numpy as np
from numpy.typing import NDArray

from indexer.passages.forms import exact_forms
from indexer.passages.words import grams, stem, words
from indexer.postings.lists import BITS, GRAMS, STEMS, Passages, passage_text

PASSAGES = 2048  # the most of a new segment
MOST_WORDS = 100_000  # whose terms are remembered from one time to the next
MOST_COUNTED = 255  # occurrences of a stem in a passage
ROWS = 10_000  # written at once

Row = tuple[int, int, str, bytes, bytes | None]  # of the table posting


@dataclass(frozen=True)
class _Passage:
    id: int
    document: int
    length: int
    code: bytes  # the numbers of its terms, four bytes an occurrence


class Writer:
    """Writes the posting lists of documents that no segment holds yet."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._codes = _Codes()

    def add(self, document_ids: Iterable[int]) -> None:
        """Write those of some documents."""
        if len(self._codes) > MOST_WORDS:
            self._codes = _Codes()
        passages = (each for number in sorted(document_ids) for each in self._passages(number))
        for _, block in groupby(passages, lambda passage: passage.id >> BITS):
            while group := list(islice(block, PASSAGES)):
                _write(self._db, group, self._codes)

    def _passages(self, document_id: int) -> Iterator[_Passage]:
        rows = self._db.execute(
            "SELECT c.id, c.stop - c.start, d.facts, p.heading, c.lead,"
            " substr(p.text, c.start + 1, c.stop - c.start) FROM chunk c"
            " JOIN page p ON p.id = c.page_id JOIN document d ON d.id = c.document_id"
            " WHERE d.id = ? ORDER BY c.id",
            (document_id,),
        )
        for chunk_id, length, facts, *texts in rows:
            code = self._codes.of(f"{facts}\n{passage_text(*texts)}")
            yield _Passage(chunk_id, document_id, length, code)


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


class _Numbers(dict[str, int]):
    """Numbers for the terms of a kind, in the order in which they are seen first."""

    def __init__(self, kind: int) -> None:
        super().__init__()
        self.kind = kind
        self.names: list[str] = []

    def __missing__(self, term: str) -> int:
        self[term] = number = 2 * len(self) + self.kind
        self.names.append(term)
        return number


class _Codes(dict[str, bytes]):
    """The numbers of each word's stem and letter groups, four bytes each."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = (_Numbers(STEMS), _Numbers(GRAMS))

    def __missing__(self, word: str) -> bytes:
        stems, letters = self.numbers
        numbers = [stems[stem(word)], *map(letters.__getitem__, grams(word))]
        self[word] = code = array("i", numbers).tobytes()
        return code

    def of(self, text: str) -> bytes:
        """The numbers of all that is searched of a text."""
        forms = array("i", map(self.numbers[STEMS].__getitem__, exact_forms(text)))
        return b"".join([*map(self.__getitem__, words(text)), forms.tobytes()])


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
    places = map(slice, starts.tolist(), [*starts[1:].tolist(), len(keys)])
    found = list(zip((keys[starts] >> BITS).tolist(), places, strict=True))
    ids, counted = keys.astype("<u2"), np.minimum(counts, MOST_COUNTED).astype(np.uint8)
    for numbers in codes.numbers:
        kind, names = numbers.kind, numbers.names
        lists = sorted((names[number >> 1], place) for number, place in found if number % 2 == kind)
        insert_rows(db, (_row(segment, kind, term, ids[at], counted[at]) for term, at in lists))


def _row(
    segment: int, kind: int, term: str, ids: NDArray[np.uint16], counts: NDArray[np.uint8]
) -> Row:
    tf = counts.tobytes() if kind == STEMS else b""
    return segment, kind, term, ids.tobytes(), None if tf.count(1) == len(tf) else tf
