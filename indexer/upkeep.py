"""Whether the index is in line with the documents: found out without loading an embedder."""

from contextlib import closing
from pathlib import Path

from indexer.documents import list_documents
from indexer.folder import IndexFolder
from indexer.plan import Plan, make_plan
from indexer.vector_rows import UNFINISHED


def idle_plan(documents: Path, index: Path) -> Plan | None:
    """The plan of a reindex that would do nothing, or None. Raises UserError."""
    folder = IndexFolder(index)
    if folder.store_path() is None or folder.store_path("building"):
        return None
    with closing(folder.open()) as store:
        plan = make_plan(documents, list_documents(documents), store)
        _, waits = store.count_vectors()
        waits = waits or bool(store.meta().get(UNFINISHED))
    busy = waits or plan.work or plan.removed or plan.touched or plan.forgotten_problems
    return None if busy else plan
