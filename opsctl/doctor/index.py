"""The index, and what keeps it up to date."""

from contextlib import closing

from core.settings import Settings
from core.text import counted
from opsctl.terminal.check import Check


def index(config: Settings) -> Check:
    """Whether the index is sound, and of what the documents are now."""
    from indexer.models import AUTO, SERVER
    from indexer.store.folder import IndexFolder
    from indexer.store.vector_rows import FAILED
    from indexer.sync.documents import list_documents
    from indexer.sync.plan import make_plan

    with closing(IndexFolder(config.index).open()) as store:
        damage = store.damage()
        if damage:
            return Check("index", "failed", f"damaged: {damage}", "opsctl reindex --rebuild")
        made = store.identity().embedder
        if config.embedder not in (AUTO, made.removeprefix(f"{SERVER}:")):
            detail = f"made with {made}, and OPSCTL_EMBEDDER is {config.embedder}"
            return Check("index", "failed", detail, "opsctl reindex --rebuild")
        counts = store.counts()
        detail = f"{counted(counts.documents, 'document')}, {counted(counts.chunks, 'passage')}"
        plan = make_plan(config.documents, list_documents(config.documents), store)
        _, waiting = store.count_vectors()
        failed = store.meta().get(FAILED)
    behind = plan.work + len(plan.removed)
    if behind:
        return Check(
            "index", "warning", f"{detail}, {counted(behind, 'file')} behind", "opsctl reindex"
        )
    if waiting:
        rows = counted(waiting, "row or sentence", "rows and sentences")
        why = f" ({failed})" if failed else ""
        return Check(
            "index", "warning", f"{detail}, {rows} without a vector{why}", "opsctl reindex"
        )
    return Check("index", "ok", f"{detail}, up to date")


def reindex(config: Settings) -> Check:
    """Whether the index keeps itself up to date, and whether that works."""
    from opsctl.index.freshness import BY, freshness
    from opsctl.keeper.process import BotProcess

    found = freshness(
        config, bool(config.reindex_every) and BotProcess(config).health() is not None
    )
    if not found["every"]:
        return Check(
            "reindex", "ok", "by hand: opsctl reindex (OPSCTL_REINDEX_EVERY=15m: by itself)"
        )
    detail = f"every {found['every']}, {BY[found['by']]}"
    if found["error"]:
        return Check(
            "reindex", "failed", f"{detail}; it failed: {found['error']}", "opsctl reindex"
        )
    if not found["by"]:
        return Check("reindex", "warning", detail, "opsctl start")
    return Check("reindex", "ok", detail)
