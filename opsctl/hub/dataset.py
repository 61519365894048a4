"""The data set that the published adapter was trained on, brought here as the models are."""

from pathlib import Path

from core.errors import UserError
from core.settings import Settings
from opsctl.hub import failures, manifest
from opsctl.hub.catalog import Download
from opsctl.hub.download import hub_of
from opsctl.hub.folders import one_at_a_time
from opsctl.hub.manifest import Entry
from opsctl.hub.stage import bring, check_room, make_plan
from opsctl.terminal import output

ASSUMED = (
    "its rows are in the files *.parquet, *.jsonl and *.jsonl.gz but for full.*, of which its card"
    " says that it has other columns"
)
DATASET = Download(
    "yandex-q", "its5Q/yandex-q", "main", "datasets",
    ("*.parquet", "*.jsonl", "*.jsonl.gz"), ("full.*",), "dataset",
)  # fmt: skip
AGAIN = "opsctl train prepare"


def bring_dataset(config: Settings) -> tuple[Path, Entry]:
    """Download what is lacking; return the folder and what is in it. Raises UserError."""
    folder = DATASET.folder(config.state)
    hub = hub_of(config)
    try:
        with failures.writing(config.state), one_at_a_time(config.state):
            record = manifest.load(config.manifest)
            entry = record.known(DATASET.name) or hub.resolve(DATASET)
            if DATASET.name in record.installed and entry.has_sizes(folder):
                return folder, entry
            plan = make_plan(entry, folder)
            check_room(config.state, [plan])
            bring(DATASET.name, plan, record, hub, lambda stage: None)
            return folder, entry
    except UserError as error:  # it speaks of the command that fetches the models
        raise UserError(error.message, error.hint.replace("opsctl download", AGAIN)) from error
    except KeyboardInterrupt:
        output.note(f"interrupted: what was fetched is kept; to continue: {AGAIN}")
        raise
