"""A model server as something that is started, watched and stopped, whichever way it runs."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from assistant.server.record import Api, Kind, Record
from core.errors import Busy, UserError
from core.files import private_folder
from core.lock import writer_lock
from core.settings import Settings
from opsctl.server.log import Log

# What each kind is called where people read of it.
NAMES: dict[Kind, str] = {
    "docker": "TGI",
    "local": "localtgi",
    "llamacpp": "llama.cpp",
    "vllm": "vLLM",
}
# Stopping TGI may take this long.
LOCK_SECONDS = 180


@dataclass(frozen=True)
class State:
    """How a server is: `code` and `killed_for_memory` once it has exited, `restarts` of a crash
    loop, `started` in seconds since 1970, `identity` of this run, `config` it was started with,
    `trouble` where no log tells why it does not answer."""

    status: Literal["absent", "running", "exited"]
    identity: str = ""
    config: str = ""
    started: float | None = None
    code: int | None = None
    killed_for_memory: bool = False
    restarts: int = 0
    trouble: UserError | None = None


class Service(ABC):
    """A model server of this machine, whichever way it runs; `log` is how its lines are read."""

    kind: Kind
    api: Api
    log: Log

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @abstractmethod
    def command(self) -> list[str]:
        """The command line that starts it; its key travels in the environment."""

    @abstractmethod
    def config(self) -> str:
        """A hash of what it would be started with now, its key included."""

    @abstractmethod
    def state(self) -> State:
        """How it is."""

    def naming(self, adapter: str) -> dict[str, Any]:
        """What the body of a request has besides, so that this adapter answers ("": the base);
        nothing where the client of its own routes names it."""
        return {}

    def prepare(self) -> None:  # noqa: B027
        """Bring what it is started from, and look at it, while an older one may still run."""

    @abstractmethod
    def check_room(self) -> None:
        """Raise UserError where there is no memory or port for it now."""

    @abstractmethod
    def start(self) -> None:
        """Start it and return at once; raise UserError."""

    @abstractmethod
    def record(self) -> Record:
        """What to remember of it, now that it runs."""

    def keep(self) -> None:  # noqa: B027
        """Have it started again when it dies, where somebody does that, now that it works."""

    @abstractmethod
    def stop(self) -> None:
        """End it, leaving it time to finish its answers, and forget it."""

    @abstractmethod
    def log_command(
        self, tail: int | None = None, follow: bool = False, since: float | None = None
    ) -> list[str]:
        """The command line that prints its log: the last lines, or all."""


@contextmanager
def changing(config: Settings) -> Iterator[None]:
    """Let only one `opsctl` at a time start or stop servers; another waits for it a while."""
    path = config.state / "run" / "server.lock"
    private_folder(path.parent)
    sentence = "another opsctl is starting or stopping the model server"
    deadline = time.monotonic() + LOCK_SECONDS
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(writer_lock(path, sentence, "opsctl status"))
                break
            except Busy:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        yield
