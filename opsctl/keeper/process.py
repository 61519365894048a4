"""The bot as something that is started, looked at and stopped."""

import json
import math
import sys
import time
from typing import Any, Literal

from core.errors import UserError
from core.lock import is_held, last_holder
from core.settings import Settings
from opsctl import __version__
from opsctl.keeper.log import said_since_start
from opsctl.keeper.record import BotRecord
from opsctl.keeper.supervised import Kept, Supervised
from opsctl.keeper.systemd import UserUnit, is_usable
from opsctl.machine.processes import end, holder
from opsctl.server.address import get
from opsctl.server.services import changing
from opsctl.terminal import output

STOP_SECONDS = 10
START_SECONDS = 60
ACCEPT_SECONDS = 10  # a token is rejected three times before the bot gives up
PASSING_SECONDS = 4  # other troubles that last so long are told
POLL_SECONDS = 0.2
ENDING = ("token", "conflict")  # troubles that end the bot after some tries
Started = Literal["running", "silent", "already"]
Keeper = UserUnit | Supervised  # in charge from its start to its stop


class BotProcess:
    """`opsctl start --server none --foreground`, kept running; its log is var/logs/bot.log."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.log_path = settings.state / "logs" / "bot.log"
        self.lock = settings.state / "run" / "bot.lock"
        self._record = BotRecord(settings)
        self._keepers = (UserUnit(settings), Supervised(settings))

    def command(self) -> list[str]:
        """The command line; token and settings come from the environment and the files."""
        return [sys.executable, "-m", "opsctl", "start", "--server", "none", "--foreground"]

    def start(self) -> Started:
        """Start it and wait until Telegram answers it, which it may not do yet ("silent").

        Raises UserError with its last words when it ends; nothing starts it again then.
        """
        unit, supervised = self._keepers
        with changing(self.settings):
            if self.health() is not None:
                return "already"
            for old in self._in_charge():
                old.stop()  # it is between two tries
            self._record.started()
            try:
                keeper: Keeper = unit if is_usable() else supervised
                keeper.start(self.command(), self.log_path)
                return "running" if self._wait(keeper) else "silent"
            except KeyboardInterrupt:
                output.note(
                    "the bot is still starting: opsctl status shows it, opsctl stop ends it"
                )
                raise
            except UserError as error:
                self._record.failed(error)
                raise

    def keeper(self) -> tuple[Keeper, Kept] | None:
        """Who is in charge of it, and how its process is; None while nobody is."""
        found = self._in_charge()
        return (found[0], found[0].state()) if found else None

    def stop(self) -> bool:
        """End it, leaving it time to finish its answers; False when it was not running.

        Also one in a terminal. Raises UserError where another machine or container runs it.
        """
        ended = [keeper.stop() for keeper in self._in_charge()]
        process = holder(self.lock)
        if process is not None:
            end(process, STOP_SECONDS)
        elif self.lock.is_file() and is_held(self.lock):
            words = self.lock.read_text(encoding="utf-8")
            raise UserError(f"the bot is run elsewhere ({words})", "end it where it was started")
        self._record.stopped()
        return any(ended) or process is not None

    def health(self) -> dict[str, Any] | None:
        """What it says of itself on its local port; None when it is not this bot that answers."""
        try:
            port = int(self.lock.with_name("bot.port").read_text())
        except (OSError, ValueError):
            port = self.settings.health_port
        try:
            _, body = get(f"http://127.0.0.1:{port}", "/healthz", seconds=2)
            found = json.loads(body)
        except (OSError, ValueError):
            return None
        known = isinstance(found, dict) and "poll_age" in found
        if not known or found.get("pid") != last_holder(self.lock):
            return None
        return {"trouble": None, **found}  # of which release 0.1 says nothing

    def is_outdated(self) -> bool:
        """Tell whether one runs that was started before opsctl was upgraded."""
        health = self.health()
        return health is not None and is_of_another_release(health)

    def _in_charge(self) -> list[Keeper]:
        return [keeper for keeper in self._keepers if keeper.is_in_charge()]

    def _wait(self, keeper: Keeper) -> bool:
        began, reported = time.monotonic(), math.inf
        while True:
            health = self.health()
            if health:
                reported = min(reported, time.monotonic())
            if health and health["polled"]:
                return True
            kept = keeper.state()
            if not kept.running or kept.restarts:
                keeper.stop()
                raise _failed(said_since_start(self.log_path))
            if health and time.monotonic() - reported > _patience(health):
                return False
            if not health and time.monotonic() - began > START_SECONDS:
                raise UserError("the bot does not report its health", "opsctl logs bot")
            time.sleep(POLL_SECONDS)


def is_of_another_release(health: dict[str, Any]) -> bool:
    return health.get("release") != __version__


def _patience(health: dict[str, Any]) -> float:
    """Seconds until a bot that Telegram does not answer is left to itself."""
    lasting = health["trouble"] and health["trouble"]["cause"] not in ENDING
    return PASSING_SECONDS if lasting else ACCEPT_SECONDS


def _failed(log: str) -> UserError:
    """The error that the bot ended with: its last `error:` line and the hint after it."""
    lines = log.splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    hints = [line for line in lines if line.startswith("hint: ")]
    sentence = errors[-1].removeprefix("error: ") if errors else "it ended at once"
    hint = hints[-1].removeprefix("hint: ") if hints else "opsctl logs bot"
    return UserError(f"the bot does not start: {sentence}", hint)
