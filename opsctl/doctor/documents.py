"""The documents, and whether each could be read."""

from core.text import counted
from opsctl.doctor.corpus import Corpus
from opsctl.terminal.check import Check


def documents(corpus: Corpus) -> Check:
    """Whether there is something to read."""
    from indexer.sync.documents import PUT_FILES

    found = corpus.listing.files
    detail = f"{counted(len(found), 'file')} in {corpus.config.documents}"
    if not found:
        return Check("documents", "failed", detail, PUT_FILES)
    return Check("documents", "ok", detail)


def files(corpus: Corpus) -> Check:
    from opsctl.index import unread

    if not corpus.exists:
        return Check("files", "warning", "none was read yet", "opsctl reindex")
    found = corpus.indexed
    problems, gaps = _not_waiting(found.problems), _not_waiting(found.gaps)
    if problems:
        path, reason = next(iter(sorted(problems.items())))
        detail = f"{len(problems)} could not be read, such as {path}: {reason}"
        return Check("files", "warning", detail, "opsctl status lists them")
    if found.unread:
        detail = f"{counted(found.unread, 'file')} not read yet"
        return Check("files", "warning", detail, "opsctl reindex")
    if kinds := unread.without_reader(corpus.listing.skipped):
        return Check("files", "warning", f"no reader for {unread.in_words(kinds)}", unread.FIX)
    if gaps:
        path, reason = next(iter(gaps.items()))
        detail = f"{len(gaps)} could be read in part only, such as {path}: {reason}"
        return Check("files", "warning", detail, "opsctl status lists them")
    return Check("files", "ok", "every document could be read")


def programs(corpus: Corpus) -> Check:
    """Whether all is installed that the documents need to be read."""
    from indexer.readers import waiting

    if not corpus.exists:
        return Check("programs", "ok", "no document was read yet")
    found = corpus.indexed
    told = waiting.told((*found.problems.items(), *found.gaps.items()))
    if told:
        what = ", ".join(map(str, told.values()))
        return Check("programs", "warning", f"waiting: {what}", " && ".join(told))
    return Check("programs", "ok", "no document waits for one")


def _not_waiting(reasons: dict[str, str]) -> dict[str, str]:
    from indexer.readers import waiting

    return {path: reason for path, reason in reasons.items() if not waiting.is_all(reason)}
