"""opsctl download: bring the model, the adapter and the embedder here from the Hub."""

from dataclasses import asdict
from typing import Annotated

import typer

from core import settings
from core.errors import UsageError
from core.settings import Settings
from indexer.models import BETTER_MODEL, DEFAULT_MODEL, WHY_BETTER
from opsctl.hub import catalog, verify
from opsctl.hub import download as fetching
from opsctl.hub.catalog import Download
from opsctl.hub.download import Brought
from opsctl.hub.folders import free_bytes
from opsctl.hub.stage import needed
from opsctl.terminal import output
from opsctl.terminal.options import Json


def download(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[model|adapter|embedder|OWNER/NAME:FILE.gguf]...",
            help="What; the first three when left out.",
        ),
    ] = None,
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="Take the branch's newest commit.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--verify", help="Compare hashes with the record; no network.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be fetched, and do nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Download the model, the adapter and the embedder; continue where it was interrupted."""
    config = settings.load()
    items = _items(config, names or [])
    if check and upgrade:
        raise UsageError("--verify and --upgrade exclude each other", "opsctl download --verify")
    if check:
        _verify(config, items, json)
    elif dry_run:
        _dry_run(config, items, upgrade, json)
    else:
        _show(fetching.download(config, items, upgrade), json)
        if any(item.repo == DEFAULT_MODEL for item in items):
            command = f"OPSCTL_EMBEDDER={BETTER_MODEL} {output.program()} download embedder"
            output.note(f"{BETTER_MODEL} is {WHY_BETTER}: {command}")


def _items(config: Settings, names: list[str]) -> list[Download]:
    """What is named; OWNER/NAME:FILE.gguf is a model for llama.cpp."""
    from opsctl.llamacpp.models import download_of, is_hub_name

    ggufs = [download_of(name) for name in names if is_hub_name(name)]
    others = [name for name in names if not is_hub_name(name)]
    return (catalog.chosen(others, config.embedder) if others or not ggufs else []) + ggufs


def _verify(config: Settings, items: list[Download], json: bool) -> None:
    findings = verify.verify(config.manifest, config.state, items)
    verify.show(findings, json)
    if not all(finding.whole for finding in findings):
        output.note("to repair it: opsctl download")
        raise typer.Exit(1)


def _dry_run(config: Settings, items: list[Download], upgrade: bool, json: bool) -> None:
    plans = fetching.plans(config, items, upgrade)
    free = free_bytes(config.state)
    if json:
        listing = {
            name: {
                "commit": plan.entry.commit,
                "folder": str(plan.folder),
                "fetch": [{"path": file.path, "size": file.size} for file in plan.lacking],
            }
            for name, plan in plans.items()
        }
        output.write_json({"downloads": listing, "bytes": needed(plans.values()), "free": free})
        return
    rows = [
        (name, plan.entry.commit[:10], file.path, output.size(file.size))
        for name, plan in plans.items()
        for file in plan.lacking
    ]
    if rows:
        output.write_table([("name", "commit", "file", "size"), *rows])
    output.write(f"would fetch {output.size(needed(plans.values()))}; {output.size(free)} free")


def _show(report: list[Brought], json: bool) -> None:
    if json:
        output.write_json({"downloads": [asdict(line) for line in report]})
        return
    rows = [
        (line.name, line.commit[:10], line.files, output.size(line.bytes), line.result, line.folder)
        for line in report
    ]
    output.write_table([("name", "commit", "files", "size", "result", "folder"), *rows])
