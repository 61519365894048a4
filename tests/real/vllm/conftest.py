"""A real vLLM with a tiny act-order GPTQ Mistral and two adapters, started by opsctl."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.forked import ROOT
from tests.gpu_server import free_port
from tests.real.vllm import environment
from tests.workspace import Workspace

TGI_ENV = """MODEL_ID={model}
LORA_ADAPTERS={adapters}
MAX_INPUT_TOKENS=3072
MAX_TOTAL_TOKENS={total}
MAX_BATCH_PREFILL_TOKENS=2048
CUDA_MEMORY_FRACTION=0.90
MAX_CONCURRENT_REQUESTS=16
"""
KEY = "sk-real-0123456789"
ENV = {
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "VLLM_WORKER_MULTIPROC_METHOD": "fork",
    "OMP_NUM_THREADS": "2",
    "OPSCTL_API_KEY": KEY,
    "OPSCTL_ANSWER_TOKENS": "16",
}


@dataclass
class Machine:
    """A workspace whose vLLM is real; `tokens` are what transformers and peft write."""

    workspace: Workspace
    tiny: Path
    tokens: dict[str, list[list[int]]]

    def declare(
        self,
        model: str = "model-gptq",
        adapters: tuple[str, ...] = ("loud", "zero"),
        total: int = 4096,
    ) -> None:
        """Write deploy/tgi.env."""
        entries = ",".join(f"{name}={self.tiny}/adapters/{name}" for name in adapters)
        text = TGI_ENV.format(model=self.tiny / model, adapters=entries, total=total)
        folder = self.workspace.root / "deploy"
        folder.mkdir(exist_ok=True)
        (folder / "tgi.env").write_text(text)

    def said(self, *arguments: str) -> str:
        """Run a command as a person would see it, and print it."""
        done = self.workspace.run(*arguments)
        text = done.stdout + done.stderr
        sys.stdout.write(f"$ opsctl {' '.join(arguments)}\n{text}")
        assert done.returncode == 0, text
        return text

    def record(self) -> Any:
        return json.loads((self.workspace.state / "run" / "server.json").read_text())


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[list[int]]]]:
    """The models, and what transformers and peft write."""
    folder = tmp_path_factory.mktemp("tiny-vllm")
    argv = [sys.executable, "-m", "tests.real.vllm.reference", str(folder)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder, json.loads(done.stdout)


@pytest.fixture(scope="module")
def machine(
    made: tuple[Path, dict[str, list[list[int]]]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Machine]:
    """A project with one document."""
    workspace = Workspace(tmp_path_factory.mktemp("real-vllm"))
    workspace.env |= ENV | {
        "OPSCTL_VLLM": str(environment.program()),
        "OPSCTL_SERVER_URL": f"http://127.0.0.1:{free_port()}",
        "OPSCTL_EMBEDDER": "builtin",
    }
    workspace.write("note1.txt", "Складом Зюйд1 заведует Иванов. Ключ лежит в сейфе.")
    found = Machine(workspace, *made)
    found.declare()
    yield found
    workspace.run("stop")


def kill_engine(pid: int) -> None:
    """Kill the engine of a server, as the kernel does when memory runs out."""
    import psutil

    (engine,) = (p for p in psutil.Process(pid).children() if "EngineCore" in p.cmdline()[0])
    os.kill(engine.pid, signal.SIGKILL)
