"""What is remembered of a run of the model server: how it started, and what was proven of it."""

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeVar

from core.files import private_folder
from core.settings import Settings


@dataclass(frozen=True)
class Start:
    """A start of a run of the server: in all, and when each phase began; in seconds."""

    server: str
    seconds: float
    phases: dict[str, float]


@dataclass(frozen=True)
class Proof:
    """Whether the adapter was applied, on which run of the server, and when (since 1970)."""

    adapter: str
    applied: bool
    server: str = ""
    at: float = field(default_factory=time.time)

    def was_of(self, adapter: str, server: str) -> bool:
        """Tell whether it holds for an earlier start of this very container."""
        container = server.partition("@")[0]
        earlier = bool(container) and self.server != server
        same = (self.adapter, self.server.partition("@")[0]) == (adapter, container)
        return earlier and same and self.applied

    def is_of(self, adapter: str, server: str) -> bool:
        """Tell whether it speaks of this adapter on this run of a server, which must be known."""
        return bool(server) and (self.adapter, self.server) == (adapter, server)


Kept = TypeVar("Kept", Start, Proof)
FILES = {Start: "start.json", Proof: "proof.json"}


def read(kind: type[Kept], config: Settings) -> Kept | None:
    """The last start or proof; None when there is none that can be read."""
    try:
        return kind(**json.loads(_path(kind, config).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def write(kept: Start | Proof, config: Settings) -> None:
    path = _path(type(kept), config)
    private_folder(path.parent)
    path.write_text(json.dumps(asdict(kept)))


def _path(kind: type[Start] | type[Proof], config: Settings) -> Path:
    return config.state / "run" / FILES[kind]
