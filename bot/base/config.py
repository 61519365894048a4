"""What the bot is told; whoever starts it reads the settings."""

from dataclasses import dataclass, field
from pathlib import Path

from core.errors import UserError
from core.setting_values import MAX_MESSAGE
from core.settings import Settings


@dataclass(frozen=True)
class BotConfig:
    """The bot's token, its people, its limits and its files. Ids are Telegram's numbers.

    `parallel` answers are written at a time, `waiting` more questions wait per person, and an
    answer may take `deadline` seconds. Of `per_minute` and `per_day` 0 is no limit. `contact` and
    `notice` are the operator's own words. `pace` stretches the bot's own pauses, and the windows in
    which it keeps Telegram's limits: with 1.0 they last the seconds that stand in the code.
    """

    token: str = field(repr=False)
    settings: Settings
    database: Path
    lock: Path
    token_place: str = "the token"
    api_url: str = "https://api.telegram.org/bot"
    allowed_users: frozenset[int] = frozenset()
    admins: frozenset[int] = frozenset()
    groups: frozenset[int] = frozenset()
    members_of: frozenset[int] = frozenset()
    public: bool = False
    health_port: int = 8090
    per_minute: int = 6
    per_day: int = 100
    parallel: int = 16
    waiting: int = 3
    longest: int = MAX_MESSAGE
    contact: str = ""
    notice: str = ""
    keep_days: int = 30
    reindex_every: float = 0
    deadline: float = 300
    pace: float = 1.0

    @property
    def port_file(self) -> Path:
        """Says where /healthz is, to those who have other settings."""
        return self.lock.with_name("bot.port")

    def check(self) -> None:
        """Raise UserError where the bot could not answer anybody."""
        if not self.token:
            raise UserError("there is no Telegram token", "put it into telegram_token.txt")
        if self.parallel < 1 or self.waiting < 0:
            raise UserError("the bot would answer nobody: parallel is 0", "opsctl start")
