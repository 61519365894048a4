"""The documents, and whether each could be read."""

from contextlib import closing

from core.settings import Settings
from core.text import counted
from opsctl.terminal.check import Check


def documents(config: Settings) -> Check:
    """Whether there is something to read."""
    from indexer.sync.documents import PUT_FILES, list_documents

    listing = list_documents(config.documents)
    detail = f"{counted(len(listing.files), 'file')} in {config.documents}"
    if not listing.files:
        return Check(
            "documents",
            "failed",
            detail,
            PUT_FILES,
        )
    return Check("documents", "ok", detail)


def files(config: Settings) -> Check:
    """Whether every document could be read."""
    from indexer.store.folder import IndexFolder
    from indexer.sync.documents import list_documents
    from opsctl.index import unread

    folder = IndexFolder(config.index)
    if not folder.store_path():
        return Check("files", "warning", "none was read yet", "opsctl reindex")
    with closing(folder.open()) as store:
        failed = {path: row[1] for path, row in store.problems().items()}
        problems, gaps = _not_waiting(failed), _not_waiting(store.gaps())
    if problems:
        path, reason = next(iter(sorted(problems.items())))
        detail = f"{len(problems)} could not be read, such as {path}: {reason}"
        return Check("files", "warning", detail, "opsctl status lists them")
    if kinds := unread.without_reader(list_documents(config.documents).skipped):
        return Check("files", "warning", f"no reader for {unread.in_words(kinds)}", unread.FIX)
    if gaps:
        path, reason = next(iter(gaps.items()))
        detail = f"{len(gaps)} could be read in part only, such as {path}: {reason}"
        return Check("files", "warning", detail, "opsctl status lists them")
    return Check("files", "ok", "every document could be read")


def programs(config: Settings) -> Check:
    """Whether all is installed that the documents need to be read."""
    from indexer.readers import waiting
    from indexer.store.folder import IndexFolder

    folder = IndexFolder(config.index)
    if not folder.store_path():
        return Check("programs", "ok", "no document was read yet")
    with closing(folder.open()) as store:
        failed = ((path, row[1]) for path, row in store.problems().items())
        told = waiting.told((*failed, *store.gaps().items()))
    if told:
        what = ", ".join(map(str, told.values()))
        return Check("programs", "warning", f"waiting: {what}", " && ".join(told))
    return Check("programs", "ok", "no document waits for one")


def _not_waiting(reasons: dict[str, str]) -> dict[str, str]:
    from indexer.readers import waiting

    return {path: reason for path, reason in reasons.items() if not waiting.is_all(reason)}
