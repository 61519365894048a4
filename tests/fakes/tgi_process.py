"""The fake TGI as a process of its own, for programs that are tested from outside."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class TGIProcess:
    """Where it listens."""

    url: str

    def play(self, **changes: Any) -> None:
        """Let it behave differently from now on; see tests/fakes/tgi_play.py."""
        body = json.dumps({"fault": None, "times": -1, "after": 0, **changes}).encode()
        urllib.request.urlopen(f"{self.url}/_control", body).close()

    def requests(self) -> list[dict[str, Any]]:
        """The requests that generate, as it saw them."""
        with urllib.request.urlopen(f"{self.url}/_requests") as reply:
            seen: list[dict[str, Any]] = json.load(reply)["requests"]
        return seen


@contextmanager
def tgi_process(*flags: str) -> Iterator[TGIProcess]:
    """Run it until the end of the block."""
    argv = [sys.executable, "-m", "tests.fakes.tgi", *flags]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield TGIProcess(process.stdout.readline().strip())
        finally:
            process.terminate()
