"""The index, and what keeps it up to date."""

from core.settings import Settings
from core.text import counted
from opsctl.doctor.corpus import Corpus
from opsctl.terminal.check import Check


def index(corpus: Corpus) -> Check:
    """Whether the index is sound, and of what the documents are now."""
    from indexer.models import AUTO, SERVER

    found, wanted = corpus.indexed, corpus.config.embedder
    if wanted not in (AUTO, found.embedder.removeprefix(f"{SERVER}:")):
        detail = f"made with {found.embedder}, and OPSCTL_EMBEDDER is {wanted}"
        return Check("index", "failed", detail, "opsctl reindex --rebuild")
    if found.unknown:
        raise found.unknown
    detail = f"{counted(found.documents, 'document')}, {counted(found.passages, 'passage')}"
    if found.behind:
        detail = f"{detail}, {counted(found.behind, 'file')} behind"
        return Check("index", "warning", detail, "opsctl reindex")
    if found.waiting:
        rows = counted(found.waiting, "row or sentence", "rows and sentences")
        why = f" ({found.failed})" if found.failed else ""
        detail = f"{detail}, {rows} without a vector{why}"
        return Check("index", "warning", detail, "opsctl reindex")
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
