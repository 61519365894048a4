"""Whether the index is in line with the documents: found out without loading an embedder."""

from contextlib import closing
from pathlib import Path

from indexer.store.folder import IndexFolder
from indexer.store.store import Store
from indexer.store.vector_rows import UNFINISHED
from indexer.sync.documents import list_documents
from indexer.sync.plan import Plan, make_plan


def idle_plan(documents: Path, index: Path) -> Plan | None:
    """The plan of a reindex that would do nothing, or None. Raises UserError."""
    folder = IndexFolder(index)
    if folder.store_path() is None or folder.store_path("building"):
        return None
    with closing(folder.open()) as store:
        plan = make_plan(documents, list_documents(documents), store)
        waits = _waits(store)
    busy = waits or plan.work or plan.removed or plan.touched or plan.forgotten_problems
    return None if busy else plan


def wants_vectors(index: Path) -> bool:
    """Tell whether an earlier run left vectors to be made or weighed. Raises UserError."""
    folder = IndexFolder(index)
    if folder.store_path() is None:
        return False
    with closing(folder.open()) as store:
        return _waits(store)


def _waits(store: Store) -> bool:
    return store.count_vectors()[1] > 0 or bool(store.meta().get(UNFINISHED))
