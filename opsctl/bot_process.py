"""The bot as something that is started, looked at and stopped."""

import json
import sys
import time
from typing import Any

from assistant.settings import Settings
from indexer.errors import UserError
from opsctl.processes import Process, find, start_detached, stop
from opsctl.server.address import get

STOP_SECONDS = 10
START_SECONDS = 20
POLL_SECONDS = 0.2


class BotProcess:
    """`opsctl start --server none --foreground` in the background, its log in var/logs/bot.log."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.log_path = settings.state / "logs" / "bot.log"
        self._path = settings.state / "run" / "bot.json"

    def command(self) -> list[str]:
        """The command line; token and settings come from the environment and the files."""
        return [sys.executable, "-m", "opsctl", "start", "--server", "none", "--foreground"]

    def start(self) -> None:
        """Start it and wait until it polls; raise UserError with its last words when it ends."""
        process = start_detached(self.command(), self.log_path)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(vars(process)))
        deadline = time.monotonic() + START_SECONDS
        while self.health() is None:
            if not self.is_running():
                raise _failed(self.log_path.read_text(errors="replace"))
            if time.monotonic() > deadline:
                raise UserError("the bot does not report its health", "opsctl logs bot")
            time.sleep(POLL_SECONDS)

    def is_running(self) -> bool:
        """Tell whether the process is there."""
        process = self._recorded()
        return process is not None and find(process) is not None

    def was_started(self) -> bool:
        """Tell whether it was started and not stopped since."""
        return self._recorded() is not None

    def stop(self) -> bool:
        """End it, leaving it time to finish its answers; False when it was not running."""
        process = self._recorded()
        self._path.unlink(missing_ok=True)
        return process is not None and stop(process, STOP_SECONDS)

    def health(self) -> dict[str, Any] | None:
        """What it says of itself on its local port; None when nobody answers there."""
        try:
            _, body = get(f"http://127.0.0.1:{self.settings.health_port}", "/healthz", seconds=2)
            found = json.loads(body)
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) and "poll_age" in found else None

    def _recorded(self) -> Process | None:
        try:
            return Process(**json.loads(self._path.read_text()))
        except (OSError, ValueError, TypeError):
            return None


def _failed(log: str) -> UserError:
    """The error that the bot ended with: its last `error:` line and the hint after it."""
    lines = log.splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    hints = [line for line in lines if line.startswith("hint: ")]
    sentence = errors[-1].removeprefix("error: ") if errors else "it ended at once"
    hint = hints[-1].removeprefix("hint: ") if hints else "opsctl logs bot"
    return UserError(f"the bot does not start: {sentence}", hint)
