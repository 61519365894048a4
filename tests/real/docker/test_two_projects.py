"""Two projects on one real Docker engine: neither touches the other's container."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.settings import Settings
from tests.real.docker import image
from tests.real.docker.conftest import project
from tests.real.docker.engine import Engine
from tests.workspace import Workspace

NAME = "opsctl-tgi"
# Another program of somebody's, for which the one image that there is will do.
SLEEP = ("--entrypoint", str(image.PYTHON), Settings.image, "-c", "import time; time.sleep(600)")


@pytest.fixture
def projects(
    engine: Engine, downloaded: Path, tmp_path: Path
) -> Iterator[tuple[Workspace, Workspace]]:
    """Two checkouts with the models, on two ports. Leaves no container."""
    yield project(tmp_path / "a", engine, downloaded), project(tmp_path / "b", engine, downloaded)
    engine.clear()


def inspect(engine: Engine) -> Any:
    """The container of that name, which must run."""
    [found] = json.loads(engine.docker("container", "inspect", NAME))
    assert found["State"]["Status"] == "running"
    return found


def test_start_and_stop_in_one_leave_the_others_server_alone(
    engine: Engine, projects: tuple[Workspace, Workspace]
) -> None:
    mine, other = projects
    started = mine.run("start")
    assert started.returncode == 0, started
    before = inspect(engine)
    assert before["Config"]["Labels"]["opsctl.state"] == str(mine.state)

    whose = f"belongs to another opsctl, whose state is in {mine.state}"
    stopped = other.run("stop")
    assert stopped.returncode == 0
    assert whose in stopped.stderr
    assert "nothing is running" in stopped.stderr
    for command in ("start", "restart"):
        assert whose in other.fails(1, command, "--server", "docker")

    after = inspect(engine)
    assert (after["Id"], after["State"]) == (before["Id"], before["State"])
    assert mine.json("status", code=None)["server"]["state"] == "ready"
    assert mine.run("stop").stderr.endswith("stopped\n")
    assert engine.containers() == []


def test_what_one_has_stopped_the_other_may_start(
    engine: Engine, projects: tuple[Workspace, Workspace]
) -> None:
    for workspace in projects:
        started = workspace.run("start")
        assert started.returncode == 0, started
        assert inspect(engine)["Config"]["Labels"]["opsctl.state"] == str(workspace.state)
        assert "already running" in workspace.run("start").stderr
        assert workspace.run("stop").stderr.endswith("stopped\n")
        assert engine.containers() == []


def test_a_container_of_that_name_made_by_hand_is_never_touched(
    engine: Engine, projects: tuple[Workspace, Workspace]
) -> None:
    workspace, _ = projects
    engine.docker("run", "--detach", "--name", NAME, *SLEEP)
    before = inspect(engine)
    assert "belongs to another program: left alone" in workspace.run("stop").stderr
    for command in ("start", "restart"):
        said = workspace.fails(1, command, "--server", "docker")
        assert "belongs to another program" in said
    after = inspect(engine)
    assert (after["Id"], after["State"]) == (before["Id"], before["State"])
