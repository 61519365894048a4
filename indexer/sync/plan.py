"""What a reindex would do: compare the documents folder with the store, by content."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import UserError
from core.text import counted, printable
from indexer.readers import waiting
from indexer.store.identity import VERSIONS
from indexer.store.records import Known, SourceFile
from indexer.store.store import Store
from indexer.sync.documents import PUT_FILES, Listing, Problem, digest
from indexer.sync.installed import Now

# A file read so soon after it was written may have changed again under the same time stamp.
RACY_NS = 2_000_000_000
# An index of so few documents is quickly made again, and may be replaced without a question.
SMALL_CORPUS = 30


@dataclass
class Plan:
    """Document paths by what is to be done with them; `older`: in an earlier release's index."""

    added: list[SourceFile] = field(default_factory=list)
    changed: list[SourceFile] = field(default_factory=list)
    touched: list[SourceFile] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unchanged: int = 0
    still_failing: list[Problem] = field(default_factory=list)
    forgotten_problems: list[str] = field(default_factory=list)
    older: bool = False

    @property
    def work(self) -> int:
        """How many documents are to be read."""
        return len(self.added) + len(self.changed)


def make_plan(root: Path, listing: Listing, store: Store | None) -> Plan:
    """Compare by size and time first, and by SHA-256 where these differ.

    All of an index that an earlier release made has changed: it would be read otherwise now.
    Raises UserError when a folder that had documents has none at all: an unmounted disk must not
    empty the index.
    """
    known = store.documents() if store else {}
    older = store is not None and store.identity().versions != VERSIONS
    problems = store.problems() if store and not older else {}
    gaps = store.gaps() if store and not older else {}
    _require_documents(root, listing, bool(known))
    _require_same_corpus(root, listing, known)
    plan, now = Plan(older=older), Now()
    for file in listing.files:
        failed = problems.get(file.path)
        before = known.get(file.path)
        if failed and failed[0] == file and not _may_pass(root / file.path, *failed[1:], now):
            plan.still_failing.append(Problem(file.path, failed[1]))
        elif before is None:
            plan.added.append(file)
        elif older or now.allows_more(gaps.get(file.path, "")):
            plan.changed.append(file)
        elif _same(before, file):
            plan.unchanged += 1
        elif _same_content(root, file, before.sha256):
            plan.touched.append(file)
            plan.unchanged += 1
        else:
            plan.changed.append(file)
    present = {file.path for file in listing.files}
    plan.removed = sorted(path for path in known if _is_gone(path, present, listing))
    plan.forgotten_problems = sorted(set(problems) - present)
    return plan


def _may_pass(path: Path, reason: str, passing: bool, now: Now) -> bool:
    """Whether a file that failed is worth another try."""
    if not passing or not os.access(path, os.R_OK):
        return False
    return not waiting.commands(reason) or now.allows_more(reason)


def _require_documents(root: Path, listing: Listing, had_some: bool) -> None:
    if listing.files or listing.closed:
        return
    if had_some:
        message = f"there are no documents in {root}, so the index is left as it was"
        raise UserError(message, "to start over with an empty one, delete the index folder")
    message = f"there are no documents in {root}"
    if listing.skipped:
        first = listing.skipped[0]
        message += f" ({len(listing.skipped)} passed over, {printable(first.path)}: {first.reason})"
    raise UserError(message, PUT_FILES)


def _require_same_corpus(root: Path, listing: Listing, known: Mapping[str, Known]) -> None:
    """Refuse a folder that shares no document with the index: it is another corpus.

    Documents of one's own in the place of the sample are none, for the sample's index is small.
    """
    shared = any(file.path in known for file in listing.files)
    if shared or listing.closed or len(known) < SMALL_CORPUS:
        return
    raise UserError(
        f"none of the {counted(len(known), 'document')} in the index is in {root}",
        "for a second corpus: OPSCTL_STATE=ANOTHER opsctl reindex;"
        " to give up the first one: opsctl reindex --rebuild",
    )


def _same(before: Known, now: SourceFile) -> bool:
    settled = before.indexed_at * 1e9 - now.mtime_ns > RACY_NS
    return settled and before.file == now


def _same_content(root: Path, file: SourceFile, sha256: str) -> bool:
    try:
        return digest(root / file.path) == sha256
    except OSError:
        return False


def _is_gone(path: str, present: set[str], listing: Listing) -> bool:
    if path in present:
        return False
    return not any(path.startswith(f"{folder}/") for folder in listing.closed)
