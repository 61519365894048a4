"""The model server that is meant to run here: what `start` and `stop` leave for everybody else."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from core.files import private_folder, write_whole
from core.settings import Settings

LOOPBACK = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class Record:
    """The server that should be running, or none; `model` is localtgi's."""

    wanted: Literal["docker", "local", "none"]
    pid: int = 0
    process_started: float = 0.0
    config: str = ""
    model: str = ""


def read_record(config: Settings) -> Record | None:
    """What was started last; None when nothing ever was, or what is written makes no sense."""
    try:
        record = Record(**json.loads(_path(config).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    sound = record.wanted in ("docker", "local", "none")
    types = {"pid": int, "process_started": float, "config": str, "model": str}
    fits = all(isinstance(getattr(record, name), kind) for name, kind in types.items())
    return record if sound and fits else None


def write_record(config: Settings, record: Record) -> None:
    """Remember what was started."""
    path = _path(config)
    private_folder(path.parent)
    write_whole(path, json.dumps(asdict(record)))


def forget(config: Settings) -> None:
    """No model server is meant to run here, and none was stopped."""
    _path(config).unlink(missing_ok=True)


def is_expected(config: Settings) -> bool:
    """Tell whether a model server is meant to answer: it was started, or its address was set."""
    record = read_record(config)
    started = record is not None and record.wanted != "none"
    return started or is_foreign(config) or config.server_url != Settings.server_url


def is_foreign(config: Settings) -> bool:
    """Tell whether the settings name a server that opsctl does not start."""
    return config.server_api == "openai" or not is_of_this_machine(config.server_url)


def is_of_this_machine(url: str) -> bool:
    """Tell whether an address is one at which a server of this machine can be started."""
    parts = urlsplit(url)
    return parts.hostname in LOOPBACK and parts.scheme == "http" and not parts.path


def _path(config: Settings) -> Path:
    return config.state / "run" / "server.json"
