"""The groups of the settings, also under the numbers that they got when they became supergroups."""

import logging

from bot.base.config import BotConfig
from bot.store.store import Store

log = logging.getLogger(__name__)


class Groups:
    """Tells in which groups the bot answers. What it logs, it logs once per group."""

    def __init__(self, config: BotConfig, store: Store) -> None:
        self._settings = config.settings
        self._db = store.db
        self._logged: set[int] = set()

    def allows(self, group: int) -> bool:
        """Tell whether people may ask in this group."""
        listed = self._settings.allowed_groups
        if group in listed or (self._settings.public and not listed):
            return True
        row = self._db.execute("SELECT old FROM moved WHERE new = ?", (group,)).fetchone()
        if row is None or row[0] not in listed:
            return False
        self._log(group, f"group {row[0]} is {group} now: change OPSCTL_ALLOWED_GROUPS")
        return True

    def called_from(self, group: int) -> None:
        """A person who may ask called the bot from a group where it does not answer."""
        self._log(group, f"group {group} is not in OPSCTL_ALLOWED_GROUPS: it is not answered")

    def _log(self, group: int, line: str) -> None:
        if group not in self._logged:
            self._logged.add(group)
            log.warning("%s", line)
