"""A command on a terminal of its own, as a person sees it and types into it."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
from collections.abc import Callable
from contextlib import suppress

from tests.workspace import Workspace

CTRL_C = "\x03"
AGAIN = 10  # seconds of silence after which a line was not heard
PATIENCE = 120  # seconds of silence after which a command hangs


def on_a_terminal(
    workspace: Workspace,
    *args: str,
    typing: Callable[[str], str] = lambda _: "",
    columns: int = 80,
) -> "subprocess.CompletedProcess[str]":
    """Run `opsctl args`; `typing` is given all that was shown and returns what is typed next."""
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    options, workspace.options = workspace.options, {
        "stdin": terminal, "stdout": terminal, "stderr": terminal, "start_new_session": True,
        "preexec_fn": lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    }  # fmt: skip
    process = workspace.start(*args, env={"TERM": "xterm"}, fresh=True)
    workspace.options = options
    os.close(terminal)
    with process:
        shown = _watch(process, controller, typing)
    os.close(controller)
    return subprocess.CompletedProcess(args, process.returncode, shown, "")


def _watch(process: "subprocess.Popen[str]", controller: int, typing: Callable[[str], str]) -> str:
    """All that is shown until the last writer is gone.

    What is typed is typed again until it is heard, as a person does: Python loses a Ctrl-C between
    its showing a prompt and its waiting for a line, and getpass a line that comes before it waits.
    """
    shown, last, silent = b"", "", 0
    with suppress(OSError):  # reading fails when the last writer is gone
        while silent < PATIENCE:
            if select.select([controller], [], [], 1)[0]:
                chunk = os.read(controller, 4096)
                if not chunk:
                    break
                shown, silent = shown + chunk, 0
                typed = typing(shown.decode(errors="replace"))
                last = CTRL_C if last == CTRL_C else typed or last
            else:
                silent += 1
                typed = last if last == CTRL_C or silent % AGAIN == 0 else ""
            os.write(controller, typed.encode())
        else:
            process.kill()
            raise AssertionError(f"silent for {PATIENCE} s: {shown!r}")
    return shown.decode(errors="replace")
