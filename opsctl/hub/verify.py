"""Compare what is on the disk with the record of what was downloaded; no network."""

import contextlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from core.errors import Busy
from core.server_file import ZERO_ADAPTER
from opsctl.hub import adapter, manifest
from opsctl.hub.catalog import Download
from opsctl.hub.folders import one_at_a_time
from opsctl.hub.manifest import Manifest
from opsctl.terminal import output


@dataclass(frozen=True)
class Finding:
    """How a download is: `result` in words, the files that are missing or differ."""

    name: str
    commit: str
    files: int
    bytes: int
    result: str
    missing: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        return self.result == "ok"


def verify(path: Path, state: Path, items: Sequence[Download]) -> list[Finding]:
    """Hash every file of these downloads; what is wrong is marked, to be mended by `download`."""
    record = manifest.load(path)
    findings = [_compare(item, record, state) for item in items]
    wrong = [finding.name for finding in findings if finding.missing or finding.differing]
    if wrong:
        # The finding counts all the same on a read-only disk, and while a download mends it.
        with contextlib.suppress(OSError, Busy), one_at_a_time(state):
            _mark(path, wrong)
    if any(item.name == "adapter" for item in items) and "adapter" in record.installed:
        findings.append(_zero(state / "adapters" / ZERO_ADAPTER))
    return findings


def show(findings: Sequence[Finding], json: bool) -> None:
    """Print the findings, and the files that are not as recorded."""
    if json:
        output.write_json({"downloads": [asdict(finding) for finding in findings]})
        return
    rows = [
        (found.name, found.commit[:10] or "-", found.files, output.size(found.bytes), found.result)
        for found in findings
    ]
    output.write_table([("name", "commit", "files", "size", "result"), *rows])
    for found in findings:
        for word, paths in (("missing", found.missing), ("differs", found.differing)):
            for path in paths:
                output.note(f"{found.name}: {word}: {path}")


def _mark(path: Path, names: Sequence[str]) -> None:
    """Let the next download compare hashes, not only sizes."""
    record = manifest.load(path)
    for name in names:
        record.pending.setdefault(name, record.installed[name])
    record.save()


def _compare(item: Download, record: Manifest, state: Path) -> Finding:
    entry = record.installed.get(item.name)
    if entry is None:
        told = "incomplete" if item.name in record.pending else "not downloaded"
        return Finding(item.name, "", 0, 0, told)
    folder = item.folder(state)
    missing = [file.path for file in entry.files if not (folder / file.path).is_file()]
    differing = [
        file.path
        for file in entry.files
        if file.path not in missing and not file.is_at(folder / file.path)
    ]
    told = "differs" if differing else "missing" if missing else "ok"
    return Finding(
        item.name, entry.commit, len(entry.files), entry.bytes, told,
        tuple(missing), tuple(differing),
    )  # fmt: skip


def _zero(folder: Path) -> Finding:
    found = adapter.find(folder)
    if found is None:
        return Finding(ZERO_ADAPTER, "", 0, 0, "missing")
    size = sum(path.stat().st_size for path in folder.iterdir())
    return Finding(ZERO_ADAPTER, "", 2, size, "ok" if found.zero else "differs")
