"""Fixtures: folders of documents with the command line that is run on them."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from indexer.embedders import HashedStems
from indexer.sync import Chunking, reindex
from tests.limits import without_root_rights
from tests.workspace import Workspace, note

# A shell that starts the tests in the background has them ignore Ctrl-C, and with them every
# program that they start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="brute force at its full size")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is slow by design, unless it is asked for."""
    if not config.getoption("--full"):
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


@pytest.fixture(scope="session")
def size(request: pytest.FixtureRequest) -> Callable[[int, int], int]:
    """How often a brute-force test tries: `size(full, short)`; the full number with --full."""
    full = bool(request.config.getoption("--full"))
    return lambda most, few: most if full else few


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An empty workspace."""
    made = Workspace(tmp_path)
    made.documents.mkdir()
    return made


@pytest.fixture
def indexed(workspace: Workspace) -> Workspace:
    """A workspace with notes 1 to 3 in its index."""
    for number in (1, 2, 3):
        workspace.write(f"note{number}.txt", note(number))
    workspace.reindex()
    return workspace


@pytest.fixture
def plain_user(workspace: Workspace) -> Iterator[Workspace]:
    """A workspace whose commands run without root's right to read and write everything."""
    if os.geteuid() == 0:
        workspace.options["preexec_fn"] = without_root_rights
    yield workspace
    for folder in (workspace.root, *workspace.root.rglob("*")):
        if folder.is_dir() and not folder.is_symlink():
            folder.chmod(0o700)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real sentence-transformers model of two layers, made from the words of the notes."""
    folder = tmp_path_factory.mktemp("tiny-model")
    texts = [note(number) for number in range(20)]
    script = Path(__file__).with_name("make_tiny_model.py")
    subprocess.run(
        [sys.executable, str(script), str(folder)],
        input="\n".join(texts), text=True, check=True, capture_output=True,
    )  # fmt: skip
    return folder


@pytest.fixture(scope="session")
def sample_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the sample corpus, made with the built-in embedder."""
    folder = tmp_path_factory.mktemp("sample") / "index"
    documents = Path(__file__).resolve().parent.parent / "documents"
    reindex(documents, folder, HashedStems(), Chunking())
    return folder
