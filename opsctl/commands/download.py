"""opsctl download: bring the model, the adapter and the embedder here from the Hub."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from core import settings
from core.errors import UsageError, UserError
from core.server_file import ZERO_ADAPTER
from core.settings import Settings
from indexer.embedders.models import BETTER_MODEL, DEFAULT_MODEL, WHY_BETTER
from opsctl.hub import adapter, catalog, checkpoint, failures, manifest, verify
from opsctl.hub.catalog import Download
from opsctl.hub.client import Hub
from opsctl.hub.folders import free_bytes, one_at_a_time
from opsctl.hub.manifest import Entry, Manifest
from opsctl.hub.stage import Plan, bring, check_room, make_plan, needed
from opsctl.terminal import output
from opsctl.terminal.options import Json

RANK, ALPHA = 8, 32  # of the published adapter


@dataclass(frozen=True)
class Brought:
    """What a run did for a download; `fetched` and `bytes` are bytes."""

    name: str
    repo: str
    branch: str
    commit: str
    folder: str
    files: int
    bytes: int
    fetched: int
    result: str
    newer: str | None


def download(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[model|adapter|embedder]...", help="What; all when left out."),
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
    items = catalog.chosen(names or [], config.embedder)
    if check and upgrade:
        raise UsageError("--verify and --upgrade exclude each other", "opsctl download --verify")
    if check:
        _verify(config, items, json)
    elif dry_run:
        _dry_run(config, items, upgrade, json)
    else:
        _show(_download(config, items, upgrade), json)
        if any(item.repo == DEFAULT_MODEL for item in items):
            command = f"OPSCTL_EMBEDDER={BETTER_MODEL} {output.program()} download embedder"
            output.note(f"{BETTER_MODEL} is {WHY_BETTER}: {command}")


def _verify(config: Settings, items: list[Download], json: bool) -> None:
    findings = verify.verify(config.manifest, config.state, items)
    verify.show(findings, json)
    if not all(finding.whole for finding in findings):
        output.note("to repair it: opsctl download")
        raise typer.Exit(1)


def _dry_run(config: Settings, items: list[Download], upgrade: bool, json: bool) -> None:
    hub = _hub(config)
    record = manifest.load(config.manifest)
    plans = {item.name: _plan(item, record, hub, config.state, upgrade) for item in items}
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


def _download(config: Settings, items: list[Download], upgrade: bool) -> list[Brought]:
    try:
        with failures.writing(config.state), one_at_a_time(config.state):
            hub = _hub(config)
            record = manifest.load(config.manifest)
            plans = {item.name: _plan(item, record, hub, config.state, upgrade) for item in items}
            check_room(config.state, plans.values())
            report = [_bring(item, plans[item.name], record, hub, config) for item in items]
            _write_zero(config, record)
            return report
    except KeyboardInterrupt:
        output.note(f"interrupted: {failures.GO_ON}")
        raise


def _bring(item: Download, plan: Plan, record: Manifest, hub: Hub, config: Settings) -> Brought:
    whole = _is_whole(item, plan.entry, record, config.state)
    fetched = max(plan.bytes - plan.fetched(), 0)
    if not whole:
        record.pending[item.name] = plan.entry
        record.save()
        bring(plan, hub, item.name, _judge(item, record, config))
        record.installed[item.name] = record.pending.pop(item.name)
        record.save()
    entry = plan.entry
    return Brought(
        item.name, entry.repo, entry.branch, entry.commit, str(plan.folder), len(entry.files),
        entry.bytes, fetched, "already downloaded" if whole else "downloaded",
        _newer(item, entry, hub),
    )  # fmt: skip


def _is_whole(item: Download, entry: Entry, record: Manifest, state: Path) -> bool:
    """Whether this very entry is in place: verified then, and by the sizes now."""
    recorded = item.name not in record.pending and entry == record.installed.get(item.name)
    return recorded and entry.has_sizes(item.folder(state))


def _plan(item: Download, record: Manifest, hub: Hub, state: Path, upgrade: bool) -> Plan:
    """What there is to do for a download; the recorded commit stands until an upgrade."""
    folder = item.folder(state)
    entry = record.known(item.name)
    if upgrade or entry is None or (entry.repo, entry.branch) != (item.repo, item.revision):
        entry = hub.resolve(item)
    if _is_whole(item, entry, record, state):
        return Plan(entry, folder, {}, [])
    return make_plan(entry, folder)


def _judge(item: Download, record: Manifest, config: Settings) -> Callable[[Path], object]:
    """What the folder of a download must stand before it is put in its place."""
    if item.name == "model":
        return checkpoint.check
    if item.name == "adapter":
        return lambda folder: _check_adapter(folder, record, config)
    return lambda folder: None


def _check_adapter(folder: Path, record: Manifest, config: Settings) -> None:
    layers, hidden = None, None
    if "model" in record.installed:
        layers, hidden = checkpoint.shape(_folder("model", config))
    facts = adapter.check(folder, layers, hidden)
    hint = "opsctl download adapter --upgrade"
    if (facts.rank, facts.alpha) != (RANK, ALPHA):
        raise UserError(
            f"the adapter in {folder} has r {facts.rank} and lora_alpha {facts.alpha},"
            f" not {RANK} and {ALPHA}", hint,
        )  # fmt: skip
    if facts.zero:
        raise UserError(f"the adapter in {folder} changes nothing: all its B are 0", hint)


def _write_zero(config: Settings, record: Manifest) -> None:
    """Hold the adapter against the model, when both are here, and write the one with B = 0.

    A sound one stays: `opsctl train use` may have made it for an adapter of another rank.
    """
    if "adapter" in record.installed:
        folder = _folder("adapter", config)
        _check_adapter(folder, record, config)
        zero = config.adapters / ZERO_ADAPTER
        known = adapter.find(zero)
        if not (known and known.zero) and adapter.write_zero(folder, zero):
            output.note(f"the zero adapter was written: {zero}")


def _newer(item: Download, entry: Entry, hub: Hub) -> str | None:
    newest = hub.newest(item)
    if newest in (None, entry.commit):
        return None
    output.note(f"{item.name}: a newer commit exists: opsctl download {item.name} --upgrade")
    return newest


def _folder(name: str, config: Settings) -> Path:
    return catalog.chosen([name])[0].folder(config.state)


def _hub(config: Settings) -> Hub:
    return Hub(config.hf_endpoint, config.hf_token, config.state, output.note)


def _show(report: list[Brought], json: bool) -> None:
    if json:
        output.write_json({"downloads": [asdict(line) for line in report]})
        return
    rows = [
        (line.name, line.commit[:10], line.files, output.size(line.bytes), line.result, line.folder)
        for line in report
    ]
    output.write_table([("name", "commit", "files", "size", "result", "folder"), *rows])
