"""Documents that opsctl has no reader for, by kind: for `reindex`, `status` and `doctor`."""

from collections import Counter
from collections.abc import Iterable

from indexer.readers import waiting
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


def waiting_lines(reasons: Iterable[tuple[str, str]]) -> list[str]:
    """A line for each missing program, by documents' paths and what is told of each."""
    return [
        f"waiting: {what}; to have them read: {command}, then: opsctl reindex"
        for command, what in waiting.told(reasons).items()
    ]


def in_words(kinds: dict[str, int]) -> str:
    """Such as "5 files (3 .dwg, 2 .vsd)"."""
    total = sum(kinds.values())
    parts = [f"{count} {kind}" for kind, count in list(kinds.items())[:KINDS_SHOWN]]
    if len(kinds) > KINDS_SHOWN:
        parts.append("…")
    return f"{total} {'file' if total == 1 else 'files'} ({', '.join(parts)})"
