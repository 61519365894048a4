"""Many command lines in one process, the whole of the program each: shell.py is that process."""

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Shell:
    """Runs `opsctl` with arguments and environment; gives exit code, stdout and stderr."""

    def __init__(self, folder: Path) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", __file__],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder, env=environment,
        )  # fmt: skip

    def __enter__(self) -> "Shell":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def run(self, state: Path, *args: str) -> "subprocess.CompletedProcess[str]":
        """Run `opsctl args` with this state folder."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps([str(state), args]) + "\n")
        self._process.stdin.flush()
        code, stdout, stderr = json.loads(self._process.stdout.readline())
        return subprocess.CompletedProcess(args, code, stdout, stderr)


def answer(state: str, args: list[str]) -> list[Any]:
    """One command line: its exit code and what it printed."""
    from opsctl import cli

    os.environ |= {"OPSCTL_STATE": state, "OPSCTL_EMBEDDER": "builtin"}
    sys.argv = ["opsctl", *args]
    streams = [io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2)]
    code: Any = 0
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        try:
            cli.main()
        except SystemExit as error:
            code = error.code
    return [code, *(stream.buffer.getvalue().decode() for stream in streams)]


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(*json.loads(line))), flush=True)  # noqa: T201
