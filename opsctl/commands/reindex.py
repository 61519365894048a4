"""opsctl reindex: bring the index in line with the documents folder."""

import time
from contextlib import closing, nullcontext
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core import settings
from core.errors import Busy, UserError
from core.settings import Settings
from core.text import printable
from opsctl.index.reindexing import OLDER, list_problems, run, show
from opsctl.terminal import output
from opsctl.terminal.options import Json

if TYPE_CHECKING:
    from indexer.sync.documents import Listing
    from indexer.sync.plan import Plan


def reindex(
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Build a new index; the old one answers until then.")
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
    report = run(config, rebuild=rebuild, quiet=json)
    if json:
        output.write_json({**asdict(report), "seconds": round(time.monotonic() - started, 3)})
    if report.is_empty:
        raise typer.Exit(1)


def _keep_fresh(config: Settings) -> None:
    """For the timer: says nothing where nothing changed, and tells a failure once."""
    from bot.index.last_run import LastRun
    from indexer.sync.upkeep import idle_plan

    started, last = time.monotonic(), LastRun(config)
    try:
        idle = idle_plan(config.documents, config.index)
        report = None if idle else run(config, quiet=True)
    except Busy:
        return
    except UserError as error:
        if last.ended(error.message):
            raise
        raise typer.Exit(1) from None
    last.ended()
    if report and (report.added or report.changed or report.removed):
        show(report, config, time.monotonic() - started)


def _planned(config: Settings, rebuild: bool) -> "tuple[Listing, Plan]":
    from indexer.store.folder import IndexFolder
    from indexer.sync.documents import list_documents
    from indexer.sync.plan import make_plan

    folder = IndexFolder(config.index)
    has_store = not rebuild and folder.store_path()
    with closing(folder.open()) if has_store else nullcontext() as store:
        listing = list_documents(config.documents)
        return listing, make_plan(config.documents, listing, store)


def _show_plan(config: Settings, rebuild: bool, json: bool) -> None:
    listing, plan = _planned(config, rebuild)
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
    list_problems("failed before", plan.still_failing)
    list_problems("passed over", listing.skipped)
