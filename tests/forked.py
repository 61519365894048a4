"""A program in a process that need not import it first: fork_server.py has, and forks it."""

import atexit
import functools
import os
import pickle
import socket
import subprocess
import sys
from pathlib import Path
from select import select
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# What a program heeds before its first line, so that a fork would not.
EARLY = ("PYTHON", "LC_", "LD_", "LANG", "HF_", "OMP_")
# How coverage follows a program into those it starts.
COVERAGE = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
SERVER_ENVIRONMENT = COVERAGE | {
    "PATH": os.defpath,
    "LANG": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


def is_early(name: str, value: str) -> bool:
    """Tell whether a variable asks for a start of its own."""
    return name.startswith(EARLY) and SERVER_ENVIRONMENT.get(name) != value


class Forked(subprocess.Popen[str]):
    """The Popen of `MODULE args`, forked from a server that has imported torch and its kin or not.

    A preexec_fn has to be known by name, or a partial of such a function.
    """

    def __init__(
        self, args: tuple[str, ...], torch: bool, module: str = "opsctl", **options: Any
    ) -> None:
        self._orders = _server(torch)
        super().__init__([module, *args], **options)

    def _execute_child(
        self, args: list[str], executable: None, preexec_fn: Any, close_fds: bool, pass_fds: Any,
        cwd: Any, env: dict[str, str], startupinfo: None, creationflags: int, shell: bool,
        p2cread: int, p2cwrite: int, c2pread: int, c2pwrite: int, errread: int, errwrite: int,
        restore_signals: bool, gid: None, gids: None, uid: None, umask: int, *_: Any,
    ) -> None:  # fmt: skip
        order = pickle.dumps((args, env, str(cwd), umask, preexec_fn))
        self._news, theirs = socket.socketpair()
        with theirs:
            stdio = [p2cread, c2pwrite, errwrite]
            inherited = [number if fd == -1 else fd for number, fd in enumerate(stdio)]
            socket.send_fds(self._orders, [b"!"], [*inherited, theirs.fileno()])
        self._news.sendall(order)
        self.pid = self._hear()
        for here, there in ((p2cread, p2cwrite), (c2pwrite, c2pread), (errwrite, errread)):
            if here != -1 and there != -1:
                os.close(here)

    def _hear(self) -> int:
        number = self._news.recv(4)
        assert number, "the fork server has died"
        return int.from_bytes(number, "little", signed=True)

    def _internal_poll(self, _: Any = None) -> int | None:
        if self.returncode is None and select([self._news], [], [], 0)[0]:
            self._wait(None)
        return self.returncode

    def _wait(self, timeout: float | None) -> int:
        if self.returncode is None:
            if not select([self._news], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self.returncode = self._hear()
            self._news.close()
        return self.returncode


@functools.cache
def _server(torch: bool) -> socket.socket:
    """The socket on which a server takes orders; it ends with this process."""
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-W", "error", "-m", "tests.fork_server", str(theirs.fileno())]
    process = subprocess.Popen(
        [*command, *["torch"] * torch], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        cwd=ROOT, env=SERVER_ENVIRONMENT, pass_fds=[theirs.fileno()],
    )  # fmt: skip
    theirs.close()

    def end() -> None:
        ours.close()
        process.communicate()

    atexit.register(end)
    return ours
