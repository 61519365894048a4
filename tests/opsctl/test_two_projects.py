"""Two projects on one Docker engine: neither touches the other's container."""

import dataclasses
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.gpu_server import GPUServer, free_port
from tests.workspace import Workspace


@pytest.fixture
def other(server: GPUServer, tmp_path: Path) -> Workspace:
    """A second project on the same machine, with the same engine and another port."""
    root = tmp_path / "other"
    shutil.copytree(server.workspace.root / "deploy", root / "deploy")
    shutil.copytree(server.workspace.state, root / "var")
    made = dataclasses.replace(server.workspace, root=root, env=dict(server.workspace.env))
    made.env["OPSCTL_SERVER_URL"] = f"http://127.0.0.1:{free_port()}"
    made.documents.mkdir()
    return made


def container(server: GPUServer) -> str:
    found = json.loads((server.world / "container.json").read_text())
    assert found["State"]["Status"] == "running"
    return str(found["Id"])


def test_neither_stop_nor_start_nor_restart_touches_anothers(
    server: GPUServer, other: Workspace
) -> None:
    first = server.workspace
    assert first.run("start").returncode == 0
    running = container(server)
    stopped = other.run("stop")
    assert stopped.returncode == 0
    whose = f"belongs to another opsctl, whose state is in {first.state}"
    assert whose in stopped.stderr and "nothing is running" in stopped.stderr
    for command in ("start", "restart"):
        said = other.fails(1, command, "--server", "docker")
        assert whose in said and f"OPSCTL_STATE={first.state} opsctl stop" in said
    assert other.json("status", code=None)["server"]["state"] == "unreachable"
    assert container(server) == running
    assert first.json("status", code=None)["server"]["state"] == "ready"
    assert "stopped" in first.run("stop").stderr
    assert other.run("start", "--server", "docker").returncode == 0
    assert other.run("stop").stderr.endswith("stopped\n")


def test_a_container_that_opsctl_did_not_make_is_left_alone(server: GPUServer) -> None:
    workspace = server.workspace
    assert workspace.run("start").returncode == 0
    path = server.world / "container.json"
    made = json.loads(path.read_text())
    path.write_text(json.dumps({**made, "Config": {"Labels": {}}}))
    assert "belongs to another program: left alone" in workspace.run("stop").stderr
    assert "docker rm --force opsctl-tgi" in workspace.fails(1, "start", "--server", "docker")
    assert container(server) == made["Id"]
    path.write_text(json.dumps(made))


def test_one_that_takes_the_name_in_between_is_left_alone(
    server: GPUServer, other: Workspace
) -> None:
    mine = str(server.workspace.state)
    server.docker(rival=mine)
    said = other.fails(1, "start", "--server", "docker")
    assert f"belongs to another opsctl, whose state is in {mine}" in said
    assert container(server)
    (server.world / "container.json").unlink()


def test_a_container_that_somebody_removed_is_told_as_gone(server: GPUServer) -> None:
    workspace = server.workspace
    assert workspace.run("start").returncode == 0
    docker = workspace.root / "bin" / "docker"
    subprocess.run([docker, "container", "rm", "--force", "opsctl-tgi"], check=True)
    status = workspace.json("status", code=3)["server"]
    assert (status["state"], status["fix"]) == ("exited", "opsctl start")
    assert "removed" in status["reason"]
