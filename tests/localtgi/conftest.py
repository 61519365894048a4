"""A tiny real Mistral, and servers of it, made once."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.forked import ROOT, Forked
from tests.localtgi.server import Server, launch

KEY = "a-Key-Of-The-Test"


@dataclass(frozen=True)
class Servers:
    """Servers that start side by side, because each takes seconds."""

    adapters: Server  # the float model with its adapters, at most four requests
    gptq: Server  # the GPTQ model in float32, no adapters, with an API key
    faulty: Server  # overflows on Latin letters; its tokenizer.json cuts and fills
    ending: Server  # for the test that ends it


@pytest.fixture(scope="session")
def torch_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[str]]:
    """The program that does what needs torch, so that the test process need not hold it."""
    folder = tmp_path_factory.mktemp("tiny-mistral")
    with Forked(
        (str(folder),), torch=True, module="tests.localtgi.torch_program",
        cwd=ROOT, env=dict(os.environ), stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        yield process
        process.kill()


@pytest.fixture(scope="session")
def tiny(torch_process: subprocess.Popen[str]) -> Path:
    """A folder with model, model-{gptq,dequantised,faulty} and adapters/{loud,other,zero}."""
    assert torch_process.stdout is not None
    folder = torch_process.stdout.readline().rstrip("\n")
    assert folder, "the program failed; its reason is on stderr"
    return Path(folder)


@pytest.fixture(scope="session")
def servers(tiny: Path) -> Iterator[Servers]:
    """The running servers."""
    adapters = [f"--adapter={name}={tiny}/adapters/{name}" for name in ("loud", "other", "zero")]
    processes = [
        launch("--model", f"{tiny}/model", *adapters, "--max-concurrent-requests", "4"),
        launch("--model", f"{tiny}/model-gptq", "--dtype", "float32", api_key=KEY),
        launch("--model", f"{tiny}/model-faulty"),
        launch("--model", f"{tiny}/model"),
    ]
    try:
        yield Servers(*[Server(process) for process in processes])
    finally:
        for process in processes:
            process.kill()
            process.communicate()


@pytest.fixture(scope="session")
def torch_report(torch_process: subprocess.Popen[str], tiny: Path) -> Any:
    """What the program found, by name."""
    output, _ = torch_process.communicate()
    assert torch_process.returncode == 0
    return json.loads(output)


@pytest.fixture(scope="session")
def server(servers: Servers) -> Server:
    """The server of the float model and its adapters."""
    return servers.adapters
