"""Make the vectors that an index lacks, and find what they are worth there.

The words of a document can be searched before: this goes on beside whoever reads or writes the
index, one process at a time, and takes what others add meanwhile.
"""

from collections.abc import Callable
from contextlib import closing

from indexer import vector_rows
from indexer.calibrate import calibrate, is_due
from indexer.database import sqlite_errors
from indexer.embedders import Embedder
from indexer.errors import Busy
from indexer.folder import IndexFolder
from indexer.lock import writer_lock
from indexer.store import Store
from indexer.vectors import save_vectors, to_bytes
from indexer.words import is_cyrillic

# Units encoded and committed together: what a kill can cost at the most.
BATCH = 64
# Vectors that the first calibration waits for, unless there are no more.
ENOUGH = 2000

Encoded = Callable[[int, int], None]


def encode_waiting(folder: IndexFolder, embedder: Embedder, progress: Encoded) -> int:
    """Encode the units that wait, newest documents first; return how many.

    Each batch counts for questions at once. May be killed at any moment: the next run goes on.
    Where another process is at it, that one does it all.
    """
    try:
        with (
            writer_lock(folder.path / "encoding.lock"),
            closing(folder.open(to_write=True)) as store,
            sqlite_errors(store.path),
        ):
            return _encode(store, embedder, progress)
    except Busy:
        return 0


def _encode(store: Store, embedder: Embedder, progress: Encoded) -> int:
    done = 0
    while rows := vector_rows.waiting(store.db, BATCH):
        vectors = to_bytes(embedder.encode([text for _, text in rows]))
        with store.transaction():
            vector_rows.save(
                store.db,
                [
                    (key, is_cyrillic(text), data)
                    for (key, text), data in zip(rows, vectors, strict=True)
                ],
            )
        done += len(rows)
        progress(done, done + vector_rows.count_waiting(store.db))
        if vector_rows.count(store.db) >= ENOUGH and is_due(store, embedder):
            calibrate(store, embedder)
    save_vectors(store, embedder.dimension)
    if is_due(store, embedder):
        calibrate(store, embedder)
    return done
