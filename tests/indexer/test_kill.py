"""A reindex that is killed, interrupted or met by another: nothing is lost, nothing done twice."""

import random
import secrets
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.workspace import VECTORS, Workspace, go_on, note, question, stop_in_the_middle

FILES = 400
OLD = range(2000, 2010)
MANY = 130  # files a kill, so that runs that are cut short do not come to the end of them


@pytest.fixture
def workspace(workspace: Workspace) -> Workspace:
    workspace.env |= VECTORS
    return workspace


def fill(workspace: Workspace, numbers: range) -> None:
    for number in numbers:
        # Three passages a file: each text is longer than half of the limit of a passage.
        parts = (f"{note(number)} {part} " + f"Часть{part} описи{number}. " * 30 for part in "абв")
        workspace.write(f"notes/{number}.txt", "\n\n".join(parts))


def kill(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.communicate()


def building(workspace: Workspace) -> Path:
    """The SQLite file that an unfinished rebuild fills."""
    index = workspace.state / "index"
    return index / (index / "building").read_text().strip() / "store.sqlite"


def check_index(workspace: Workspace) -> str:
    (check,) = [c for c in workspace.json("doctor") if c["name"] == "index"]
    return str(check["result"])


def test_kills_at_random_moments_lose_nothing_and_nothing_is_embedded_again(
    workspace: Workspace, size: Callable[[int, int], int]
) -> None:
    kills = size(10, 3)
    many = kills * MANY
    seed = secrets.randbits(32)
    print(f"seed: {seed}")  # noqa: T201 - pytest shows it when the test fails
    rng = random.Random(seed)
    fill(workspace, OLD)
    before = workspace.reindex()["embedded"]
    assert before
    fill(workspace, range(many))
    have = workspace.vectors()
    assert have == before
    killed = 0
    for _ in range(kills):
        process = workspace.start("reindex", fresh=True)
        assert process.stderr
        tenths = rng.randrange(2)  # of what is left to do; 0: perhaps before the work begins
        for _ in range(tenths):
            process.stderr.readline()
        time.sleep(rng.uniform(0, 0.05 if tenths else 0.4))
        kill(process)
        killed += process.returncode == -signal.SIGKILL
        number = rng.choice(OLD)
        assert workspace.source(question(number)) == f"notes/{number}.txt"
        assert check_index(workspace) in ("ok", "warning")
        assert workspace.vectors() >= have
        have = workspace.vectors()
    assert killed >= kills / 2  # else the moments were not in the middle
    report = workspace.reindex()
    assert report["failed"] == []
    assert workspace.json("status")["index"]["documents"] == many + len(OLD)
    assert check_index(workspace) == "ok"
    # Every unit is embedded once: those from before the last run are not made again.
    (units,) = workspace.query("SELECT count(DISTINCT digest) FROM unit")[0]
    assert have + report["embedded"] == workspace.vectors() == units
    for number in rng.sample(range(many), 3):
        assert workspace.source(question(number)) == f"notes/{number}.txt"
    assert workspace.reindex()["embedded"] == 0


def test_a_killed_rebuild_leaves_the_old_index_and_the_next_run_goes_on_with_it(
    workspace: Workspace,
) -> None:
    fill(workspace, range(FILES))
    total = len(workspace.reindex()["added"])
    old = workspace.store
    process = workspace.start("reindex", "--rebuild")
    stop_in_the_middle(process, lines=5)
    kill(process)
    assert workspace.store == old
    assert workspace.json("status")["index"]["building"]
    assert workspace.source(question(7)) == "notes/7.txt"
    (done,) = workspace.query("SELECT count(*) FROM document WHERE live", store=building(workspace))
    assert done[0] < total
    report = workspace.reindex()  # no --rebuild: it is unfinished business
    assert len(report["added"]) == total - done[0]
    assert workspace.store != old
    assert not workspace.json("status")["index"]["building"]
    assert workspace.source(question(7)) == "notes/7.txt"
    workspace.reindex()
    assert not old.exists()


def test_a_rebuild_asked_for_again_after_a_kill_goes_on_too(workspace: Workspace) -> None:
    fill(workspace, range(FILES))
    total = len(workspace.reindex()["added"])
    process = workspace.start("reindex", "--rebuild")
    stop_in_the_middle(process, lines=5)
    kill(process)
    (done,) = workspace.query("SELECT count(*) FROM document WHERE live", store=building(workspace))
    assert len(workspace.reindex("--rebuild")["added"]) == total - done[0]


def test_words_are_searched_while_vectors_are_made_and_a_kill_keeps_those_made(
    workspace: Workspace,
) -> None:
    fill(workspace, range(FILES))
    process = workspace.start("reindex", fresh=True)
    stop_in_the_middle(process, lines=3, work="vectors")
    (units,) = workspace.query("SELECT count(DISTINCT digest) FROM unit")[0]
    assert 0 < workspace.vectors() < units
    assert workspace.source(question(7)) == "notes/7.txt"
    workspace.write("notes/new.txt", note(5000))
    assert workspace.reindex()["added"] == ["notes/new.txt"]  # nobody waits for vectors
    assert workspace.source(question(5000)) == "notes/new.txt"
    kill(process)
    have = workspace.vectors()
    assert have + workspace.reindex()["embedded"] == workspace.vectors() == units + 2
    assert workspace.reindex()["embedded"] == 0


def test_ctrl_c_exits_with_130_and_the_next_run_goes_on(workspace: Workspace) -> None:
    fill(workspace, range(FILES))
    process = workspace.start("reindex", fresh=True)
    stop_in_the_middle(process, lines=2)
    process.send_signal(signal.SIGINT)
    done = go_on(process)
    assert done.returncode == 130
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "opsctl reindex" in done.stderr
    (have,) = workspace.query("SELECT count(*) FROM document WHERE live")
    assert have[0]
    report = workspace.reindex()
    assert have[0] + len(report["added"]) == FILES
    assert workspace.json("status")["index"]["documents"] == FILES


def test_sigterm_ends_a_reindex_and_the_next_run_goes_on(workspace: Workspace) -> None:
    fill(workspace, range(FILES))
    process = workspace.start("reindex", fresh=True)
    stop_in_the_middle(process, lines=2)
    process.terminate()
    assert go_on(process).returncode != 0
    assert workspace.reindex()["failed"] == []
    assert workspace.json("status")["index"]["documents"] == FILES


def test_a_second_reindex_is_refused_and_names_the_process_that_is_at_it(
    workspace: Workspace,
) -> None:
    fill(workspace, OLD)
    workspace.reindex()
    fill(workspace, range(FILES))
    first = workspace.start("reindex", "--json", fresh=True)
    stop_in_the_middle(first)
    told = workspace.fails(1, "reindex")
    assert f"process {first.pid} " in told
    assert f"process {first.pid} " in workspace.fails(1, "reindex", "--rebuild")
    # Those who only read are not kept waiting.
    assert workspace.source(question(OLD[0])) == f"notes/{OLD[0]}.txt"
    assert workspace.json("status")["index"]["state"] == "ready"
    workspace.reindex("--dry-run")
    assert go_on(first).returncode == 0
    assert workspace.json("status")["index"]["documents"] == FILES + len(OLD)


def test_the_lock_of_a_killed_reindex_stops_no_one(workspace: Workspace) -> None:
    fill(workspace, range(FILES))
    process = workspace.start("reindex")
    stop_in_the_middle(process)
    kill(process)
    assert workspace.reindex()["failed"] == []


def test_questions_during_a_rebuild_are_answered_from_the_old_index(workspace: Workspace) -> None:
    fill(workspace, range(FILES))
    workspace.reindex()
    process = workspace.start("reindex", "--rebuild")
    stop_in_the_middle(process)
    assert workspace.source(question(FILES - 1)) == f"notes/{FILES - 1}.txt"
    assert go_on(process).returncode == 0
    assert workspace.source(question(FILES - 1)) == f"notes/{FILES - 1}.txt"
