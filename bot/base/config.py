"""What the bot is told; whoever starts it reads the settings."""

from dataclasses import dataclass
from pathlib import Path

from core.errors import UserError
from core.settings import Settings


@dataclass(frozen=True)
class BotConfig:
    """The settings, and what else the bot is told.

    `parallel` answers are written at a time at most, `notice` is the operator's own words, and the
    index is updated every so many seconds (0: never). `release` is told by /healthz. `pace`
    stretches the bot's own pauses, and the windows in which it keeps Telegram's limits: with 1.0
    they last the seconds that stand in the code.
    """

    settings: Settings
    database: Path
    lock: Path
    token_place: str = "the token"
    notice: str = ""
    release: str = ""
    reindex_every: float = 0
    parallel: int = 16
    pace: float = 1.0

    @property
    def port_file(self) -> Path:
        """Says where /healthz is, to those who have other settings."""
        return self.lock.with_name("bot.port")

    def check(self) -> None:
        """Raise UserError where the bot could not answer anybody."""
        if not self.settings.telegram_token:
            raise UserError("there is no Telegram token", "put it into telegram_token.txt")
        if self.parallel < 1 or self.settings.questions_waiting < 0:
            raise UserError("the bot would answer nobody: parallel is 0", "opsctl start")
