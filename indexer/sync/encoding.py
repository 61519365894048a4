"""Make the vectors that an index lacks, and find what they are worth there.

The words of a document can be searched before: this goes on beside whoever reads or writes the
index, one process at a time, and takes what others add meanwhile.
"""

from collections.abc import Callable
from contextlib import closing, suppress

from core.errors import Busy, UserError, not_writable
from core.lock import writer_lock
from core.sqlite import sqlite_errors
from indexer.embedders import Embedder
from indexer.embedders.absent import AbsentEmbedder
from indexer.passages.words import is_cyrillic
from indexer.store import vector_rows
from indexer.store.folder import IndexFolder
from indexer.store.store import Store
from indexer.store.vectors import save_vectors, to_bytes
from indexer.sync.calibrate import calibrate, is_due

# Units encoded and committed together: what a kill can cost at the most.
BATCH = 64
# Vectors that the first calibration waits for, unless there are no more.
ENOUGH = 2000
Encoded = Callable[[int, int], None]


def encode_waiting(
    folder: IndexFolder,
    embedder: Embedder,
    progress: Encoded = lambda done, total: None,
    weighed: Encoded = lambda done, total: None,
) -> int:
    """Encode the units that wait, newest documents first; return how many.

    Each batch counts for questions at once. May be killed at any moment: the next run goes on.
    Where another process is at it, that one does it all. Why it failed is kept in the index.
    """
    try:
        with (
            closing(folder.open(to_write=True)) as store,
            writer_lock(store.encoding_lock),
            sqlite_errors(store.path),
        ):
            made = store.identity()
            made.require_embedder(embedder.name, embedder.revision, embedder.dimension)
            if isinstance(embedder, AbsentEmbedder):
                raise embedder.reason
            return _encode(folder, store, embedder, progress, weighed)
    except Busy:
        return 0
    except UserError as error:
        _keep(folder, error)
        raise
    except OSError as error:
        told = not_writable(folder.path, error)
        _keep(folder, told)
        raise told from error


def _keep(folder: IndexFolder, error: UserError) -> None:
    """Keep why vectors could not be made, where there is room for it."""
    with (
        suppress(UserError),
        closing(folder.open(to_write=True)) as store,
        sqlite_errors(store.path),
    ):
        store.set_meta(vector_rows.FAILED, error.message)


def _encode(
    folder: IndexFolder, store: Store, embedder: Embedder, progress: Encoded, weighed: Encoded
) -> int:
    done, finished = 0, False
    # A rebuild that takes over makes its own vectors.
    while not finished and folder.store_path() == store.path.parent:
        if rows := vector_rows.waiting(store.db, BATCH):
            vectors = to_bytes(embedder.encode([text for _, text in rows]))
            with store.transaction():
                vector_rows.save(
                    store.db,
                    [
                        (key, is_cyrillic(text), data)
                        for (key, text), data in zip(rows, vectors, strict=True)
                    ],
                )
                store.set_meta(vector_rows.UNFINISHED, "1")
            done += len(rows)
            progress(done, done + vector_rows.count_waiting(store.db))
            if is_due(store, embedder, ENOUGH):
                calibrate(store, embedder, weighed)
        else:
            finished = _finish(store, embedder, weighed)
    return done


def _finish(store: Store, embedder: Embedder, weighed: Encoded) -> bool:
    """What comes after the last vector; False where more units came meanwhile."""
    save_vectors(store, embedder.dimension)
    if is_due(store, embedder):
        calibrate(store, embedder, weighed)
    if vector_rows.count_waiting(store.db):
        return False
    for key in (vector_rows.UNFINISHED, vector_rows.FAILED):
        if store.meta().get(key):
            store.set_meta(key, "")
    return True
