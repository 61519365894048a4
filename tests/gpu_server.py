"""A GPU server: a workspace with stand-ins for docker and nvidia-smi, and a fake Hub at hand."""

import json
import shutil
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes import docker
from tests.fakes.docker import Scenario
from tests.fakes.hub import FakeHub
from tests.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]
GPU = "0, GPU-a, NVIDIA GeForce RTX 3090, 24576, {used}, {free}, 8.6, 580.95"


@dataclass
class GPUServer:
    """The workspace of a machine with an NVIDIA GPU and Docker."""

    workspace: Workspace
    port: int

    @property
    def world(self) -> Path:
        """Where the stand-in for docker keeps what it was asked."""
        return self.workspace.root / "docker-world"

    @property
    def tgi_env(self) -> Path:
        return self.workspace.root / "deploy" / "tgi.env"

    def docker(self, **scenario: Any) -> None:
        """Let Docker behave like this from now on."""
        docker.change(self.world, Scenario(**scenario))

    def gpu_memory(self, used: int = 300) -> None:
        """Let nvidia-smi show a card of 24 GB with so many MiB taken."""
        program = self.workspace.root / "bin" / "nvidia-smi"
        row = GPU.format(used=used, free=24576 - used)
        program.write_text(f'#!/bin/sh\ncase "$1" in --query-gpu*) echo "{row}";; esac\n')
        program.chmod(0o755)

    def container(self) -> dict[str, Any]:
        """The container as the stand-in for docker knows it."""
        found: dict[str, Any] = json.loads((self.world / "container.json").read_text())
        return found

    def until_restarted(self, times: int) -> None:
        """Wait until Docker has started the container again so often."""
        while self.container()["RestartCount"] < times:
            time.sleep(0.05)

    def adapter_folder(self) -> Path:
        """Where the downloaded adapter is."""
        folders = (self.workspace.state / "adapters").iterdir()
        return next(folder for folder in folders if folder.name != "zero")

    def calls(self, verb: str) -> list[list[str]]:
        """What docker was asked to do with this verb."""
        return [argv for argv in docker.calls(self.world) if argv[0] == verb]

    def stop(self) -> None:
        """Leave no container behind, whatever a test did."""
        self.docker()
        self.workspace.run("stop")


def make(workspace: Workspace, models: Path | None) -> GPUServer:
    """Put the stand-ins into the workspace, and the downloaded models of a state folder."""
    root = workspace.root
    server = GPUServer(workspace, free_port())
    workspace.env |= docker.install(root, Scenario())
    workspace.env["OPSCTL_SERVER_URL"] = f"http://127.0.0.1:{server.port}"
    server.gpu_memory()
    shutil.copytree(ROOT / "deploy", root / "deploy")
    if models:
        shutil.copytree(models, workspace.state)
    return server


def download_models(folder: Path) -> Path:
    """A state folder that `opsctl download` filled from the stand-in Hub."""
    workspace = Workspace(folder)
    workspace.documents.mkdir()
    with FakeHub() as hub:
        hub.push_all()
        workspace.json("download", env={"OPSCTL_HF_ENDPOINT": hub.url})
    return workspace.state


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
