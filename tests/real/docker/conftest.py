"""Runs these tests in a box of their own, with a Docker engine in it.

Where a part cannot be had they are skipped and say why; in CI (CI=true) that is a failure.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NoReturn

import pytest

from core.settings import Settings
from tests.gpu_server import GPUServer, download_models, free_port
from tests.real import box
from tests.real.docker import bot_image, image
from tests.real.docker.engine import ENGINE, Engine, running
from tests.real.parts import MissingPartError
from tests.workspace import Workspace

ROOT = Path(__file__).resolve().parents[3]
MISSING = pytest.StashKey[str]()


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Have the same command line run in a box, and end with its exit code."""
    if box.is_inside() or config.option.collectonly:
        return None
    with suppress(MissingPartError):  # whose tests say so
        bot_image.wheels()
    try:
        argv = [sys.executable, "-m", "pytest", *config.invocation_params.args]
        return box.run_inside(argv, ENGINE)
    except MissingPartError as missing:
        config.stash[MISSING] = str(missing)
        return None


@pytest.fixture(scope="session")
def engine(pytestconfig: pytest.Config) -> Iterator[Engine]:
    """A Docker engine that has the stand-in server as TGI's image."""
    if not box.is_inside():
        missing(pytestconfig.stash.get(MISSING, "these tests are run by: make test-real"))
    with ExitStack() as stack:
        try:
            made = stack.enter_context(running())
        except MissingPartError as error:
            missing(str(error))
        image.make(made, Settings.image)
        yield made


@pytest.fixture(scope="session")
def downloaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with the models."""
    return download_models(tmp_path_factory.mktemp("downloaded"))


def project(root: Path, engine: Engine, models: Path) -> Workspace:
    """A checkout whose commands find the engine and a card of 24 GB."""
    workspace = Workspace(root)
    workspace.documents.mkdir(parents=True)
    (root / "bin").mkdir()
    shutil.copytree(ROOT / "deploy", root / "deploy")
    shutil.copytree(models, workspace.state)
    port = free_port()
    workspace.env |= {
        **engine.env,
        "PATH": f"{root / 'bin'}:{engine.env['PATH']}",
        "OPSCTL_SERVER_URL": f"http://127.0.0.1:{port}",
    }
    GPUServer(workspace, port).gpu_memory()
    return workspace


def missing(why: str) -> NoReturn:
    """Skip, or fail in CI, where every part is to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"a real part is missing: {why}", pytrace=False)
    pytest.skip(f"a real part is missing: {why}")
