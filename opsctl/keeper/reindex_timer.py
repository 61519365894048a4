"""The index kept up to date by systemd: deploy/reindex.timer and .service, filled in."""

import sys
from pathlib import Path

from core.setting_values import seconds_of
from core.settings import Settings
from opsctl.keeper.systemd import Unit, is_usable

COMMAND = [sys.executable, "-m", "opsctl", "reindex", "--scheduled"]


class ReindexTimer(Unit):
    """The timer; it is ours while its file names this state folder."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, "reindex.env", "opsctl-reindex.timer", "opsctl-reindex.service")
        self._every = seconds_of(settings.reindex_every)

    def keep(self) -> None:
        """Let it be as the settings say: started again, or gone. Raises UserError.

        One user has one; that of another project which is still there stays.
        """
        owner = self._owner()
        anothers = owner not in (None, str(self._state)) and Path(str(owner)).is_dir()
        if not self._every:
            self.stop()
        elif not anothers and is_usable():
            self._write(COMMAND, EVERY=str(self._every))
            self._begin()

    def stop(self) -> bool:
        """Take it away; False where it was not ours."""
        if not self.is_in_charge():
            return False
        self._remove()
        return True
