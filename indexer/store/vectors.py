"""The FAISS index over the store's vectors: derived from it, and made again when it is behind.

The file holds the vectors up to some id and is mapped into memory, not read; ids only grow, so a
reader takes the later ones from the store. Ids without a passage are passages that are gone.
"""

import errno
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.files import whole_file
from indexer.embedders import Matrix
from indexer.store import vector_rows
from indexer.store.store import Store

NEAREST = 200  # units
SAMPLE = 400
ENOUGH = 20  # units of a language that tell what is usual there


@dataclass(frozen=True)
class Meanings:
    """Cosines above chance with a question: of passages, by id, and of their units, by digest.

    That of a passage is its best unit's.
    """

    passages: dict[int, float]
    units: dict[bytes, float]


NO_MEANINGS = Meanings({}, {})


def to_bytes(matrix: Matrix) -> list[bytes]:
    """One vector a row in half precision: the recall of single precision in half the space."""
    return [row.tobytes() for row in matrix.astype(np.float16)]


def save_vectors(store: Store, dimension: int) -> None:
    """Bring the FAISS file in line with the store; raise OSError when it cannot be written."""
    import faiss

    path = _path(store)
    index = _read(path, dimension) or _empty(dimension)
    held = _ids(index)
    added = _add_after(store, index, _last(index))
    gone = np.setdiff1d(held, vector_rows.ids(store.db))
    if len(gone):
        index.remove_ids(gone)
    if path.exists() and not added and not len(gone):
        return
    with whole_file(path) as draft:
        try:
            faiss.write_index(index, str(draft))
        except RuntimeError as error:  # faiss reports a full disk this way
            raise OSError(errno.ENOSPC, str(error)) from error


class VectorSearch:
    """Exact vector search over what a store holds; `refresh` takes in what came since."""

    def __init__(self, store: Store, dimension: int) -> None:
        import faiss

        faiss.omp_set_num_threads(1)  # one question is quicker than threads that wait for a core
        self._store, self._dimension = store, dimension
        self._saved = _read(_path(store), dimension, mapped=True) or _empty(dimension)
        self._later = _empty(dimension)
        self._last = _last(self._saved)
        self._draw_sample()
        self.refresh()

    def refresh(self) -> None:
        """Take in the vectors made since."""
        if _add_after(self._store, self._later, self._last):
            self._last = _last(self._later)
            self._draw_sample()

    def search(self, query: Matrix, candidates: Iterable[int], *, without: bytes = b"") -> Meanings:
        """The passages of the nearest units, and the candidates; `query` is (dimension,).

        (cosine - chance) / (1 - mean) is on the same scale for every model. `without` is the digest
        of a unit that does not count.
        """
        near = dict[int, float]()
        for index in (self._saved, self._later):
            if index.ntotal:
                cosines, ids = index.search(query[None, :], min(NEAREST, index.ntotal))
                near.update(zip(ids[0].tolist(), cosines[0].tolist(), strict=True))
        nearest = sorted(near, key=lambda key: -near[key])[:NEAREST]
        found = dict.fromkeys(candidates)
        found.update((chunk, None) for _, chunk in vector_rows.passages_of(self._store.db, nearest))
        rows = [
            row for row in vector_rows.of_passages(self._store.db, list(found)) if row[1] != without
        ]
        if not rows:
            return NO_MEANINGS
        cosines = _matrix([data for *_, data in rows], self._dimension) @ query
        chance = self._chance_with(query)
        above = (cosines - [chance[bool(row[2])] for row in rows]) / (1 - self._mean)
        passages, units = dict[int, float](), dict[bytes, float]()
        for (chunk, digest, *_), cosine in zip(rows, above.tolist(), strict=True):
            passages[chunk] = max(cosine, passages.get(chunk, cosine))
            units[digest] = cosine
        return Meanings(passages, units)

    def _chance_with(self, query: Matrix) -> dict[bool, float]:
        """The mean cosine of a question with units that are Cyrillic, and with those that are not.

        With texts of its own language a question has more in common whatever they say.
        """
        cosines = self._sample @ query
        chance = dict.fromkeys((False, True), float(cosines.mean()) if len(cosines) else 0.0)
        for kind in chance:
            mine = cosines[self._cyrillic == kind]
            if len(mine) >= ENOUGH:
                chance[kind] = float(mine.mean())
        return chance

    def _draw_sample(self) -> None:
        """Units drawn by lot, and the mean cosine of two: what unrelated texts have in common."""
        drawn = vector_rows.drawn(self._store.db, SAMPLE)
        self._sample = _matrix([data for _, data in drawn], self._dimension)
        self._cyrillic = np.array([kind for kind, _ in drawn], dtype=bool)
        count = len(drawn)
        total = float(np.square(self._sample.sum(axis=0)).sum())
        self._mean = (total - count) / (count * (count - 1)) if count > 1 else 0.0


def _matrix(rows: list[bytes], dimension: int) -> Matrix:
    return np.frombuffer(b"".join(rows), np.float16).astype(np.float32).reshape(-1, dimension)


def _path(store: Store) -> Path:
    return store.path.with_name("vectors.faiss")


def _read(path: Path, dimension: int, *, mapped: bool = False) -> Any | None:
    import faiss

    if not path.exists():
        return None
    try:
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC if mapped else 0)
    except RuntimeError:  # damaged: the store has everything
        return None
    return index if index.d == dimension else None


def _empty(dimension: int) -> Any:
    import faiss

    return faiss.IndexIDMap(
        faiss.IndexScalarQuantizer(
            dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
    )


def _ids(index: Any) -> NDArray[np.int64]:
    import faiss

    return np.asarray(faiss.vector_to_array(index.id_map), dtype=np.int64)


def _last(index: Any) -> int:
    """The highest id, for they ascend; 0 where there is none."""
    ids = _ids(index)
    return int(ids[-1]) if len(ids) else 0


def _add_after(store: Store, index: Any, last_id: int) -> int:
    """Add the vectors beyond an id; return how many."""
    before, rows = index.ntotal, vector_rows.after(store.db, last_id)
    while batch := rows.fetchmany(4096):
        ids = np.array([row[0] for row in batch], dtype=np.int64)
        index.add_with_ids(_matrix([row[1] for row in batch], index.d), ids)
    return int(index.ntotal - before)
