"""The index kept up to date by systemd: deploy/reindex.timer and .service, filled in."""

import sys
from pathlib import Path

from core.env_files import write_systemd_file
from core.files import private_folder
from core.setting_values import seconds_of
from core.settings import Settings, config_home, project_root, service_environment
from opsctl.keeper.systemd import (
    command_line,
    fill,
    is_usable,
    literal,
    must,
    owner_of,
    path_literal,
)

TIMER, SERVICE = "opsctl-reindex.timer", "opsctl-reindex.service"
COMMAND = [sys.executable, "-m", "opsctl", "reindex", "--scheduled"]


class ReindexTimer:
    """The timer; it is ours while its file names this state folder."""

    def __init__(self, settings: Settings) -> None:
        self._every = seconds_of(settings.reindex_every)
        self._state = settings.state.resolve()
        self._environment = self._state / "run" / "reindex.env"
        self._folder = config_home() / "systemd" / "user"

    def is_in_charge(self) -> bool:
        """Tell whether it is there and ours."""
        return owner_of(self._folder / TIMER) == str(self._state)

    def keep(self) -> None:
        """Let it be as the settings say: started again, or gone. Raises UserError.

        One user has one; that of another project which is still there stays.
        """
        owner = owner_of(self._folder / TIMER)
        anothers = owner not in (None, str(self._state)) and Path(str(owner)).is_dir()
        if not self._every:
            self.stop()
        elif not anothers and is_usable():
            self._start()

    def stop(self) -> bool:
        """Take it away; False where it was not ours."""
        if not self.is_in_charge():
            return False
        must(TIMER, "disable", "--now", TIMER)
        for name in (TIMER, SERVICE):
            (self._folder / name).unlink(missing_ok=True)
        self._environment.unlink(missing_ok=True)
        must(TIMER, "daemon-reload")
        return True

    def _start(self) -> None:
        private_folder(self._environment.parent)
        write_systemd_file(self._environment, service_environment())
        values = {
            "STATE": literal(self._state),
            "EVERY": str(self._every),
            "COMMAND": command_line(COMMAND),
            "FOLDER": literal(project_root()),
            "ENVIRONMENT": path_literal(self._environment),
        }
        self._folder.mkdir(parents=True, exist_ok=True)
        for name in (SERVICE, TIMER):
            text = fill(name.removeprefix("opsctl-"), values)
            (self._folder / name).write_text(text, encoding="utf-8")
        must(TIMER, "daemon-reload")
        must(TIMER, "enable", TIMER)
        must(TIMER, "restart", TIMER)
