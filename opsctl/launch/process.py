"""A model server as a background process of this machine: known by its pid and when it began."""

import hashlib
import json
from typing import ClassVar

from assistant.server.record import Record, read_record
from core.settings import Settings
from opsctl.launch.checks import checks
from opsctl.machine.processes import Process, find, fresh_log, start_detached, stop
from opsctl.machine.programs import tail_command
from opsctl.server.services import Service, State
from opsctl.terminal.check import raise_first

LOG = ("logs", "server.log")


class ProcessService(Service):
    """What every kind of server that runs as a process does alike.

    `word` is one of its command line by which the process is known again, `stop_seconds` how long
    it may take to end by itself, and `adapter` what it serves besides its model, "" for none.
    """

    word: ClassVar[str]
    stop_seconds: ClassVar[float] = 10

    def __init__(self, settings: Settings, model: str) -> None:
        super().__init__(settings)
        self.model = model
        self.adapter = ""
        self.log_path = settings.state.joinpath(*LOG)
        self._started: Process | None = None

    def environment(self) -> dict[str, str | None]:
        """The variables that it is started with besides ours; None takes one away."""
        return {"API_KEY": self.settings.api_key or None}

    def config(self) -> str:
        content = json.dumps([self.command(), sorted(self.environment().items())])
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    def state(self) -> State:
        """How the process is; its exit code is not known to a program that is not its parent."""
        record = read_record(self.settings)
        if record is None or record.wanted != self.kind:
            return State("absent")
        running = find(self._known(record)) is not None
        return State(
            "running" if running else "exited",
            identity=f"{record.pid}@{record.process_started}",
            config=record.config,
            started=record.process_started,
            code=None if running else 1,
        )

    def check_room(self) -> None:
        raise_first(checks(self.settings, {"port"}))

    def start(self) -> None:
        fresh_log(self.log_path)
        self._started = start_detached(self.command(), self.log_path, self.word, self.environment())

    def record(self) -> Record:
        """The process that was started, or the one that is known to run."""
        known = read_record(self.settings)
        if self._started is None and known:
            return known
        assert self._started, "nothing was started"
        pid, began = self._started.pid, self._started.began
        fields = self.naming(self.adapter) if self.api == "openai" else {}
        return Record(
            self.kind, pid, began, self.config(), self.model, self.api, self.adapter, fields
        )

    def stop(self) -> None:
        record = read_record(self.settings)
        process = self._started or (self._known(record) if record else None)
        if process:
            stop(process, self.stop_seconds)

    def log_command(
        self, tail: int | None = None, follow: bool = False, since: float | None = None
    ) -> list[str]:
        """Print the log of the last start, all of which is of one run; following ends with it."""
        record = read_record(self.settings)
        ending = ["--follow=name", f"--pid={record.pid}"] if follow and record else []
        return tail_command(self.log_path, tail, *ending)

    def _known(self, record: Record) -> Process:
        return Process(record.pid, record.process_started, self.word)
