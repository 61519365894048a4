"""The FAISS index over the store's vectors: derived from it, and made again when it is behind.

The file holds the vectors up to some id; ids only grow, so a reader takes the later ones from the
store, and ids without a passage are passages that are gone.
"""

import errno
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.embedders import Matrix
from indexer.store import Store


def to_bytes(matrix: Matrix) -> list[bytes]:
    """One vector a row in half precision: the recall of single precision in half the space."""
    return [row.tobytes() for row in matrix.astype(np.float16)]


def load_vectors(store: Store, dimension: int) -> Any:
    """An exact inner-product FAISS index of all vectors; its ids are those of the vector table."""
    index = _read(_path(store), dimension) or _empty(dimension)
    ids = _ids(index)
    _add_after(store, index, int(ids[-1]) if len(ids) else 0)
    return index


def save_vectors(store: Store, dimension: int) -> None:
    """Bring the FAISS file in line with the store; raise OSError when it can not be written."""
    import faiss

    path = _path(store)
    before = _read(path, dimension)
    index = load_vectors(store, dimension)
    gone = np.setdiff1d(_ids(index), store.vector_ids())
    if len(gone):
        index.remove_ids(gone)
    if before is not None and not len(gone) and before.ntotal == index.ntotal:
        return
    draft = path.with_name(path.name + ".new")
    try:
        faiss.write_index(index, str(draft))
    except RuntimeError as error:  # faiss reports a full disk this way
        draft.unlink(missing_ok=True)
        raise OSError(errno.ENOSPC, str(error)) from error
    draft.replace(path)


def nearest(index: Any, query: Matrix, limit: int) -> tuple[NDArray[np.int64], Matrix]:
    """The ids of the vectors nearest to a (dimension,) query and their cosines, best first."""
    cosines, ids = index.search(query[None, :], limit)
    known = ids[0] >= 0
    return ids[0][known], cosines[0][known]


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
        matrix = np.frombuffer(b"".join(row[1] for row in batch), dtype=np.float16)
        index.add_with_ids(matrix.reshape(len(batch), -1).astype(np.float32), ids)
