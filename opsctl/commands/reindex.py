"""opsctl reindex: bring the index in line with the documents folder."""

import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant import settings
from assistant.settings import Settings
from indexer.documents import Problem
from indexer.errors import Busy, UserError
from indexer.text import counted, printable
from opsctl import output
from opsctl.options import Json
from opsctl.private_state import narrow_state

if TYPE_CHECKING:
    from indexer.plan import Plan
    from indexer.sync import Report

SHOWN = 20
OLDER = (
    "the index was made by an earlier release: every document is read again,"
    " and the old index answers until the new one is whole"
)


def reindex(
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Make the index anew; the old one serves meanwhile.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")
    ] = False,
    json: Json = False,
    scheduled: Annotated[bool, typer.Option("--scheduled", hidden=True)] = False,
) -> None:
    """Index new and changed documents, forget deleted ones."""
    config = settings.load()
    if dry_run:
        _show_plan(config, rebuild, json)
        return
    if scheduled:
        _keep_fresh(config)
        return
    started = time.monotonic()
    try:
        report = _run(config, rebuild)
    except KeyboardInterrupt:
        output.note("interrupted: what is done is kept; to go on: opsctl reindex")
        raise
    seconds = time.monotonic() - started
    if json:
        output.write_json({**asdict(report), "seconds": round(seconds, 3)})
    else:
        _show(report, config, seconds)
    if report.failed and not (report.added or report.changed or report.unchanged):
        raise typer.Exit(1)


def _keep_fresh(config: Settings) -> None:
    """For the timer: says nothing where nothing changed, and tells a failure once."""
    from bot.last_run import LastRun
    from indexer.upkeep import idle_plan

    started, last = time.monotonic(), LastRun(config)
    try:
        idle = idle_plan(config.documents, config.index)
        report = None if idle else _run(config, rebuild=False)
    except Busy:
        return
    except UserError as error:
        if last.ended(error.message):
            raise
        raise typer.Exit(1) from None
    last.ended()
    if report and (report.added or report.changed or report.removed):
        _show(report, config, time.monotonic() - started)


def _run(config: Settings, rebuild: bool) -> "Report":
    from assistant.retrieve import embedder_for_indexing
    from indexer.sync import Chunking, Step, reindex

    narrow_state(config)
    embedder = embedder_for_indexing(config, rebuild, output.note)
    total, encode = 0, None
    with ExitStack() as bars:
        advance = bars.enter_context(output.progress_bar("indexing"))

        def planned(plan: "Plan") -> None:
            nonlocal total
            total = plan.work
            if plan.older:
                output.note(OLDER)

        def progress(step: Step) -> None:
            advance(step.documents, total, f"{counted(step.passages, 'passage')}, {step.path}")

        def encoded(done: int, of: int) -> None:
            nonlocal encode
            if encode is None:
                bars.close()
                encode = bars.enter_context(output.progress_bar("vectors"))
            encode(done, of, "words are searched meanwhile")

        return reindex(
            config.documents,
            config.index,
            embedder,
            Chunking(config.chunk_tokens, config.chunk_overlap),
            rebuild=rebuild,
            programs=config.programs,
            progress=progress,
            planned=planned,
            encoded=encoded,
        )


def _show_plan(config: Settings, rebuild: bool, json: bool) -> None:
    from indexer.documents import list_documents
    from indexer.folder import IndexFolder
    from indexer.plan import make_plan

    folder = IndexFolder(config.index)
    store = None if rebuild or not folder.store_path() else folder.open()
    listing = list_documents(config.documents)
    plan = make_plan(config.documents, listing, store)
    lists: dict[str, list[Any]] = {
        "add": [file.path for file in plan.added],
        "change": [file.path for file in plan.changed],
        "remove": plan.removed,
        "failed": [asdict(problem) for problem in plan.still_failing],
        "skipped": [asdict(problem) for problem in listing.skipped],
    }
    if json:
        output.write_json({**lists, "unchanged": plan.unchanged})
        return
    if plan.older:
        output.note(OLDER)
    for verb in ("add", "change", "remove"):
        for path in lists[verb]:
            output.write(f"{verb:6}  {printable(path)}")
    output.write(
        f"would add {len(plan.added)}, change {len(plan.changed)}, remove {len(plan.removed)};"
        f" {plan.unchanged} unchanged"
    )
    _list_problems("failed before", plan.still_failing)
    _list_problems("passed over", listing.skipped)


def _show(report: "Report", config: Settings, seconds: float) -> None:
    from indexer.readers.scan import waiting
    from opsctl.unread import ADVICE, waiting_pages, without_reader

    if not (report.added or report.changed or report.removed or report.embedded):
        failed = f"; failed {len(report.failed)}" if report.failed else ""
        output.write(f"nothing new: {_size_of_index(config)}{failed}")
    else:
        output.write(_what_was_done(report, seconds))
    _show_vectors(config, changed=bool(report.added or report.changed or report.embedded))
    for label, problems in (("failed", report.failed), ("in part", report.partial)):
        _list_problems(label, [each for each in problems if not waiting.is_all(each.reason)])
    if told := waiting_pages(each.reason for each in (*report.failed, *report.partial)):
        output.note(f"waiting: {told[0]}; to have them read: {told[1]}, then: opsctl reindex")
    _count_kinds("passed over", report.skipped)
    if without_reader(report.skipped):
        output.note(f"hint: {ADVICE}")
    if report.added or report.changed:
        output.note(f'try it: {output.program()} ask "…"')


def _size_of_index(config: Settings) -> str:
    from indexer.folder import IndexFolder

    with closing(IndexFolder(config.index).open()) as store:
        counts = store.counts()
    return f"{counts.documents} documents, {counts.chunks} passages"


def _show_vectors(config: Settings, *, changed: bool) -> None:
    from indexer.folder import IndexFolder
    from opsctl.vectors import Vectors

    with closing(IndexFolder(config.index).open()) as store:
        vectors = Vectors.of(store, config)
    if vectors and (changed or vectors.waiting):
        vectors.show(output.note)


def _what_was_done(report: "Report", seconds: float) -> str:
    vectors = f", {counted(report.embedded, 'vector')}" if report.embedded else ""
    return (
        f"added {len(report.added)}, changed {len(report.changed)},"
        f" removed {len(report.removed)}, failed {len(report.failed)};"
        f" {report.unchanged} unchanged;"
        f" {counted(report.passages, 'passage')}{vectors} in {seconds:.1f} s"
    )


def _count_kinds(label: str, problems: Sequence[Problem]) -> None:
    """Files that are alike are counted; what is alone is named."""
    alike: dict[str, list[Problem]] = {}
    for problem in problems:
        alike.setdefault(problem.reason, []).append(problem)
    groups = sorted(alike.values(), key=len, reverse=True)
    _list_problems(label, [group[0] for group in groups if len(group) == 1])
    many = [group for group in groups if len(group) > 1]
    for group in many:
        output.note(f"{label}: {len(group)} files: {group[0].reason}")
    if many:
        output.note("each of them is named by: opsctl reindex --dry-run --json")


def _list_problems(label: str, problems: Sequence[Problem]) -> None:
    for problem in problems[:SHOWN]:
        output.note(f"{label}: {printable(problem.path)}: {problem.reason}")
    if len(problems) > SHOWN:
        output.note(f"{label}: and {len(problems) - SHOWN} more (--json lists all)")
