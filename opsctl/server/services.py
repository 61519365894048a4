"""A model server as something that is started, watched and stopped, whichever way it runs."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, Protocol

from assistant.settings import Settings
from indexer.errors import UserError

Kind = Literal["docker", "local"]


@dataclass(frozen=True)
class State:
    """How a server is: `code` and `killed_for_memory` once it has exited, `started` in seconds
    since 1970, `identity` of this run of it, `config` it was started with."""

    status: Literal["absent", "running", "exited"]
    identity: str = ""
    config: str = ""
    started: float | None = None
    code: int | None = None
    killed_for_memory: bool = False


class Service(Protocol):
    """A model server of this machine."""

    kind: Kind

    def command(self) -> list[str]:
        """The command line that starts it."""
        ...

    def config(self) -> str:
        """A hash of what it would be started with now."""
        ...

    def state(self) -> State:
        """How it is."""
        ...

    def start(self) -> None:
        """Start it and return at once; raise UserError."""

    def keep(self) -> None:
        """Have it started again when it dies, now that it is known to work."""

    def stop(self) -> None:
        """End it, leaving it time to finish its answers, and forget it."""

    def log_command(self, tail: int | None = None, follow: bool = False) -> list[str]:
        """The command line that prints its log: the last lines, or all."""
        ...


@dataclass(frozen=True)
class Record:
    """What `start` and `stop` leave for `status`: the server that should be running, or none."""

    wanted: Literal["docker", "local", "none"]
    pid: int = 0
    process_started: float = 0.0
    config: str = ""
    model: str = ""


def read_record(config: Settings) -> Record | None:
    """What was started last; None when nothing ever was."""
    try:
        return Record(**json.loads(_path(config).read_text()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        path = _path(config)
        raise UserError(f"{path} can not be read ({error})", f"rm {path}") from error


def write_record(config: Settings, record: Record) -> None:
    """Remember what was started."""
    path = _path(config)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(asdict(record)))
    draft.replace(path)


def forget(config: Settings) -> None:
    """No model server is meant to run here, and none was stopped."""
    _path(config).unlink(missing_ok=True)


def _path(config: Settings) -> Path:
    return config.state / "run" / "server.json"
