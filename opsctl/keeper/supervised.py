"""The bot as the child of a supervisor of ours, where systemd does not work for this user."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.files import private_folder
from core.settings import Settings
from opsctl.keeper.log import mark_start
from opsctl.machine.processes import Process, find, start_detached, stop

Kind = Literal["systemd", "supervisor"]
STOP_SECONDS = 13  # the supervisor itself waits 10 for the bot
SUPERVISOR = "opsctl.keeper.supervisor"


@dataclass(frozen=True)
class Kept:
    """How the bot's process is: whether there is one, and how often it was started again."""

    running: bool
    restarts: int = 0


class Supervised:
    """A background process (opsctl.keeper.supervisor) that has the bot as its child."""

    kind: Kind = "supervisor"

    def __init__(self, settings: Settings) -> None:
        self._record = settings.state / "run" / "bot.json"
        self._state = settings.state / "run" / "bot-supervisor.json"

    def is_in_charge(self) -> bool:
        return self._recorded() is not None

    def start(self, command: list[str], log: Path) -> None:
        private_folder(self._record.parent)
        self._state.unlink(missing_ok=True)
        mark_start(log)
        argv = [sys.executable, "-m", SUPERVISOR, str(self._state), *command]
        self._record.write_text(json.dumps(vars(start_detached(argv, log, argv[2]))))

    def state(self) -> Kept:
        """What the supervisor wrote down last; the bot is there if both are."""
        process = self._recorded()
        alive = process is not None and find(process) is not None
        try:
            written = json.loads(self._state.read_text())
            return Kept(alive and written["pid"] > 0, written["restarts"])
        except (OSError, ValueError, TypeError, KeyError):
            return Kept(alive)

    def stop(self) -> bool:
        """End the supervisor, which ends the bot first."""
        process = self._recorded()
        self._record.unlink(missing_ok=True)
        return process is not None and stop(process, STOP_SECONDS)

    def _recorded(self) -> Process | None:
        try:
            return Process(**json.loads(self._record.read_text()))
        except (OSError, ValueError, TypeError):
            return None
