"""A machine of Colab on which the notebook is run, and what lives on there after a run."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.fakes import colab
from tests.fakes.hub import FakeHub
from tests.forked import COVERAGE
from tests.gpu_server import free_port
from tests.opsctl.telegram import eventually

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks" / "colab.ipynb"


@dataclass
class Colab:
    """The machine: `content` stands for /content, `env` is what its programs see."""

    content: Path
    env: dict[str, str]

    def run(self, last: str = "", **form: object) -> str:
        """Run the cells, up to one of them, with these fields filled in; what they print."""
        argv = [sys.executable, "-m", "tests.fakes.colab", str(NOTEBOOK), str(self.content), last]
        form = {"REPOSITORY": "https://example.org/opsctl"} | form
        env = self.env | {"COLAB_FORM": json.dumps(form)}
        done = subprocess.run(argv, env=env, cwd=ROOT, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def opsctl(self, *args: str) -> "subprocess.CompletedProcess[str]":
        """What somebody types into a cell of their own."""
        home = self.content / "opsctl"
        program = home / ".venv" / "bin" / "opsctl"
        return subprocess.run(
            [program, *args], env=self.env, cwd=home, capture_output=True, text=True
        )


@contextmanager
def colab_for(folder: Path, hub: FakeHub, env: dict[str, str], driver: str) -> Iterator[Colab]:
    """A fresh machine with this driver; leaves no process behind."""
    content, uploads = folder / "content", folder / "uploads"
    for made in (content, uploads):
        made.mkdir()
    programs = colab.install(folder / "machine", driver)["PATH"]
    given = {
        "PATH": os.pathsep.join(filter(None, (programs, env.get("PATH")))),
        "HOME": str(folder / "home"),
        "LANG": "C.UTF-8",
        "DOCKER_HOST": "unix:///nonexistent/docker.sock",
        "COLAB_UPLOADS": str(uploads),
        "OPSCTL_EMBEDDER": "builtin",  # the one of the fake Hub holds no numbers
        "OPSCTL_HF_ENDPOINT": hub.url,
        "OPSCTL_SERVER_URL": f"http://127.0.0.1:{free_port()}",
    }
    machine = Colab(content, COVERAGE | env | given)
    try:
        yield machine
    finally:
        if (content / "opsctl" / ".venv").is_dir():
            machine.opsctl("stop")
        eventually(lambda: living(content) == [], seconds=10)  # the last of them is ending


def living(folder: Path) -> list[str]:
    """The programs that run in a folder."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if Path(process.cwd()).is_relative_to(folder):
                found.append(" ".join(process.cmdline()))
    return found
