"""A reindex as a person sees it: its words, then its vectors, each with progress and a result."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from core.settings import Settings
from core.text import counted, printable
from indexer.sync.documents import Problem
from opsctl.index.vectors import Vectors
from opsctl.machine.private_state import narrow_state
from opsctl.terminal import output

if TYPE_CHECKING:
    from indexer.sync.plan import Plan
    from indexer.sync.reindex import Report, Step

SHOWN = 20
OLDER = (
    "the index was made by an earlier release: every document is read again,"
    " and the old index answers until the new one is complete"
)


def run(
    config: Settings, *, rebuild: bool = False, vectors: bool = True, quiet: bool = False
) -> "Report":
    """Bring the index up to date; what was done is told as soon as words can be searched.

    `quiet`: only progress is told. Without `vectors` those that are wanted are left to a later run.
    """
    from assistant.retrieve import embedder_for_indexing, programs
    from indexer.sync.reindex import Chunking, reindex

    narrow_state(config)
    embedder = embedder_for_indexing(config, rebuild, output.note)
    with ExitStack() as stack:
        shown = _Shown(config, stack, quiet)
        try:
            report = reindex(
                config.documents,
                config.index,
                embedder,
                Chunking(config.chunk_tokens, config.chunk_overlap),
                rebuild=rebuild,
                programs=programs(config),
                vectors=vectors,
                planned=shown.planned,
                progress=shown.progress,
                indexed=shown.indexed,
                encoded=shown.encoded,
                weighed=shown.weighed,
            )
        except KeyboardInterrupt:
            shown.interrupted()
            raise
    found = Vectors.read(config)
    if found and not quiet and (report.added or report.changed or found.waiting):
        found.show(output.note)
    return report


class _Shown:
    """One bar of progress at a time, and what is said between them."""

    def __init__(self, config: Settings, bars: ExitStack, quiet: bool) -> None:
        self._config, self._bars, self._quiet = config, bars, quiet
        self._started = time.monotonic()
        self._label = ""
        self._advance: Callable[[int, int, str], None] = lambda done, total, text: None
        self._total = 0
        self._words_are_done = False

    def planned(self, plan: "Plan") -> None:
        self._total = plan.work
        if plan.older:
            output.note(OLDER)

    def progress(self, step: "Step") -> None:
        told = f"{counted(step.passages, 'passage')}, {step.path}"
        self._bar("indexing", step.documents, self._total, told)

    def indexed(self, report: "Report") -> None:
        self._bars.close()
        self._words_are_done = True
        if not self._quiet:
            show(report, self._config, time.monotonic() - self._started)

    def encoded(self, done: int, total: int) -> None:
        self._bar("vectors", done, total, "words are searched meanwhile")

    def weighed(self, done: int, total: int) -> None:
        self._bar("how much vectors help", done, total, "by questions of the index's own")

    def interrupted(self) -> None:
        self._bars.close()
        done = "words can be searched" if self._words_are_done else "what is done is kept"
        output.note(f"interrupted: {done}; to continue: opsctl reindex")
        if self._words_are_done and (found := Vectors.read(self._config)):
            found.show(output.note)

    def _bar(self, label: str, done: int, total: int, text: str) -> None:
        if label != self._label:
            self._bars.close()
            self._advance = self._bars.enter_context(output.progress_bar(label))
            self._label = label
        self._advance(done, total, text)


def show(report: "Report", config: Settings, seconds: float) -> None:
    """Say what was done, which files are not in the index, and why."""
    from indexer.readers import waiting
    from opsctl.index.unread import ADVICE, waiting_lines, without_reader

    if not (report.added or report.changed or report.removed):
        failed = f"; failed {len(report.failed)}" if report.failed else ""
        output.write(f"nothing new: {_size_of_index(config)}{failed}")
    else:
        output.write(_what_was_done(report, seconds))
    for label, problems in (("failed", report.failed), ("in part", report.partial)):
        list_problems(label, [each for each in problems if not waiting.is_all(each.reason)])
    for line in waiting_lines((each.path, each.reason) for each in report.failed + report.partial):
        output.note(line)
    _count_kinds("passed over", report.skipped)
    if without_reader(report.skipped):
        output.note(f"hint: {ADVICE}")
    if report.added or report.changed:
        output.note(f'try it: {output.program()} ask "…"')


def _size_of_index(config: Settings) -> str:
    from indexer.store.folder import IndexFolder

    with closing(IndexFolder(config.index).open()) as store:
        counts = store.counts()
    return f"{counted(counts.documents, 'document')}, {counted(counts.chunks, 'passage')}"


def _what_was_done(report: "Report", seconds: float) -> str:
    return (
        f"added {len(report.added)}, changed {len(report.changed)},"
        f" removed {len(report.removed)}, failed {len(report.failed)};"
        f" {report.unchanged} unchanged;"
        f" {counted(report.passages, 'passage')} in {seconds:.1f} s"
    )


def _count_kinds(label: str, problems: Sequence[Problem]) -> None:
    """Files that are alike are counted; what is alone is named."""
    alike: dict[str, list[Problem]] = {}
    for problem in problems:
        alike.setdefault(problem.reason, []).append(problem)
    groups = sorted(alike.values(), key=len, reverse=True)
    list_problems(label, [group[0] for group in groups if len(group) == 1])
    many = [group for group in groups if len(group) > 1]
    for group in many:
        output.note(f"{label}: {len(group)} files: {group[0].reason}")
    if many:
        output.note("all of them: opsctl reindex --dry-run --json")


def list_problems(label: str, problems: Sequence[Problem]) -> None:
    """Name files with what is wrong with each."""
    for problem in problems[:SHOWN]:
        output.note(f"{label}: {printable(problem.path)}: {problem.reason}")
    if len(problems) > SHOWN:
        output.note(f"{label}: and {len(problems) - SHOWN} more (--json lists all)")
