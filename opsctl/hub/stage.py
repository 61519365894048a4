"""From the Hub into a folder: fetched beside it, verified, and put in place when whole.

A folder in place is always whole and of one commit. What is fetched gathers in FOLDER.part; files
that are here already are linked into it, so an upgrade fetches only what changed, and a failed one
leaves the old folder as it was.
"""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.errors import UserError
from opsctl.hub.client import Hub, unfinished
from opsctl.hub.folders import free_bytes, make_readable, put_in_place
from opsctl.hub.manifest import Entry, File, Manifest
from opsctl.terminal import output

SPARE = 1.05  # of the bytes to fetch, that must be free
LOOK_SECONDS = 0.2
Advance = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Plan:
    """What is to be done for a folder: files that are here (and where), files to fetch."""

    entry: Entry
    folder: Path
    here: dict[File, Path]
    lacking: list[File]

    @property
    def stage(self) -> Path:
        return stage_of(self.folder)

    def fetched(self) -> int:
        """Bytes of the lacking files that are on the disk now."""
        total = 0
        for file in self.lacking:
            whole = self.stage / file.path
            parts = [whole] if whole.is_file() else unfinished(self.stage, file)
            total += sum(_size(part) for part in parts)
        return total

    @property
    def bytes(self) -> int:
        """Bytes of all the files that are not whole."""
        return sum(file.size for file in self.lacking)


def stage_of(folder: Path) -> Path:
    """Where a folder is made."""
    return folder.with_name(folder.name + ".part")


def make_plan(entry: Entry, folder: Path) -> Plan:
    """Look, by hashes, which files are here; small files are fetched first."""
    here: dict[File, Path] = {}
    for file in entry.files:
        for place in (stage_of(folder) / file.path, folder / file.path):
            if file not in here and file.is_at(place):
                here[file] = place
    lacking = [file for file in entry.files if file not in here]
    return Plan(entry, folder, here, sorted(lacking, key=lambda file: (file.size, file.path)))


def needed(plans: Iterable[Plan]) -> int:
    """Bytes that are still to be fetched."""
    return sum(max(plan.bytes - plan.fetched(), 0) for plan in plans)


def check_room(state: Path, plans: Iterable[Plan]) -> None:
    """Raise UserError when the disk has no room for what is to be fetched."""
    wanted, free = needed(plans) * SPARE, free_bytes(state)
    if wanted > free:
        raise UserError(
            f"no room for the download: it needs {output.size(wanted)},"
            f" and {output.size(free)} are free in {state}",
            "free some space, or move it: OPSCTL_STATE=DIR",
        )


def bring(
    name: str, plan: Plan, record: Manifest, hub: Hub, check: Callable[[Path], object]
) -> None:
    """Fetch what is lacking, verify every hash, let `check` judge the whole, put it in place; the
    record says how far it is."""
    record.pending[name] = plan.entry
    record.save()
    stage = plan.stage
    stage.mkdir(parents=True, exist_ok=True)
    _drop_others(stage, plan.entry)
    for file, place in plan.here.items():
        if place != stage / file.path:
            _link(place, stage / file.path)
    label = name.rpartition(":")[2]
    with output.progress_bar(label, output.size) as advance, _watched(plan, advance):
        for file in plan.lacking:
            _fetch(plan, file, hub)
    shutil.rmtree(stage / ".cache", ignore_errors=True)
    check(stage)
    make_readable(stage)
    put_in_place(stage, plan.folder)
    record.installed[name] = record.pending.pop(name)
    record.save()


def _fetch(plan: Plan, file: File, hub: Hub) -> None:
    target = plan.stage / file.path
    target.unlink(missing_ok=True)  # of another commit, or damaged
    hub.fetch(plan.entry, file, plan.stage)
    if not file.is_at(target):
        target.unlink(missing_ok=True)
        raise UserError(
            f"{file.path} of {plan.entry.repo} came with a wrong hash and was deleted",
            "fetch it again: opsctl download",
        )


def _drop_others(stage: Path, entry: Entry) -> None:
    """Delete files that an earlier run fetched of another commit."""
    wanted = {stage / file.path for file in entry.files}
    for path in stage.rglob("*"):
        if path.is_file() and path not in wanted and stage / ".cache" not in path.parents:
            path.unlink()


def _link(place: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        os.link(place, target)
    except OSError:  # a file system without hard links
        shutil.copy2(place, target)


@contextmanager
def _watched(plan: Plan, advance: Advance) -> Iterator[None]:
    """Report how many bytes are on the disk, and how fast they come, until the block ends."""
    ended = threading.Event()
    started, before = time.monotonic(), plan.fetched()

    def look() -> None:
        done = plan.fetched()
        speed = (done - before) / max(time.monotonic() - started, LOOK_SECONDS)
        advance(done, plan.bytes, f"{output.size(int(speed))}/s")

    def watch() -> None:
        while not ended.wait(LOOK_SECONDS):
            look()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
        look()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # it was renamed since
        return 0
