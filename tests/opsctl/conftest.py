"""Fixtures: a GPU server with everything downloaded, and a fresh one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import gpu_server
from tests.gpu_server import GPUServer
from tests.workspace import Workspace


@pytest.fixture(scope="session")
def downloaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder that `opsctl download` filled from the fake Hub."""
    return gpu_server.download_models(tmp_path_factory.mktemp("downloaded"))


@pytest.fixture
def fresh_server(workspace: Workspace) -> Iterator[GPUServer]:
    """A GPU server with nothing on it but the checkout."""
    made = gpu_server.make(workspace, models=None)
    yield made
    made.stop()


@pytest.fixture
def server(workspace: Workspace, downloaded: Path) -> Iterator[GPUServer]:
    """A GPU server with the models downloaded."""
    made = gpu_server.make(workspace, downloaded)
    yield made
    made.stop()
