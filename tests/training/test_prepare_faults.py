"""opsctl train prepare when something is wrong, and the data set of the Hub."""

import gzip
import json
import signal
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

import pytest

from core.lock import writer_lock
from tests.fakes.hub import FakeHub
from tests.limits import limit_file_size
from tests.training.synthetic_rows import make_rows, write_lines
from tests.training.test_prepare import PREPARE, kept, prepare, source
from tests.workspace import Workspace

ROWS = make_rows(60, seed=3)
DATASET, FILE = "its5Q/yandex-q", "rows.jsonl.gz"


@pytest.mark.parametrize("limit", [0, 1000, 20_000])
def test_a_full_disk_is_told_and_leaves_what_was_there(workspace: Workspace, limit: int) -> None:
    path = source(workspace, ROWS)
    prepare(workspace, ROWS[:20])
    before = kept(workspace)
    source(workspace, ROWS)
    workspace.options["preexec_fn"] = partial(limit_file_size, limit)
    assert "no room for the rows" in workspace.fails(1, *PREPARE, path)
    del workspace.options["preexec_fn"]
    assert kept(workspace) == before
    assert not list((workspace.state / "training").glob("*.part"))


def test_faults_of_the_source_are_told_in_a_sentence(workspace: Workspace) -> None:
    assert "there is no data set" in workspace.fails(1, *PREPARE, "absent.jsonl")
    assert "holds no data files" in workspace.fails(1, *PREPARE, str(workspace.documents))
    empty: tuple[list[Mapping[str, object]], ...] = ([], [{}])
    for rows in empty:
        assert "is empty" in workspace.fails(1, *PREPARE, source(workspace, rows))
    short = [replace(row, answer="Да.") for row in ROWS]
    told = workspace.fails(1, *PREPARE, source(workspace, short))
    assert f"none of the {len(ROWS)} rows" in told and "'answer length' (under 400)" in told
    broken = workspace.root / "broken.jsonl"
    broken.write_text(json.dumps(vars(ROWS[0])) + "\n{oops\n")
    assert "broken.jsonl:2 is not one JSON value" in workspace.fails(1, *PREPARE, str(broken))
    workspace.fails(2, *PREPARE, "--min-answer", "9", "--max-answer", "8")
    assert not (workspace.state / "training" / "data").exists()


def test_only_its_own_folders_are_replaced(workspace: Workspace) -> None:
    path = source(workspace, ROWS)
    workspace.write("mine.txt", "важное")
    told = workspace.fails(1, *PREPARE, path, "--out", str(workspace.documents))
    assert "did not make it" in told
    prepare(workspace, ROWS)
    assert len(kept(workspace)) == len(ROWS)


def test_what_the_extra_lacks_is_told_with_the_command_that_installs_it(
    workspace: Workspace,
) -> None:
    (workspace.root / "pymorphy3.py").write_text(
        "raise ModuleNotFoundError('absent', name='pymorphy3')\n"
    )
    told = workspace.fails(
        1, *PREPARE, source(workspace, ROWS), env={"PYTHONPATH": str(workspace.root)}
    )
    assert "needs the extra `train` (pymorphy3 is not installed)" in told
    assert told.endswith("install EXTRAS=train")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_ended_leaves_what_was_there(workspace: Workspace, number: int) -> None:
    prepare(workspace, ROWS[:20])
    before = kept(workspace)
    rows = [row for _ in range(200) for row in ROWS]
    with workspace.start(*PREPARE, source(workspace, rows)) as process:
        assert process.stderr
        assert process.stderr.readline().startswith("preparing: ")
        process.send_signal(number)
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert kept(workspace) == before
    parts = list((workspace.state / "training").glob("*.part"))
    assert bool(parts) == (number == signal.SIGKILL)
    assert prepare(workspace, rows)["kept"] == len(ROWS)
    assert not list((workspace.state / "training").glob("*.part"))


def test_two_at_once_do_not_disturb_each_other(workspace: Workspace) -> None:
    path = source(workspace, ROWS)
    lock = workspace.state / "training" / ".data.lock"
    lock.parent.mkdir(parents=True)
    part = workspace.state / "training" / "data.part"
    part.mkdir()
    with writer_lock(lock):
        assert "is being prepared" in workspace.fails(1, *PREPARE, path)
        assert part.is_dir()
    assert workspace.json(*PREPARE, path)["kept"] == len(ROWS)
    assert not part.exists()


@pytest.fixture
def hub(workspace: Workspace) -> Iterator[FakeHub]:
    """A Hub with the data set: its rows, and a file with other columns."""
    path = write_lines(workspace.root / "pushed.jsonl", ROWS)
    packed = gzip.compress(path.read_bytes(), mtime=0)
    files = {"README.md": b"# Rows", FILE: packed, "full.jsonl.gz": b"other columns"}
    with FakeHub() as made:
        made.push(f"datasets/{DATASET}", "main", files)
        workspace.env["OPSCTL_HF_ENDPOINT"] = made.url
        yield made


def test_without_a_source_the_data_set_comes_from_the_hub_once(
    workspace: Workspace, hub: FakeHub
) -> None:
    report = workspace.json(*PREPARE)
    assert kept(workspace) == sorted(ROWS, key=lambda row: row.question)
    assert report["source"]["repo"] == DATASET
    assert report["source"]["commit"] == hub.branches[f"datasets/{DATASET}"]["main"]
    assert report["source"]["assumed"]
    folder = workspace.state / "datasets" / DATASET.replace("/", "--")
    assert [path.name for path in folder.iterdir()] == [FILE]
    asked = len(hub.seen)
    assert workspace.json(*PREPARE) == report
    assert len(hub.seen) == asked


def test_a_download_that_was_cut_goes_on(workspace: Workspace, hub: FakeHub) -> None:
    hub.corrupt(FILE)
    told = workspace.fails(1, *PREPARE)
    assert "wrong hash" in told and "opsctl train prepare" in told
    hub.cut(FILE, after=1000)
    assert workspace.json(*PREPARE)["kept"] == len(ROWS)
