"""opsctl on a real model: start --server local, ask, verify, logs and stop on localtgi."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.forked import ROOT, Forked
from tests.gpu_server import free_port
from tests.workspace import Workspace, question

TGI_ENV = """MODEL_ID={tiny}/model
LORA_ADAPTERS=loud={tiny}/adapters/loud,zero={tiny}/adapters/zero
MAX_INPUT_TOKENS=3072
MAX_TOTAL_TOKENS=4096
MAX_CONCURRENT_REQUESTS=16
"""


@dataclass
class Machine:
    """A workspace without a GPU whose settings name the tiny model."""

    workspace: Workspace
    tiny: Path

    def declare(self, text: str) -> None:
        (self.workspace.root / "deploy" / "tgi.env").write_text(text.format(tiny=self.tiny))


@pytest.fixture
def machine(indexed: Workspace, tiny: Path) -> Iterator[Machine]:
    made = Machine(indexed, tiny)
    (indexed.root / "deploy").mkdir()
    made.declare(TGI_ENV)
    indexed.env["OPSCTL_SERVER_URL"] = f"http://127.0.0.1:{free_port()}"
    indexed.env["OMP_NUM_THREADS"] = "1"
    indexed.env["API_KEY"] = "of-another-program"  # and so no key of the server
    yield made
    indexed.run("stop")


def test_start_ask_verify_logs_stop(machine: Machine) -> None:
    workspace = machine.workspace
    started = workspace.run("start")  # no GPU, but a model: local by itself
    assert started.returncode == 0, started
    assert "starting localtgi" in started.stderr
    assert "the adapter loud is applied" in started.stderr
    assert workspace.json("status")["server"]["kind"] == "local"
    reply = workspace.answer(question(1))
    assert (reply["engine"], reply["model"]) == ("server", "loud")
    proof = workspace.json("verify")
    assert proof["applied"]
    assert [step["result"] for step in proof["steps"]] == ["ok"] * 4
    assert "ready on" in workspace.run("logs").stdout
    again = workspace.run("start")
    assert (again.returncode, "already running" in again.stderr) == (0, True)
    assert workspace.run("stop").stderr == "stopped\n"
    assert "stopping" in workspace.run("logs").stdout
    assert workspace.run("stop").stderr == "nothing is running\n"
    assert workspace.json("status", code=3)["server"]["state"] == "stopped"


def test_verify_fails_for_what_is_not_applied(machine: Machine) -> None:
    workspace = machine.workspace
    assert workspace.run("start").returncode == 0
    machine.declare(TGI_ENV.replace("adapters/loud", "adapters/zero"))
    assert "loud changes nothing: all its B are 0" in failed(workspace)
    machine.declare(TGI_ENV)
    unknown = {"OPSCTL_ADAPTER": "misspelt"}
    assert "declares no adapter misspelt" in failed(workspace, unknown)
    (workspace.root / "deploy" / "tgi.env").unlink()  # as for a server elsewhere
    told = failed(workspace, unknown)
    assert "answers as the base model: misspelt changes nothing" in told
    assert "loud is applied" not in told
    assert workspace.json("verify", env={"OPSCTL_ADAPTER": "loud"})["applied"]


def test_verify_fails_for_a_server_that_drops_the_adapter_after_the_first_token(
    machine: Machine,
) -> None:
    url = machine.workspace.env["OPSCTL_SERVER_URL"]
    adapters = [f"{name}={machine.tiny}/adapters/{name}" for name in ("loud", "zero")]
    port = url.rpartition(":")[2]
    with Forked(
        (f"{machine.tiny}/model", port, *adapters),
        torch=True, module="tests.localtgi.dropping_server",
        cwd=ROOT, env=dict(os.environ), stdout=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        assert server.stdout
        while not server.stdout.readline().startswith("ready"):
            assert server.poll() is None
        told = failed(machine.workspace)
        server.terminate()
    assert "dropped after the first token" in told


def test_a_server_that_was_killed_is_exit_3_and_start_brings_it_back(machine: Machine) -> None:
    workspace = machine.workspace
    assert workspace.run("start").returncode == 0
    kill(server_pid(workspace))
    assert workspace.json("status", code=3)["server"]["state"] == "exited"
    reply = workspace.answer(question(1))
    assert reply["engine"] == "extractive"
    assert reply["note"]
    assert workspace.run("start").returncode == 0
    assert workspace.answer(question(1))["engine"] == "server"


@pytest.mark.parametrize("fault", ["damaged", "no model"])
def test_a_start_that_fails_says_why(machine: Machine, fault: str) -> None:
    model = machine.workspace.root / "model"
    if fault == "damaged":
        shutil.copytree(machine.tiny / "model", model)
        weights = model / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:1000])
    told = machine.workspace.fails(1, "start", "--server", "local", "--model", str(model))
    assert str(model) in told


def test_another_model_by_folder_and_in_gptq(machine: Machine) -> None:
    model = str(machine.tiny / "model-gptq")
    done = machine.workspace.run("start", "--server", "local", "--model", model)
    assert done.returncode == 0, done
    assert machine.workspace.json("status")["server"]["model_id"] == model
    again = machine.workspace.run("restart")
    assert again.returncode == 0, again
    assert machine.workspace.json("status")["server"]["model_id"] == model


def failed(workspace: Workspace, env: dict[str, str] | None = None) -> str:
    """What verify says when it fails: exit code 1 and one sentence with a hint."""
    done = workspace.run("verify", env=env)
    assert done.returncode == 1, done
    error, hint = done.stderr.splitlines()
    assert error.startswith("error: ") and hint.startswith("hint: ")
    return done.stdout + done.stderr


def kill(pid: int) -> None:
    """Kill a process and wait for its end."""
    process = psutil.Process(pid)
    process.kill()
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)


def server_pid(workspace: Workspace) -> int:
    record = json.loads((workspace.state / "run" / "server.json").read_text())
    return int(record["pid"])
