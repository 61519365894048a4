"""The model server that is meant to run here: what `start` and `stop` leave for everybody else."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from core.files import private_folder, write_whole
from core.settings import Settings

Kind = Literal["docker", "local", "llamacpp", "vllm"]
Api = Literal["tgi", "openai"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LOOPBACK = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class Record:
    """The server that should be running, or none; `model` is what a process serves.

    `api` is its protocol; by "openai", `adapter` is what it serves, and `fields` are those by which
    the body of a request names it. `last` is the kind that ran before it was stopped, "" for none.
    """

    wanted: Kind | Literal["none"]
    pid: int = 0
    process_started: float = 0.0
    config: str = ""
    model: str = ""
    api: Api = "tgi"
    adapter: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    last: Kind | Literal[""] = ""


@dataclass(frozen=True)
class Access:
    """How the model server is asked: its protocol, the model and the adapter ("" for the first, and
    for none), and what else the body of each request has."""

    api: Api
    model: str
    adapter: str
    fields: Mapping[str, Any] = field(default_factory=dict)


def access(config: Settings) -> Access:
    """How to ask the server of the settings: one that was started here tells its own protocol."""
    if config.server_api == "openai":
        return Access("openai", config.server_model, "")
    record = read_record(config)
    if record and record.api == "openai":
        name = record.fields.get("model", "")
        return Access("openai", name, record.adapter, record.fields)
    return Access("tgi", "", config.adapter)


def read_record(config: Settings) -> Record | None:
    """What was started last; None when nothing ever was, or what is written makes no sense."""
    try:
        record = Record(**json.loads(_path(config).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    sound = record.wanted in (*KINDS, "none") and record.api in get_args(Api)
    types = {"pid": int, "process_started": float, "config": str, "model": str, "adapter": str}
    types |= {"fields": dict, "last": str}
    fits = all(isinstance(getattr(record, name), kind) for name, kind in types.items())
    return record if sound and fits else None


def write_record(config: Settings, record: Record) -> None:
    path = _path(config)
    private_folder(path.parent)
    write_whole(path, json.dumps(asdict(record)))


def write_stopped(config: Settings) -> None:
    """Remember that no server is meant to run, and which one `start` is to bring again."""
    record = read_record(config) or Record("none")
    if record.wanted != "none":
        record = Record("none", model=record.model, last=record.wanted)
    write_record(config, record)


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


def is_of_others(config: Settings) -> bool:
    """Tell whether the settings name a server, and opsctl has started none there."""
    named = config.server_url != Settings.server_url
    return is_foreign(config) or (named and read_record(config) is None)


def is_of_this_machine(url: str) -> bool:
    """Tell whether an address is one at which a server of this machine can be started."""
    parts = urlsplit(url)
    return parts.hostname in LOOPBACK and parts.scheme == "http" and not parts.path


def _path(config: Settings) -> Path:
    return config.state / "run" / "server.json"
