"""localtgi as a background process of this machine: known by its pid and the time it began."""

import hashlib
import json
import sys
from pathlib import Path

from assistant.server.record import Record, read_record
from core.settings import Settings
from opsctl.launch.checks import checks
from opsctl.machine.processes import Process, find, fresh_log, start_detached, stop
from opsctl.machine.programs import tail_command
from opsctl.server.address import port_of
from opsctl.server.folders import on_this_machine
from opsctl.server.services import Kind, State
from opsctl.terminal.check import raise_first

STOP_SECONDS = 10
PROGRAM = "localtgi"


class LocalService:
    """The process of `python -m localtgi`."""

    kind: Kind = "local"

    def __init__(self, settings: Settings, model: Path) -> None:
        self.settings = settings
        self.model = model
        self._started: Process | None = None
        self.log_path = settings.state / "logs" / "server.log"

    def command(self) -> list[str]:
        """The command line of the server; its key travels in the environment."""
        server = self.settings.server_file.config
        adapters = [
            word
            for name, folder in server.adapters.items()
            for word in ("--adapter", f"{name}={on_this_machine(folder, self.settings)}")
        ]
        return [
            sys.executable, "-m", PROGRAM, "--model", str(self.model), *adapters,
            "--port", str(port_of(self.settings.server_url)),
            "--max-input-tokens", str(server.max_input),
            "--max-total-tokens", str(server.max_total),
            "--max-concurrent-requests", str(server.max_concurrent),
        ]  # fmt: skip

    def config(self) -> str:
        """A hash of what it would be started with now, its key included."""
        content = json.dumps([self.command(), self.settings.api_key])
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    def state(self) -> State:
        """How the process is; its exit code is not known to a program that is not its parent."""
        record = read_record(self.settings)
        if record is None or record.wanted != "local":
            return State("absent")
        running = find(Process(record.pid, record.process_started, PROGRAM)) is not None
        return State(
            "running" if running else "exited",
            identity=f"{record.pid}@{record.process_started}",
            config=record.config,
            started=record.process_started,
            code=None if running else 1,
        )

    def prepare(self) -> None:
        """Nothing has to be brought: localtgi itself looks at the model and the adapters."""

    def check_room(self) -> None:
        """Raise UserError when the port is taken."""
        raise_first(checks(self.settings, {"port"}))

    def start(self) -> None:
        """Start the process in the background."""
        fresh_log(self.log_path)
        key = {"API_KEY": self.settings.api_key or None}
        self._started = start_detached(self.command(), self.log_path, key)

    def record(self) -> Record:
        """The process that was started, or the one that is known to run."""
        known = read_record(self.settings)
        if self._started is None and known:
            return known
        assert self._started, "nothing was started"
        pid, began = self._started.pid, self._started.began
        return Record("local", pid, began, self.config(), str(self.model))

    def keep(self) -> None:
        """Nothing: it is for trying out; a service that must come back is TGI in Docker."""

    def stop(self) -> None:
        """End the process, by force when it does not listen."""
        record = read_record(self.settings)
        if record:
            stop(Process(record.pid, record.process_started, PROGRAM), STOP_SECONDS)

    def log_command(
        self, tail: int | None = None, follow: bool = False, since: float | None = None
    ) -> list[str]:
        """Print the log of the last start, all of which is of one run; following ends with it."""
        record = read_record(self.settings)
        ending = ["--follow=name", f"--pid={record.pid}"] if follow and record else []
        return tail_command(self.log_path, tail, *ending)
