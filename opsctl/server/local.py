"""localtgi as a background process of this machine: known by its pid and the time it began."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.settings import Settings, child_environment
from opsctl.server.address import port_of
from opsctl.server.checks import checks, raise_first
from opsctl.server.folders import on_this_machine
from opsctl.server.services import Kind, Record, State, read_record
from opsctl.server.tgi_env import ServerConfig

if TYPE_CHECKING:
    import psutil

STOP_SECONDS = 10
CLOCK_SECONDS = 60


class LocalService:
    """The process of `python -m localtgi`."""

    kind: Kind = "local"

    def __init__(self, settings: Settings, model: Path) -> None:
        self.settings = settings
        self.model = model
        self._child: subprocess.Popen[bytes] | None = None
        self.log_path = settings.state / "logs" / "server.log"

    def command(self) -> list[str]:
        """The command line of the server; its key travels in the environment."""
        server = ServerConfig.load(self.settings.tgi_env)
        adapters = [
            word
            for name, folder in server.adapters.items()
            for word in ("--adapter", f"{name}={on_this_machine(folder, self.settings)}")
        ]
        return [
            sys.executable, "-m", "localtgi", "--model", str(self.model), *adapters,
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
        """How the process is; its exit code is known only to the `opsctl start` that began it."""
        record = read_record(self.settings)
        if record is None or record.wanted != "local":
            return State("absent")
        process = _process(record)
        return State(
            "running" if process else "exited",
            identity=f"{record.pid}@{record.process_started}",
            config=record.config,
            started=record.process_started,
            code=self._child.poll() if self._child else None,
        )

    def prepare(self) -> None:
        """Nothing has to be brought: localtgi itself looks at the model and the adapters."""

    def check_room(self) -> None:
        """Raise UserError when the port is taken."""
        raise_first(checks(self.settings, {"port"}))

    def start(self) -> None:
        """Start the process in a session of its own, so that it outlives this terminal."""
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        if self.log_path.is_file():
            self.log_path.replace(self.log_path.with_suffix(".log.1"))
        with self.log_path.open("w") as log:
            self._child = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=child_environment({"API_KEY": self.settings.api_key or None}),
                start_new_session=True,
            )  # fmt: skip

    def record(self) -> Record:
        """The process that was started, or the one that is known to run."""
        import psutil

        known = read_record(self.settings)
        if self._child is None and known:
            return known
        assert self._child, "nothing was started"
        began = psutil.Process(self._child.pid).create_time()
        return Record("local", self._child.pid, began, self.config(), str(self.model))

    def keep(self) -> None:
        """Nothing: it is for trying out; a service that must come back is TGI in Docker."""

    def stop(self) -> None:
        """End the process, by force when it does not listen."""
        import psutil

        record = read_record(self.settings)
        process = _process(record) if record else None
        if process is None:
            return
        try:
            process.terminate()
            process.wait(STOP_SECONDS)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)
        except psutil.NoSuchProcess:
            pass

    def log_command(
        self, tail: int | None = None, follow: bool = False, since: float | None = None
    ) -> list[str]:
        """Print the log of the last start, all of which is of one run; following ends with it."""
        lines = "+1" if tail is None else str(tail)
        record = read_record(self.settings)
        ending = ["--follow=name", f"--pid={record.pid}"] if follow and record else []
        return ["tail", "-n", lines, *ending, str(self.log_path)]


def _process(record: Record) -> "psutil.Process | None":
    """The recorded process if it still runs; its pid may be another's by now.

    The time at which a process began shifts with the system's clock, so a pid of that program
    counts as the same one within some seconds.
    """
    import psutil

    try:
        process = psutil.Process(record.pid)
        same = abs(process.create_time() - record.process_started) < CLOCK_SECONDS
        ours = "localtgi" in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None
    return process if same and ours else None
