"""What is remembered of a bot that was started: that it is wanted, and why it ended."""

import json
import time
from contextlib import suppress
from dataclasses import asdict, dataclass

from core.errors import UserError
from core.files import write_whole
from core.settings import Settings

LATELY = 180.0  # seconds in which a bot that runs again is not yet believed to be well


@dataclass(frozen=True)
class Ending:
    """Why it could not go on, and what helps; both are empty where it was stopped or runs."""

    sentence: str = ""
    fix: str = ""
    at: float = 0.0

    @property
    def is_recent(self) -> bool:
        """Tell whether it ended by an error not long ago."""
        return bool(self.sentence) and 0 <= time.time() - self.at < LATELY


class BotRecord:
    """A file of the state folder; there is none where no bot was ever started."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.state / "run" / "bot-started.json"

    def read(self) -> Ending | None:
        """How it ended last; None where it was never started."""
        try:
            return Ending(**json.loads(self._path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError):
            return Ending()

    def started(self) -> None:
        """It is wanted, and whatever was wrong before is looked at again."""
        self._write(Ending())

    def resumed(self) -> None:
        """It begins to run, maybe once more: what ended it a moment ago may do so again."""
        ending = self.read()
        if ending is None or not ending.is_recent:
            self.started()

    def stopped(self) -> None:
        if self.read() is not None:
            self.started()

    def failed(self, error: UserError) -> None:
        self._write(Ending(error.message, error.hint, time.time()))

    def _write(self, ending: Ending) -> None:
        with suppress(OSError):  # a full disk ends nothing
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, json.dumps(asdict(ending)))
