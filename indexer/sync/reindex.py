"""Bring the index in line with the documents folder: plan what changed, then do it."""

import os
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import not_writable
from core.files import private_folder, rights
from core.lock import writer_lock
from core.sqlite import sqlite_errors
from core.text import counted
from indexer.embedders import Embedder, is_dense
from indexer.passages.chunks import make_splitter
from indexer.passages.facts import name_words
from indexer.passages.title import Head
from indexer.postings.segments import PASSAGES
from indexer.readers import Missing, Unreadable
from indexer.readers.programs import Programs
from indexer.store import vector_rows
from indexer.store.folder import IndexFolder
from indexer.store.identity import Identity
from indexer.store.records import SourceFile
from indexer.store.store import Store
from indexer.sync.documents import NO_PERMISSION, Listing, Problem, digest, list_documents
from indexer.sync.encoding import Encoded, encode_waiting
from indexer.sync.gaps import Gaps
from indexer.sync.plan import Plan, make_plan
from indexer.sync.reading import Reading

# What was read is made findable so often, and after so many passages; a kill costs no more. That
# takes its own time, the more the larger the vocabulary: it gets a tenth at most.
SECONDS, SHARE = 1.0, 0.1
# A larger file, in bytes, with more of them for each letter of its text promised more than it gave.
LARGE, BYTES_A_LETTER = 200_000, 1000
LANGUAGE_SAMPLE = 1000  # characters that tell a page's language


@dataclass(frozen=True)
class Chunking:
    """The size of a passage, in tokens, and how many of them two neighbours share."""

    tokens: int = 256
    overlap: int = 12


@dataclass
class Report:
    """What a run did, by document path."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unchanged: int = 0
    failed: list[Problem] = field(default_factory=list)
    partial: list[Problem] = field(default_factory=list)
    skipped: list[Problem] = field(default_factory=list)
    passages: int = 0
    embedded: int = 0

    @property
    def is_empty(self) -> bool:
        """Tell whether there are documents, and none could be read."""
        return bool(self.failed) and not (self.added or self.changed or self.unchanged)


@dataclass(frozen=True)
class Step:
    """Progress: documents read and passages made so far, and the document at hand."""

    documents: int
    passages: int
    path: str


Progress = Callable[[Step], None]


def reindex(
    documents: Path,
    index: Path,
    embedder: Embedder,
    chunking: Chunking,
    *,
    rebuild: bool = False,
    vectors: bool = True,
    programs: Programs | None = None,
    progress: Progress = lambda step: None,
    planned: Callable[[Plan], None] = lambda plan: None,
    indexed: Callable[[Report], None] = lambda report: None,
    encoded: Encoded = lambda done, total: None,
    weighed: Encoded = lambda done, total: None,
) -> Report:
    """Index what is new or changed, forget what is gone; `rebuild` starts from nothing.

    May be killed at any moment: the next run goes on from there. A rebuild fills a second store and
    changes over at its end, so that there is always a whole one to search. Vectors are made after
    that, or else by a later run: words are searched meanwhile, from when `indexed` is called.
    `encoded` is told how many units have theirs, of how many, and `weighed` how many questions
    have been asked that tell what they are worth.
    """
    listing = list_documents(documents)
    identity = Identity(
        embedder.name, embedder.revision, embedder.dimension, chunking.tokens, chunking.overlap
    )
    folder = IndexFolder(index)
    try:
        private_folder(index)
        with writer_lock(folder.lock_path):
            older = not rebuild and _is_older(documents, listing, folder, identity)
            with closing(folder.open_for_writing(identity, rebuild)) as store:
                plan = make_plan(documents, listing, store)
                plan.older = older
                planned(plan)
                with sqlite_errors(store.path), closing(Reading(allowed=programs)) as reading:
                    run = _Run(documents, store, embedder, chunking, reading, progress)
                    report = run.apply(listing, plan)
            folder.promote()
        indexed(report)
        if vectors and is_dense(embedder):
            report.embedded = encode_waiting(folder, embedder, encoded, weighed)
        return report
    except OSError as error:
        raise not_writable(index, error) from error


def _is_older(documents: Path, listing: Listing, folder: IndexFolder, identity: Identity) -> bool:
    """Whether the index is an earlier release's; raises UserError where it is another corpus's."""
    if folder.store_path() is None:
        return False
    with closing(folder.open()) as store:
        return store.identity().is_older(identity) and make_plan(documents, listing, store).older


class _Run:
    """One pass over the documents that changed."""

    def __init__(
        self,
        root: Path,
        store: Store,
        embedder: Embedder,
        chunking: Chunking,
        reading: Reading,
        progress: Progress,
    ) -> None:
        self.split = make_splitter(chunking.tokens, chunking.overlap)
        self.root = root
        self.store = store
        self.embedder = embedder
        self.progress = progress
        self.reading = reading
        self.report = Report()
        self.step = Step(0, 0, "")
        self.read: list[int] = []  # ids of documents that are not findable yet
        self.waiting = 0  # passages written since documents were made findable last
        self.next = time.monotonic() + SECONDS
        self.is_dense = is_dense(embedder)

    def apply(self, listing: Listing, plan: Plan) -> Report:
        """Carry the plan out and say what was done."""
        report = self.report
        report.unchanged, report.skipped = plan.unchanged, listing.skipped
        report.removed, report.failed = plan.removed, list(plan.still_failing)
        resumed = self._forget(plan)
        try:
            for files, done in ((plan.added, report.added), (plan.changed, report.changed)):
                for file in files:
                    self._advance(path=file.path)
                    if self._take(file):
                        done.append(file.path)
                    self._advance(documents=1)
        finally:
            self._finish()
        if resumed or plan.removed or plan.changed:
            with self.store.transaction():
                vector_rows.drop_unused(self.store.db)
        return report

    def _forget(self, plan: Plan) -> bool:
        """Forget what is gone; tell whether an earlier run was interrupted."""
        with self.store.transaction():
            resumed = self.store.drop_all_unfinished()
            for path in plan.removed:
                self.store.remove_document(path)
            for path in plan.forgotten_problems:
                self.store.remove_problem(path)
            for file in plan.touched:
                self.store.restat_document(file)
        return resumed

    def _take(self, file: SourceFile) -> bool:
        """Read one document into the store; where that fails, record the reason."""
        try:
            self._read(file)
        except Unreadable as error:
            self._fail(file, str(error), passing=isinstance(error, Missing))
        except PermissionError:
            path = self.root / file.path
            self._fail(file, f"{NO_PERMISSION} ({rights(path)})", passing=True)
        except FileNotFoundError:
            self._fail(file, "it went away before it was read", passing=True)
        except OSError as error:
            self._fail(file, f"it cannot be read ({error.strerror})", passing=True)
        except _Changed:
            self._fail(file, "it was changed while it was read", passing=True)
        else:
            return True
        return False

    def _read(self, file: SourceFile) -> None:
        path = self.root / file.path
        before = path.stat()
        with self.store.transaction():
            document_id = self.store.begin_document(file, digest(path))
        try:
            gaps = self._read_pages(file, path, document_id)
            if _stamp(path.stat()) != _stamp(before):
                raise _Changed
        except (Unreadable, OSError, _Changed):
            with self.store.transaction():
                self.store.drop_unfinished(document_id)
            raise
        self.read.append(document_id)
        if gaps:
            self.report.partial.append(Problem(file.path, gaps))
            with self.store.transaction():
                self.store.set_gaps(document_id, gaps)

    def _read_pages(self, file: SourceFile, path: Path, document_id: int) -> str:
        """Write the pages of a file; return what of it could not be read."""
        gaps, letters, head = Gaps(), 0, Head()
        told, read = self.reading.read(path)
        for page in read:
            if page.left_out:
                gaps.left_out = page.left_out
                continue
            chunks = self.split(page)
            encoded = self.is_dense and self.embedder.knows(page.text[:LANGUAGE_SAMPLE])
            with self.store.transaction():
                self.store.add_page(document_id, page, chunks, encoded=encoded)
            head.add(page)
            gaps.add(page, blank=not chunks)
            letters += len(page.text)
            self.waiting += len(chunks)
            self.report.passages += len(chunks)
            if self.waiting >= PASSAGES or time.monotonic() > self.next:
                self._finish()
        facts = "\n".join((name_words(file.path), told, head.text()))
        with self.store.transaction():
            self.store.set_facts(document_id, facts)
        if missing := str(gaps):
            return missing
        few = file.size > LARGE and file.size > BYTES_A_LETTER * letters
        if few and not gaps.has_pictures:
            return f"little text for its size: {counted(letters, 'letter')}: pictures of text?"
        return ""

    def _finish(self) -> None:
        """Make the documents that were read findable."""
        begun = time.monotonic()
        with self.store.transaction():
            self.store.finish_documents(self.read)
        self.store.merge_postings()
        self.read.clear()
        self.waiting = 0
        now = time.monotonic()
        self.next = now + max(SECONDS, (now - begun) / SHARE)

    def _fail(self, file: SourceFile, reason: str, passing: bool) -> None:
        if self.store.is_known(file.path):
            reason += "; its earlier version stays in the index"
        with self.store.transaction():
            self.store.set_problem(file, reason, passing)
        self.report.failed.append(Problem(file.path, reason))

    def _advance(self, path: str = "", documents: int = 0) -> None:
        self.step = Step(
            self.step.documents + documents, self.report.passages, path or self.step.path
        )
        self.progress(self.step)


class _Changed(Exception):
    """The file was written to while it was read."""


def _stamp(info: os.stat_result) -> tuple[int, int, int]:
    return info.st_size, info.st_mtime_ns, info.st_ino
