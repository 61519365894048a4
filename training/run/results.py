"""What belongs to a run that has ended, held against the hashes of its manifest."""

import json
from pathlib import Path
from typing import Any

from core.errors import UserError
from indexer.sync.documents import digest
from training.data.report import EVAL, TRAIN, read_report
from training.data.rows import Row, read_prepared
from training.data.split import sample_unseen
from training.model.adapter_files import WEIGHTS
from training.run.runs import Run


def own_adapter(run: Run, manifest: dict[str, Any], folder: Path) -> Path:
    """The folder of a run's adapter. Raises UserError unless it is what the run made."""
    weights = folder / WEIGHTS
    if not weights.is_file() or digest(weights) != manifest["adapter_sha256"]:
        state = "is not what the run made" if weights.is_file() else "is not there"
        raise UserError(f"{weights} {state}", f"write it again: opsctl train run --name {run.name}")
    return folder


def held_out_rows(manifest: dict[str, Any], count: int) -> tuple[list[Row], bool]:
    """Held-out rows of the run's own data; whether they had no part in the run at all."""
    file = Path(manifest["settings"]["data"]) / EVAL
    rows = read_prepared(file)
    if digest(file) != manifest["data_sha256"][EVAL]:
        raise UserError(
            f"{file} was made again after the run, which may have learned these very questions",
            "prepare the data as it was, or train again: opsctl train run --start-over",
        )
    return sample_unseen(rows, count, manifest["counts"]["eval"]["rows"])


def report_of(manifest: dict[str, Any]) -> dict[str, Any] | None:
    """The report of the very rows that were learned, if it is still there."""
    try:
        report = read_report(Path(manifest["settings"]["data"]))
    except UserError:
        return None
    same = report.get("train", {}).get("sha256") == manifest["data_sha256"][TRAIN]
    return report if same else None


def comparison_of(run: Run, manifest: dict[str, Any]) -> dict[str, Any] | None:
    """The comparison of this very adapter, if it was made."""
    if not run.comparison.is_file():
        return None
    found: dict[str, Any] = json.loads(run.comparison.read_text(encoding="utf-8"))
    return found if found["adapter_sha256"] == manifest["adapter_sha256"] else None
