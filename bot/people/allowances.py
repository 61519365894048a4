"""How much people may ask: by the settings, or by what was granted to one of them."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from bot.base.config import BotConfig
from bot.store.store import DAY, Store

MINUTE = 60.0


@dataclass(frozen=True)
class Allowance:
    """The most questions of a person in a minute and in 24 hours; 0 is no limit, None: not said."""

    per_minute: int | None
    per_day: int | None


class Allowances:
    """What was granted to single people: `opsctl users limit`."""

    def __init__(self, store: Store) -> None:
        self._db = store.db

    def get(self, user: int) -> Allowance:
        """What was granted to the person."""
        sql = "SELECT per_minute, per_day FROM allowance WHERE user = ?"
        return Allowance(*(self._db.execute(sql, (user,)).fetchone() or (None, None)))

    def set(self, user: int, granted: Allowance) -> None:
        """Grant it, instead of what was granted before."""
        values = (user, granted.per_minute, granted.per_day)
        self._db.execute("INSERT OR REPLACE INTO allowance VALUES (?, ?, ?)", values)

    def remove(self, user: int) -> bool:
        """Take it back; False where nothing was granted."""
        return self._db.execute("DELETE FROM allowance WHERE user = ?", (user,)).rowcount > 0


@dataclass(frozen=True)
class Spent:
    """A limit that is reached: its seconds and questions, and in how many seconds one may ask."""

    span: float
    most: int
    wait: int


class Limits:
    """Says whether a person may ask now. All times are those of the messages, by Telegram's clock,
    so that a wrong one of this machine keeps nobody waiting."""

    def __init__(self, config: BotConfig, store: Store, is_admin: Callable[[int], bool]) -> None:
        self._config = config
        self._is_admin = is_admin
        self._granted = Allowances(store)
        self._db = store.db

    def spent(self, user: int, asked: float) -> Spent | None:
        """The limit that a question asked then would break; an administrator has none."""
        config, granted = self._config, self._granted.get(user)
        free = self._is_admin(user)
        limits = (
            (MINUTE, granted.per_minute, 0 if free else config.settings.questions_per_minute),
            (DAY, granted.per_day, 0 if free else config.settings.questions_per_day),
        )
        for span, own, everybody in limits:
            most = everybody if own is None else own
            if most and (first := self._first(user, asked, span, most)) is not None:
                return Spent(span, most, max(1, math.ceil(first + span - asked)))
        return None

    def _first(self, user: int, until: float, span: float, count: int) -> float | None:
        """When the first of the person's last `count` questions in the time was asked, if there
        were so many."""
        sql = (
            "SELECT asked FROM answer WHERE user = ? AND asked > ? AND asked <= ?"
            " AND outcome != 'refused' ORDER BY asked DESC LIMIT 1 OFFSET ?"
        )
        row = self._db.execute(sql, (user, until - span, until, count - 1)).fetchone()
        return None if row is None else float(row[0])
