"""What most parts of the bot need together."""

from dataclasses import dataclass

from bot.base.config import BotConfig
from bot.base.metrics import Metrics
from bot.store.store import Store
from bot.telegram.sending import Sender
from core.settings import Settings


@dataclass(frozen=True)
class Context:
    """The one bot of this process: how it is to work, what it keeps, writes by and counts."""

    config: BotConfig
    store: Store
    sender: Sender
    metrics: Metrics

    @property
    def settings(self) -> Settings:
        return self.config.settings

    @property
    def pace(self) -> float:
        return self.config.pace
