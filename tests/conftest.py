"""Fixtures: folders of documents with the command line that is run on them."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from indexer.embedders import HashedStems
from indexer.sync.reindex import Chunking, reindex
from tests.limits import without_root_rights
from tests.workspace import Workspace, note

# A test that can reach one of these may start a process, and is marked so.
MODULES_THAT_START = {
    "subprocess", "Reading", "Workspace", "BotProcess", "tgi_process", "colab_for",
}  # fmt: skip
TRAINS = {"tiny_model", "tiny_base"}
FIXTURES_THAT_START = {*TRAINS, "workspace", "torch_process"}

# A shell that starts the tests in the background has them ignore Ctrl-C, and with them every
# program that they start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

STARTS: list[object] = []
sys.addaudithook(
    lambda event, args: STARTS.append(args[1]) if event == "subprocess.Popen" else None
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="brute force at its full size")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Function]) -> None:
    """Leave out what is slow by design unless it is asked for; mark what starts processes."""
    if not config.getoption("--full"):
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]
    for item in items:
        reach = MODULES_THAT_START & set(vars(item.module))
        if reach or FIXTURES_THAT_START & set(item.fixturenames):
            item.add_marker("process")
    order_for_two(items)


def order_for_two(items: list[pytest.Function]) -> None:
    """The tests of torch first in each half, which is a worker's: they and what they hold are
    never moved to a worker that has come to its end and takes over tests from the other."""
    training = [item for item in items if TRAINS & set(item.fixturenames)]
    serving = [item for item in items if "torch_process" in item.fixturenames]
    others = [item for item in items if item not in training and item not in serving]
    half = max(len(items) // 2 - len(training), 0)
    items[:] = [*training, *others[:half], *serving, *others[half:]]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """See that the marks are true."""
    marked = item.get_closest_marker("process") is not None
    STARTS.clear()
    yield
    assert marked or not STARTS, f"starts {STARTS}: to be marked by tests/conftest.py"


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
