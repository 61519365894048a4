"""The container of release 0.1 on a real Docker engine: it is found, replaced and stopped."""

import json
from pathlib import Path

import pytest

from core.settings import Settings
from tests.real.docker.conftest import project
from tests.real.docker.engine import Engine
from tests.workspace import Workspace

RECORD = {"wanted": "docker", "pid": 0, "process_started": 0.0, "config": "fe2ed500c002068d"}


def left(root: Path, engine: Engine, models: Path) -> Workspace:
    """A checkout whose server that release started, by the command line of its commit 822adb2."""
    made = project(root, engine, models)
    port = made.env["OPSCTL_SERVER_URL"].rpartition(":")[2]
    shim = "/opt/opsctl/tgi_shim"
    mounts = {
        made.state / "models": "/data/models",
        made.state / "adapters": "/data/adapters",
        root / "deploy" / "tgi_shim": shim,
    }
    engine.docker(
        "run", "--detach", "--name", "opsctl-tgi", "--label", f"opsctl.config={RECORD['config']}",
        "--gpus", "device=0", "--shm-size", "1g", "--publish", f"127.0.0.1:{port}:80",
        *(f"--mount=type=bind,source={at},target={to},readonly" for at, to in mounts.items()),
        "--env", f"PYTHONPATH={shim}", "--env-file", str(root / "deploy" / "tgi.env"),
        "--log-opt", "max-size=20m", "--log-opt", "max-file=5", "--stop-timeout", "75",
        Settings.image,
    )  # fmt: skip
    engine.docker("update", "--restart", "unless-stopped", "opsctl-tgi")
    (made.state / "run").mkdir(exist_ok=True)
    (made.state / "run" / "server.json").write_text(json.dumps(RECORD | {"model": ""}))
    return made


@pytest.mark.parametrize("known", [True, False])
def test_stop_leaves_no_container(
    engine: Engine, downloaded: Path, tmp_path: Path, known: bool
) -> None:
    workspace = left(tmp_path, engine, downloaded)
    if not known:
        (workspace.state / "run" / "server.json").unlink()
    try:
        assert workspace.run("stop").stderr.endswith("stopped\n")
        assert engine.containers() == []
    finally:
        engine.clear()


def test_start_replaces_it(engine: Engine, downloaded: Path, tmp_path: Path) -> None:
    workspace = left(tmp_path, engine, downloaded)
    [before] = engine.containers()
    try:
        started = workspace.run("start")
        assert started.returncode == 0, started
        assert "its settings have changed: restarting it" in started.stderr
        [after] = engine.containers()
        assert after != before
        assert workspace.json("status", code=None)["server"]["state"] == "ready"
        assert workspace.run("stop").stderr.endswith("stopped\n")
        assert engine.containers() == []
    finally:
        engine.clear()


def test_that_of_another_folder_is_left_alone(
    engine: Engine, downloaded: Path, tmp_path: Path
) -> None:
    workspace = left(tmp_path / "a", engine, downloaded)
    other = project(tmp_path / "b", engine, downloaded)
    try:
        stopped = other.run("stop").stderr
        assert f"another opsctl, whose state is in {workspace.state}: left alone" in stopped
        assert len(engine.containers()) == 1
    finally:
        engine.clear()
