"""Model, adapter and embedder from the Hub: what there is to fetch, and the fetching of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import UserError
from core.server_file import ZERO_ADAPTER
from core.settings import Settings
from opsctl.hub import adapter, catalog, checkpoint, failures, manifest
from opsctl.hub.catalog import Download
from opsctl.hub.client import Hub
from opsctl.hub.folders import one_at_a_time
from opsctl.hub.manifest import Entry, Manifest
from opsctl.hub.stage import Plan, bring, check_room, make_plan
from opsctl.terminal import output

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


def plans(config: Settings, items: Sequence[Download], upgrade: bool) -> dict[str, Plan]:
    """What there is to do for each download, by its name."""
    return _plans(items, manifest.load(config.manifest), hub_of(config), config.state, upgrade)


def download(config: Settings, items: Sequence[Download], upgrade: bool = False) -> list[Brought]:
    """Fetch what is lacking, each whole or not at all, and write the zero adapter."""
    try:
        with failures.writing(config.state), one_at_a_time(config.state):
            hub = hub_of(config)
            record = manifest.load(config.manifest)
            todo = _plans(items, record, hub, config.state, upgrade)
            check_room(config.state, todo.values())
            report = [_bring(item, todo[item.name], record, hub, config) for item in items]
            _write_zero(config, record)
            return report
    except KeyboardInterrupt:
        output.note(f"interrupted: {failures.GO_ON}")
        raise


def _bring(item: Download, plan: Plan, record: Manifest, hub: Hub, config: Settings) -> Brought:
    whole = _is_whole(item, plan.entry, record, config.state)
    fetched = max(plan.bytes - plan.fetched(), 0)
    if not whole:
        bring(item.name, plan, record, hub, _judge(item, record, config))
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


def _plans(
    items: Sequence[Download], record: Manifest, hub: Hub, state: Path, upgrade: bool
) -> dict[str, Plan]:
    return {item.name: _plan(item, record, hub, state, upgrade) for item in items}


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
    return item.check or (lambda folder: None)


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


def resolve(config: Settings, item: Download) -> Entry:
    """What a download is made of: as it is recorded, or as the Hub says now."""
    known = manifest.load(config.manifest).known(item.name)
    return known or hub_of(config).resolve(item)


def hub_of(config: Settings) -> Hub:
    """The Hub of the settings, asked with their token."""
    return Hub(config.hf_endpoint, config.hf_token, config.state, output.note)
