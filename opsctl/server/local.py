"""localtgi as a background process of this machine: known by its pid and the time it began."""

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.settings import Settings, child_environment
from indexer.errors import UserError
from opsctl.server.address import port_of
from opsctl.server.services import Kind, Record, State, read_record, write_record
from opsctl.server.tgi_env import ServerConfig

if TYPE_CHECKING:
    import psutil

STOP_SECONDS = 10


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
        """What it would be started with now."""
        return " ".join(self.command())

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

    def start(self) -> None:
        """Start the process in a session of its own, so that it outlives this terminal."""
        import psutil

        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        if self.log_path.is_file():
            self.log_path.replace(self.log_path.with_suffix(".log.1"))
        key = {"API_KEY": self.settings.api_key} if self.settings.api_key else {}
        with self.log_path.open("w") as log:
            self._child = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=child_environment(key), start_new_session=True,
            )  # fmt: skip
        began = psutil.Process(self._child.pid).create_time()
        record = Record("local", self._child.pid, began, self.config(), str(self.model))
        write_record(self.settings, record)

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

    def log_command(self, tail: int | None = None, follow: bool = False) -> list[str]:
        """Print the log of the last start; following ends with the process."""
        lines = "+1" if tail is None else str(tail)
        record = read_record(self.settings)
        ending = ["--follow=name", f"--pid={record.pid}"] if follow and record else []
        return ["tail", "-n", lines, *ending, str(self.log_path)]


def on_this_machine(folder: str, settings: Settings) -> Path:
    """Where a folder of the container, such as /data/models/x, is outside of it."""
    for inside, outside in (
        ("/data/models", settings.models),
        ("/data/adapters", settings.adapters),
    ):
        if folder == inside or folder.startswith(inside + "/"):
            return outside / folder[len(inside) :].lstrip("/")
    return Path(folder)


def find_model(name: str, settings: Settings) -> Path:
    """The folder of a model given as a folder or as a name on the Hub; UserError if absent."""
    from indexer.models import downloaded

    place = on_this_machine(name, settings).expanduser()
    for folder in (place, downloaded(name, settings.models)):
        if (folder / "config.json").is_file():
            return folder.resolve()
    raise UserError(f"there is no model at {place}", "opsctl download")


def _process(record: Record) -> "psutil.Process | None":
    """The recorded process if it still runs; its pid may be another's by now."""
    import psutil

    try:
        process = psutil.Process(record.pid)
        same = abs(process.create_time() - record.process_started) < 0.01
        alive = process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return None
    return process if same and alive else None
