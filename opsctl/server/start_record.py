"""How long the last start took, kept for the report."""

import json
from dataclasses import asdict, dataclass

from core.files import private_folder
from core.settings import Settings


@dataclass(frozen=True)
class Start:
    """A start of a run of the server: in all, and when each phase began; in seconds."""

    server: str
    seconds: float
    phases: dict[str, float]


def read_start(config: Settings) -> Start | None:
    """The last start; None when there is none that can be read."""
    try:
        return Start(**json.loads((config.state / "run" / "start.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None


def write_start(config: Settings, start: Start) -> None:
    """Remember a start."""
    path = config.state / "run" / "start.json"
    private_folder(path.parent)
    path.write_text(json.dumps(asdict(start)))
