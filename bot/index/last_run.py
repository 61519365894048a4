"""What is known of the last time that the index was brought up to date by itself."""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from core.files import private_folder, write_whole
from core.settings import Settings


@dataclass(frozen=True)
class Run:
    """When the index was last brought up to date by itself, and what went wrong then."""

    ended: float = 0
    error: str = ""


class LastRun:
    """The file that says so, of whatever did it: the bot's clock or a timer of systemd."""

    def __init__(self, settings: Settings) -> None:
        self._path: Path = settings.state / "run" / "reindex.json"

    def read(self) -> Run:
        """What it says; nothing before the first run."""
        try:
            return Run(**json.loads(self._path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return Run()

    def ended(self, error: str = "") -> bool:
        """A run ended now; True where this error is a new one."""
        known = self.read().error
        private_folder(self._path.parent)
        write_whole(self._path, json.dumps(asdict(Run(time.time(), error))))
        return bool(error) and error != known
