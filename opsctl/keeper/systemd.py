"""The bot as a systemd user unit: deploy/bot.service, filled in."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from core.env_files import write_systemd_file
from core.errors import UserError
from core.extras import restore_command
from core.files import private_folder
from core.project import DEPLOY
from core.settings import Settings, config_home, project_root, service_environment
from opsctl.keeper.keeper import Kept, Kind
from opsctl.keeper.log import mark_start
from opsctl.machine.programs import Ended, is_installed, run

NAME = "opsctl-bot.service"
TEMPLATE = DEPLOY / "bot.service"
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


class UserUnit:
    """The unit; it is in charge while its file names this state folder."""

    kind: Kind = "systemd"

    def __init__(self, settings: Settings) -> None:
        self._state = settings.state.resolve()
        self._environment = self._state / "run" / "bot.env"
        self._path = config_home() / "systemd" / "user" / NAME

    def is_in_charge(self) -> bool:
        """Tell whether the unit is there and is ours."""
        return owner_of(self._path) == str(self._state)

    def start(self, command: list[str], log: Path) -> None:
        """Write the unit, enable and start it. Raises UserError, also where it is another's."""
        self._refuse_another()
        mark_start(log)
        private_folder(self._environment.parent)
        write_systemd_file(self._environment, service_environment())
        values = {
            "STATE": literal(self._state),
            "COMMAND": command_line(command),
            "FOLDER": literal(project_root()),
            "ENVIRONMENT": path_literal(self._environment),
            "LOG": literal(log.resolve()),
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(fill(TEMPLATE.name, values), encoding="utf-8")
        self._must("daemon-reload")
        _systemctl("reset-failed", NAME)  # else a start is refused after too many failures
        self._must("enable", NAME)
        self._must("restart", NAME)

    def state(self) -> Kept:
        """What systemd says of the unit."""
        told = _systemctl("show", NAME, "--property=SubState,NRestarts").stdout
        found = dict(line.partition("=")[::2] for line in told.splitlines())
        restarts = found.get("NRestarts", "")
        return Kept(found.get("SubState") == "running", int(restarts) if restarts else 0)

    def stop(self) -> bool:
        """Stop and disable the unit, and take away its files. Raises UserError."""
        was_running = self.state().running
        self._must("disable", "--now", NAME)
        self._path.unlink(missing_ok=True)
        self._environment.unlink(missing_ok=True)
        self._must("daemon-reload")
        return was_running

    def _refuse_another(self) -> None:
        """One unit, one bot; the one of a folder that is gone is nobody's."""
        owner = owner_of(self._path)
        if owner is None or owner == str(self._state) or (owner and not Path(owner).is_dir()):
            return
        whose = f"with the state in {owner}" if owner else "that opsctl did not make"
        raise UserError(
            f"{NAME} is there already, {whose}",
            "opsctl stop in that checkout, or run this bot in a terminal: opsctl start --foreground"
            if owner
            else f"see {self._path}",
        )

    def _must(self, *words: str) -> None:
        must(NAME, *words)


def owner_of(unit: Path) -> str | None:
    """The state folder that a unit's file names, "" where it names none; None without the file."""
    try:
        lines = unit.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    found = [line.removeprefix(OWNER) for line in lines if line.startswith(OWNER)]
    return found[0].replace("%%", "%") if found else ""


def must(unit: str, *words: str) -> None:
    """Have systemctl do this; raise UserError, with the way to look at the unit, if it does not."""
    ended = _systemctl(*words)
    if ended.code:
        said = (ended.stderr.strip().splitlines() or [f"exit code {ended.code}"])[-1]
        raise UserError(f"systemctl --user {words[0]}: {said}", f"systemctl --user status {unit}")


def fill(name: str, values: Mapping[str, str]) -> str:
    """A unit of deploy/ with these values. Raises UserError."""
    path = TEMPLATE.with_name(name)
    try:
        template = path.read_text(encoding="utf-8")
    except OSError as error:
        hint = restore_command(path)
        raise UserError(f"{path} cannot be read ({error.strerror})", hint) from error
    return re.sub(r"@([A-Z]+)@", lambda match: values[match[1]], template)


def command_line(command: list[str]) -> str:
    """A command as ExecStart takes it."""
    return " ".join(map(_word, command))


def path_literal(path: Path) -> str:
    """A path of EnvironmentFile, where * and the like would stand for names."""
    return literal(re.sub(r"([][*?\\])", r"\\\1", str(path)))


def literal(value: object) -> str:
    """A value as a unit takes it for itself: % would begin a specifier."""
    return str(value).replace("%", "%%")


def _word(text: str) -> str:
    """A word of ExecStart; only what needs quotes gets them."""
    if re.fullmatch(r"[\w@+=:,./-]+", text, re.ASCII):
        return text
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{literal(quoted)}"'


def _systemctl(*words: str) -> Ended:
    return run(["systemctl", "--user", *words])
