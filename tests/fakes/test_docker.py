"""The stand-in for docker speaks as engines 20.10 to 28.5 were seen to: a row is a call."""

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import docker
from tests.fakes.docker import DIGEST, NAME, Scenario

SOCKET = "unix:///var/run/docker.sock"
DOWN = f"Cannot connect to the Docker daemon at {SOCKET}. Is the docker daemon running?\n"
DENIED = f"permission denied while trying to connect to the Docker daemon socket at {SOCKET}\n"
NONE = f"Error response from daemon: No such container: {NAME}\n"
ADVICE = "\n\nRun 'docker run --help' for more information\n"
ID = re.compile(r"[0-9a-f]{64}\n")
IMAGE = ("image", "inspect", "--format", "[{{json .RepoDigests}}, {{json .Id}}]", "x:1")
INFO = ("info", "--format", "[{{json .Runtimes}}, {{json .DockerRootDir}}]")
ENGINE = {"Components": [{"Name": "Engine"}], "Version": "28.2.2"}
VERSION = {"Client": {"Version": "28.2.2"}, "Server": ENGINE}
STATE = {
    "Status", "Paused", "Restarting", "OOMKilled", "ExitCode", "Error", "StartedAt", "FinishedAt",
}  # fmt: skip
ROWS: list[tuple[dict[str, Any], tuple[str, ...], int, str, str]] = [
    ({}, ("version", "--format", "{{json .}}"), 0, f"{json.dumps(VERSION)}\n", ""),
    ({"engine": "down"}, ("version",), 1, "", DOWN),
    ({"engine": "denied"}, ("container", "inspect", NAME), 1, "", DENIED),
    ({}, INFO, 0, '[{"nvidia": {}, "runc": {}}, "/"]\n', ""),
    ({}, IMAGE, 0, f'[["{DIGEST}"], "{docker.ID}"]\n', ""),
    ({"digest": ""}, IMAGE, 0, f'[[], "{docker.ID}"]\n', ""),
    ({"image": False}, IMAGE, 1, "\n", "Error response from daemon: No such image: x:1\n"),
    ({}, ("container", "inspect", NAME), 1, "[]\n", NONE),
    ({}, ("container", "rm", NAME), 1, "", NONE),
    ({}, ("container", "rm", "--force", NAME), 0, "", NONE),
    ({}, ("stop", "-t", "75", NAME), 1, "", NONE),
    ({}, ("logs", NAME), 1, "", NONE),
    ({}, ("update", "--restart", "unless-stopped", NAME), 1, "", NONE),
]


def call(folder: Path, *argv: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    done = subprocess.run([folder / "bin" / "docker", *argv], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(("scenario", "argv", "code", "stdout", "stderr"), ROWS)
def test_without_a_container(
    tmp_path: Path,
    scenario: dict[str, Any],
    argv: tuple[str, ...],
    code: int,
    stdout: str,
    stderr: str,
) -> None:
    docker.install(tmp_path, Scenario(**scenario))
    assert call(tmp_path, *argv) == (code, stdout, stderr)


def test_a_container_that_is_refused(tmp_path: Path) -> None:
    """It is made all the same; its id is on stdout, and the cause is not the last line."""
    docker.install(tmp_path, Scenario(run_error="no space left on device"))
    code, stdout, stderr = call(tmp_path, "run", "--name", NAME, "x:1")
    assert (code, stderr) == (
        125,
        f"docker: Error response from daemon: no space left on device{ADVICE}",
    )
    assert ID.fullmatch(stdout)
    state = json.loads(call(tmp_path, "container", "inspect", NAME)[1])[0]["State"]
    seen = (state["Status"], state["ExitCode"], state["Error"])
    assert seen == ("created", 128, "no space left on device")
    code, _, stderr = call(tmp_path, "run", "--name", NAME, "x:1")
    assert code == 125 and "Conflict. The container name" in stderr


def test_the_life_of_a_container(tmp_path: Path) -> None:
    """It goes by its name and its id, keeps its log when it has ended, and is gone with it."""
    docker.install(tmp_path, Scenario(log="disk", exit_code=3))
    code, stdout, _ = call(tmp_path, "run", "--detach", "--label", "a=b", "--name", NAME, "x:1")
    assert code == 0 and ID.fullmatch(stdout)
    for _ in range(500):
        made = json.loads(call(tmp_path, "container", "inspect", stdout.strip())[1])[0]
        if made["State"]["Status"] == "exited":
            break
        time.sleep(0.02)
    assert (made["Id"], made["Config"]["Labels"]) == (stdout.strip(), {"a": "b"})
    assert set(made["State"]) == STATE
    assert (made["State"]["ExitCode"], made["State"]["OOMKilled"]) == (3, False)
    assert made["State"]["FinishedAt"] >= made["State"]["StartedAt"]
    shown = call(tmp_path, "logs", "--tail", "2", NAME)[1].splitlines()
    assert "No space left on device" in shown[0] and shown[1] == "Error: DownloadError"
    for argv in (("stop", NAME), ("update", "--restart", "no", NAME), ("container", "rm", NAME)):
        assert call(tmp_path, *argv) == (0, f"{NAME}\n", "")
    assert call(tmp_path, "logs", NAME) == (1, "", NONE)


def test_an_option_that_docker_does_not_know(tmp_path: Path) -> None:
    docker.install(tmp_path, Scenario())
    assert call(tmp_path, "run", "--no-such", "x:1")[0] != 0
    assert docker.calls(tmp_path / "docker-world") == [["run", "--no-such", "x:1"]]
