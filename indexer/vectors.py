"""The FAISS index over the store's vectors: derived from it, and made again when it is behind.

The file holds the vectors up to some id; ids only grow, so a reader takes the later ones from the
store, and ids without a passage are passages that are gone.
"""

import errno
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.embedders import Matrix
from indexer.store import Store
from indexer.whole_file import whole_file

NEAREST = 50
SAMPLE = 200


def to_bytes(matrix: Matrix) -> list[bytes]:
    """One vector a row in half precision: the recall of single precision in half the space."""
    return [row.tobytes() for row in matrix.astype(np.float16)]


def load_vectors(store: Store, dimension: int) -> tuple[Any, int]:
    """An exact inner-product FAISS index of all vectors, by id; and how many were not in its file.

    Ids are those of the store's vector table.
    """
    index = _read(_path(store), dimension) or _empty(dimension)
    ids, before = _ids(index), index.ntotal
    _add_after(store, index, int(ids[-1]) if len(ids) else 0)
    return index, index.ntotal - before


def save_vectors(store: Store, dimension: int) -> None:
    """Bring the FAISS file in line with the store; raise OSError when it cannot be written."""
    import faiss

    path = _path(store)
    index, added = load_vectors(store, dimension)
    gone = np.setdiff1d(_ids(index), store.vector_ids())
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
    """Exact vector search over one generation of a store."""

    def __init__(self, store: Store, dimension: int) -> None:
        import faiss

        faiss.omp_set_num_threads(1)  # one question is quicker than threads that wait for a core
        self._store = store
        self._index, _ = load_vectors(store, dimension)
        self._chance = self._mean_cosine()

    def search(self, query: Matrix, candidates: Iterable[int]) -> dict[int, float]:
        """Cosines above chance, by passage id: of the nearest passages and of the candidates.

        (cosine - mean) / (1 - mean) is on the same scale for every model; `query` is (dimension,).
        """
        if not self._index.ntotal:
            return {}
        cosines, ids = self._index.search(query[None, :], min(NEAREST, self._index.ntotal))
        found = dict(zip(ids[0].tolist(), cosines[0].tolist(), strict=True))
        wanted = self._store.vectors_of_chunks(list(candidates))
        found.update((key, float(_from_bytes(data) @ query)) for key, data in wanted if data)
        chunks = self._store.chunks_of_vectors(list(found))
        scale = 1 - self._chance
        return {
            chunk: (cosine - self._chance) / scale
            for key, cosine in found.items()
            for chunk in chunks.get(key, ())
        }

    def _mean_cosine(self) -> float:
        """The mean cosine of two passages, from a sample: what unrelated texts have in common."""
        ids = _ids(self._index)
        sample = self._store.vectors(ids[:: max(1, len(ids) // SAMPLE)][:SAMPLE].tolist())
        if len(sample) < 2:
            return 0.0
        matrix = _from_bytes(b"".join(sample)).reshape(len(sample), -1)
        total = float(np.square(matrix.sum(axis=0)).sum())
        return (total - len(sample)) / (len(sample) * (len(sample) - 1))


def _from_bytes(data: bytes) -> Matrix:
    return np.frombuffer(data, dtype=np.float16).astype(np.float32)


def _path(store: Store) -> Path:
    return store.path.with_name("vectors.faiss")


def _read(path: Path, dimension: int) -> Any | None:
    import faiss

    if not path.exists():
        return None
    try:
        index = faiss.read_index(str(path))
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


def _add_after(store: Store, index: Any, last_id: int) -> None:
    rows = store.vectors_after(last_id)
    while batch := rows.fetchmany(4096):
        ids = np.array([row[0] for row in batch], dtype=np.int64)
        matrix = _from_bytes(b"".join(row[1] for row in batch))
        index.add_with_ids(matrix.reshape(len(batch), -1), ids)
