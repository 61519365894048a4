"""What a real engine refuses, and what befalls a container, is told with its cause and a way on."""

import signal
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.settings import Settings
from tests.opsctl.telegram import eventually
from tests.real.docker import image
from tests.real.docker.conftest import project
from tests.real.docker.engine import Engine
from tests.workspace import Workspace

pytestmark = pytest.mark.process

NAME = "opsctl-tgi"
MISMATCH = """#!/bin/sh
cat > /dev/null
echo "nvidia-container-cli: initialization error: nvml error: driver/library version mismatch" >&2
exit 1
"""
SLOW = "#!/bin/sh\ncat > /dev/null\nsleep 4\n"
REBOOT = "the NVIDIA driver was updated, and the old one is still loaded"


@pytest.fixture
def mine(engine: Engine, downloaded: Path, tmp_path: Path) -> Iterator[Workspace]:
    """A checkout in a folder whose name Docker's options must quote. Leaves no container."""
    yield project(tmp_path / 'a, "b"', engine, downloaded)
    engine.clear()


def server(workspace: Workspace) -> Any:
    """What status says of the model server."""
    return workspace.json("status", code=None)["server"]


def started(workspace: Workspace, **env: str) -> None:
    done = workspace.run("start", env=env)
    assert done.returncode == 0, done


def import_image(engine: Engine, folder: Path, name: str, entry: str) -> None:
    """An image of one file /e, which is no program, and of what it is to start with."""
    (folder / "e").write_text("")
    with tarfile.open(folder / "e.tar", "w") as tar:
        tar.add(folder / "e", "e")
    engine.docker("import", "--change", f"ENTRYPOINT {entry}", str(folder / "e.tar"), name)


@pytest.mark.parametrize("entry", ["/e", "/nosuch"])
def test_an_image_that_cannot_be_started(
    engine: Engine, mine: Workspace, tmp_path: Path, entry: str
) -> None:
    import_image(engine, tmp_path, "odd:1", f'["{entry}"]')
    told = mine.fails(1, "start", env={"OPSCTL_IMAGE": "odd:1"})
    assert f"the image cannot be started: {entry} failed" in told
    assert "OPSCTL_IMAGE" in told.splitlines()[-1]
    assert "cannot be started" in server(mine)["reason"]


@pytest.mark.parametrize(
    ("hook", "cause", "hint"),
    [("", "no access to the GPU", "nvidia-container-toolkit"), (MISMATCH, REBOOT, "sudo reboot")],
)
def test_a_container_that_gets_no_gpu(
    engine: Engine, mine: Workspace, hook: str, cause: str, hint: str
) -> None:
    with engine.hook(hook):
        told = mine.fails(1, "start")
    assert cause in told
    assert hint in told.splitlines()[-1]


@pytest.mark.parametrize(
    ("env", "cause"),
    [
        ({"DOCKER_HOST": "nonsense"}, "cannot reach an engine"),
        ({"DOCKER_API_VERSION": "1.90"}, "does not fit the engine: client version 1.90 is too new"),
    ],
)
def test_a_client_that_finds_no_engine(mine: Workspace, env: dict[str, str], cause: str) -> None:
    rows = {row["name"]: row for row in mine.json("doctor", env=env, code=1)}
    assert cause in rows["docker"]["detail"]
    assert rows["toolkit"]["detail"] == rows["image"]["detail"] == "not known"
    assert cause in mine.fails(1, "start", env=env)


def test_what_befalls_a_container(engine: Engine, mine: Workspace) -> None:
    started(mine)
    engine.docker("pause", NAME)
    assert server(mine)["reason"] == f"the container {NAME} is paused"
    assert f"hint: docker unpause {NAME}" in mine.fails(1, "start")
    engine.docker("unpause", NAME)

    engine.stop()
    with engine.hook(MISMATCH):
        engine.start()
        eventually(lambda: server(mine)["state"] == "exited")
        assert (server(mine)["reason"], server(mine)["fix"]) == (REBOOT, "sudo reboot")

    started(mine)
    engine.stop()
    mine.state.joinpath("models").rename(mine.state / "elsewhere")
    engine.start()
    eventually(lambda: server(mine)["state"] == "exited")
    assert "is its disk mounted?" in server(mine)["reason"]
    assert "is its disk mounted?" in mine.fails(1, "start")
    mine.state.joinpath("elsewhere").rename(mine.state / "models")

    started(mine)
    engine.docker("rm", "--force", NAME)
    gone = server(mine)
    assert (gone["state"], gone["fix"]) == ("exited", "opsctl start")
    assert "another program removed it" in gone["reason"]


def test_an_engine_that_hangs(engine: Engine, mine: Workspace) -> None:
    started(mine)
    with engine.hanging():
        begun = time.monotonic()
        said = server(mine)
        assert time.monotonic() - begun < 60
    assert said["reason"].startswith("the Docker engine hangs: no answer within")
    assert said["state"] == "ready"  # the server itself answers all the same


def test_ctrl_c_while_docker_makes_the_container(engine: Engine, mine: Workspace) -> None:
    with engine.hook(SLOW), mine.start("start") as process:
        eventually(engine.containers)
        process.send_signal(signal.SIGINT)
        process.communicate()
        assert process.returncode == 130
        eventually(lambda: server(mine)["state"] == "ready")
    assert mine.run("stop").stderr.endswith("stopped\n")
    assert engine.containers() == []


def test_stop_in_the_first_seconds_is_heard(
    engine: Engine, mine: Workspace, tmp_path: Path
) -> None:
    """TGI's launcher has no handler of a SIGTERM yet, which as a first process it must have."""
    sleep = f'["{image.PYTHON}", "-c", "import time; time.sleep(600)"]'
    (tmp_path / "Dockerfile").write_text(f"FROM {Settings.image}\nENTRYPOINT {sleep}\n")
    engine.docker("build", "--quiet", "--tag", "sleep:3.3.7", str(tmp_path))
    with mine.start("start", env={"OPSCTL_IMAGE": "sleep:3.3.7"}) as process:
        eventually(lambda: engine.docker("ps", "--quiet"))
        begun = time.monotonic()
        stopped = mine.run("stop").stderr
        assert time.monotonic() - begun < 30
        assert "was stopped" in process.communicate()[1]
    assert stopped.startswith("stopping TGI")


def test_an_image_from_a_file_is_known_again(
    engine: Engine, mine: Workspace, tmp_path: Path
) -> None:
    """It has no digest, and its name says nothing of what is in it."""
    env = {"OPSCTL_IMAGE": "mine:3.3.7"}
    engine.docker("tag", Settings.image, "mine:3.3.7")
    started(mine, **env)
    assert '"sha256:' in (mine.state / "run" / "images.json").read_text()
    mine.run("stop")
    import_image(engine, tmp_path, "mine:3.3.7", '["/e"]')
    assert "is not the one that was fetched first (sha256:" in mine.fails(1, "start", env=env)
    engine.docker("tag", Settings.image, "mine:3.3.7")
    started(mine, **env)
