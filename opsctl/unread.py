"""Documents that opsctl has no reader for, by kind: for `reindex`, `status` and `doctor`."""

from collections import Counter
from collections.abc import Iterable

from core.text import counted
from indexer.readers.scan import waiting
from indexer.sync.documents import NO_READER, Problem

KINDS_SHOWN = 5
ADVICE = "save as .docx, .pdf or .txt what is to be found"
FIX = f"{ADVICE}; opsctl reindex --dry-run lists them, .opsctlignore hides them"


def without_reader(skipped: Iterable[Problem]) -> dict[str, int]:
    """How many files of each kind have no reader, the most frequent kind first."""
    found = Counter(
        problem.reason.removeprefix(NO_READER).removeprefix("files ").lower()
        for problem in skipped
        if problem.reason.startswith(NO_READER)
    )
    return dict(found.most_common())


def waiting_pages(reasons: Iterable[str]) -> tuple[str, str] | None:
    """How many pages are to be recognised, in words, and what to type before; None without any."""
    pages, command = waiting.told(reasons)
    return (f"{counted(pages, 'page')} of scans and pictures", command) if pages else None


def in_words(kinds: dict[str, int]) -> str:
    """Such as "5 files (3 .dwg, 2 .vsd)"."""
    total = sum(kinds.values())
    parts = [f"{count} {kind}" for kind, count in list(kinds.items())[:KINDS_SHOWN]]
    if len(kinds) > KINDS_SHOWN:
        parts.append("…")
    return f"{total} {'file' if total == 1 else 'files'} ({', '.join(parts)})"
