"""Units of systemd for this user, filled in from deploy/: the bot is one."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from core.env_files import write_systemd_file
from core.errors import UserError
from core.extras import restore_command
from core.files import private_folder
from core.project import DEPLOY
from core.settings import Settings, config_home, project_root, service_environment
from opsctl.keeper.log import mark_start
from opsctl.keeper.supervised import Kept, Kind
from opsctl.machine.programs import Ended, is_installed, run

NAME = "opsctl-bot.service"
USABLE = ("running", "degraded", "starting")
OWNER = "X-OpsctlState="
PROBE_SECONDS = 10


def is_usable() -> bool:
    """Tell whether systemd runs services for this user, and can be reached from here."""
    if not is_installed("systemctl"):
        return False
    try:
        told = run(["systemctl", "--user", "is-system-running"], seconds=PROBE_SECONDS)
    except UserError:
        return False
    return told.stdout.strip() in USABLE


def ends_at_logout() -> bool:
    """Tell whether this user's services are known to end with the user's last session."""
    if not is_installed("loginctl"):
        return False
    argv = ["loginctl", "show-user", str(os.getuid()), "--property=Linger"]
    try:
        return run(argv, seconds=PROBE_SECONDS).stdout.strip() == "Linger=no"
    except UserError:
        return False


class Unit:
    """A user unit and what else it has, filled in from deploy/; it is in charge while its file
    names this state folder."""

    def __init__(self, settings: Settings, environment: str, name: str, *others: str) -> None:
        self._name, self._names = name, (name, *others)
        self._state = settings.state.resolve()
        self._environment = self._state / "run" / environment
        self._folder = config_home() / "systemd" / "user"

    def is_in_charge(self) -> bool:
        """Tell whether the unit is there and is ours."""
        return self._owner() == str(self._state)

    def _owner(self) -> str | None:
        """The state folder that the file names, "" where it names none; None without the file."""
        try:
            lines = (self._folder / self._name).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return None
        found = [line.removeprefix(OWNER) for line in lines if line.startswith(OWNER)]
        return found[0].replace("%%", "%") if found else ""

    def _write(self, command: Sequence[str], **more: str) -> None:
        private_folder(self._environment.parent)
        write_systemd_file(self._environment, service_environment())
        values = {
            "STATE": _literal(self._state),
            "COMMAND": " ".join(map(_word, command)),
            "FOLDER": _literal(project_root()),
            "ENVIRONMENT": _path_literal(self._environment),
        }
        self._folder.mkdir(parents=True, exist_ok=True)
        for name in reversed(self._names):  # the one that tells whose it is comes last
            text = _fill(DEPLOY / name.removeprefix("opsctl-"), values | more)
            (self._folder / name).write_text(text, encoding="utf-8")
        self._must("daemon-reload")

    def _begin(self) -> None:
        self._must("enable", self._name)
        self._must("restart", self._name)

    def _remove(self) -> None:
        self._must("disable", "--now", self._name)
        for name in self._names:
            (self._folder / name).unlink(missing_ok=True)
        self._environment.unlink(missing_ok=True)
        self._must("daemon-reload")

    def _must(self, *words: str) -> None:
        """Have systemctl do this; raise UserError, with the way to look at the unit, if it does
        not."""
        ended = _systemctl(*words)
        if ended.code:
            said = (ended.stderr.strip().splitlines() or [f"exit code {ended.code}"])[-1]
            hint = f"systemctl --user status {self._name}"
            raise UserError(f"systemctl --user {words[0]}: {said}", hint)


class UserUnit(Unit):
    """The bot's."""

    kind: Kind = "systemd"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, "bot.env", NAME)

    def start(self, command: list[str], log: Path) -> None:
        """Write the unit, enable and start it. Raises UserError, also where it is another's."""
        self._refuse_another()
        mark_start(log)
        self._write(command, LOG=_literal(log.resolve()))
        _systemctl("reset-failed", NAME)  # else a start is refused after too many failures
        self._begin()

    def state(self) -> Kept:
        told = _systemctl("show", NAME, "--property=SubState,NRestarts").stdout
        found = dict(line.partition("=")[::2] for line in told.splitlines())
        restarts = found.get("NRestarts", "")
        return Kept(found.get("SubState") == "running", int(restarts) if restarts else 0)

    def stop(self) -> bool:
        """Stop and disable the unit, and take away its files. Raises UserError."""
        was_running = self.state().running
        self._remove()
        return was_running

    def _refuse_another(self) -> None:
        """One unit, one bot; the one of a folder that is gone is nobody's."""
        owner = self._owner()
        if owner is None or owner == str(self._state) or (owner and not Path(owner).is_dir()):
            return
        whose = f"with the state in {owner}" if owner else "that opsctl did not make"
        raise UserError(
            f"{NAME} is there already, {whose}",
            "opsctl stop in that checkout, or run this bot in a terminal: opsctl start --foreground"
            if owner
            else f"see {self._folder / NAME}",
        )


def _fill(path: Path, values: Mapping[str, str]) -> str:
    """A unit of deploy/ with these values. Raises UserError."""
    try:
        template = path.read_text(encoding="utf-8")
    except OSError as error:
        hint = restore_command(path)
        raise UserError(f"{path} cannot be read ({error.strerror})", hint) from error
    return re.sub(r"@([A-Z]+)@", lambda match: values[match[1]], template)


def _path_literal(path: Path) -> str:
    """A path of EnvironmentFile, where * and the like would stand for names."""
    return _literal(re.sub(r"([][*?\\])", r"\\\1", str(path)))


def _literal(value: object) -> str:
    """A value as a unit takes it for itself: % would begin a specifier."""
    return str(value).replace("%", "%%")


def _word(text: str) -> str:
    """A word of ExecStart; only what needs quotes gets them."""
    if re.fullmatch(r"[\w@+=:,./-]+", text, re.ASCII):
        return text
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_literal(quoted)}"'


def _systemctl(*words: str) -> Ended:
    return run(["systemctl", "--user", *words])
