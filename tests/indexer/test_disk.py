"""A disk that fills up during a reindex, and index files that were damaged."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.fakes.embeddings import EmbeddingServer
from tests.limits import limit_file_size
from tests.workspace import UNITS, Workspace, note, question

LARGE = range(100, 160)
MANY = 200
TIER = 8  # segments that are merged


def add_much(workspace: Workspace) -> None:
    for number in LARGE:
        lines = (f"Опись{number} строка{line} лежит в ящике." for line in range(1500))
        workspace.write(f"large/{number}.txt", note(number) + "\n\n" + "\n".join(lines))


def fill_up(folder: Path, room: int = 0) -> Path:
    """Fill the disk of a folder up to some bytes; the file that does so."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as stream:
        with pytest.raises(OSError):
            while True:
                stream.write(b"x" * 4096)
        stream.truncate(max(0, stream.tell() - room))
    return filler


def long_note(number: int) -> str:
    """One of more than a hundred passages."""
    lines = (f"Опись{number} строка{line} лежит в ящике." * 9 for line in range(300))
    return note(number) + "\n\n" + "\n".join(lines)


def segments(workspace: Workspace) -> int:
    """How many segments the posting lists are in."""
    return int(workspace.query("SELECT count(*) FROM segment")[0][0])


def largest_file(folder: Path) -> int:
    return max(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("flags", [(), ("--rebuild",)])
def test_a_file_that_can_not_grow_is_told_and_the_old_index_answers(
    indexed: Workspace, flags: tuple[str, ...]
) -> None:
    add_much(indexed)
    room = largest_file(indexed.state) + (1 << 21)
    indexed.options["preexec_fn"] = partial(limit_file_size, room)
    told = indexed.fails(1, "reindex", *flags)
    assert "no room to write" in told
    assert "free some space" in told
    for number in (1, 2, 3):
        assert indexed.source(question(number)) == f"note{number}.txt"
    del indexed.options["preexec_fn"]
    report = indexed.reindex()
    assert report["failed"] == []
    assert indexed.json("status")["index"]["documents"] == 3 + len(LARGE)
    assert indexed.source(question(LARGE[-1])) == f"large/{LARGE[-1]}.txt"


def test_a_first_index_that_finds_no_room_is_made_by_the_next_run(workspace: Workspace) -> None:
    workspace.write("note1.txt", note(1))
    for size in (0, 1 << 12, 1 << 15, 1 << 17):
        workspace.options["preexec_fn"] = partial(limit_file_size, size)
        done = workspace.run("reindex")
        assert "Traceback" not in done.stderr, size
        if done.returncode:
            assert "error: no room" in done.stderr, (size, done)
    del workspace.options["preexec_fn"]
    workspace.reindex()
    assert workspace.source(question(1)) == "note1.txt"


@pytest.fixture
def small_disk(workspace: Workspace) -> Iterator[Callable[[str], None]]:
    """Put the state on a disk of its own; the function given resizes it."""
    workspace.state.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=100m", "tmpfs", str(workspace.state)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting is not permitted")
    yield lambda size: resize(workspace.state, size)
    subprocess.run(["umount", str(workspace.state)], check=True)


def resize(folder: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True)


def test_a_full_disk_is_told_and_the_old_index_answers(
    workspace: Workspace, small_disk: Callable[[str], None]
) -> None:
    workspace.write("note1.txt", note(1))
    workspace.reindex()
    add_much(workspace)
    small_disk("3m")
    told = workspace.fails(1, "reindex")
    assert "no room to write" in told
    assert workspace.source(question(1)) == "note1.txt"
    assert workspace.json("status")["index"]["state"] == "ready"
    small_disk("200m")
    assert workspace.reindex()["failed"] == []
    assert workspace.source(question(LARGE[0])) == f"large/{LARGE[0]}.txt"


def test_a_disk_filled_by_someone_else_to_the_last_byte_still_answers(
    workspace: Workspace, small_disk: Callable[[str], None]
) -> None:
    workspace.write("note1.txt", note(1))
    workspace.reindex()
    small_disk("2m")
    fill_up(workspace.state)
    assert workspace.source(question(1)) == "note1.txt"
    add_much(workspace)
    assert "no room" in workspace.fails(1, "reindex")
    assert workspace.source(question(1)) == "note1.txt"


def test_a_disk_that_is_full_while_vectors_are_made_is_told_and_words_answer(
    workspace: Workspace, small_disk: Callable[[str], None], server: EmbeddingServer
) -> None:
    workspace.env = {"OPSCTL_EMBEDDER": "auto", "OPSCTL_EMBEDDER_URL": server.url}
    for number in range(MANY):
        workspace.write(f"note{number}.txt", note(number))
    small_disk("20m")
    server.hold_after = 65  # the second batch
    process = workspace.start("reindex")
    assert server.held.wait(60)
    filler = fill_up(workspace.state)
    server.released.set()
    _, told = process.communicate()
    assert process.returncode == 1
    assert "error: no room to write" in told
    assert "hint: free some space" in told
    assert "Traceback" not in told
    assert workspace.source(question(3)) == "note3.txt"
    filler.unlink()
    assert 0 < workspace.vectors() < MANY * UNITS
    workspace.reindex()
    assert workspace.vectors() == MANY * UNITS


def test_a_disk_that_is_full_during_a_merge_costs_no_document(
    workspace: Workspace, small_disk: Callable[[str], None]
) -> None:
    for number in range(TIER - 1):
        workspace.write(f"large/{number}.txt", long_note(number))
        workspace.reindex()
    before = segments(workspace)
    workspace.write("last.txt", long_note(TIER))
    outcomes = set()
    for room in range(0, 3 << 20, 1 << 18):
        filler = fill_up(workspace.state, room)
        done = workspace.run("reindex")
        assert "Traceback" not in done.stderr
        assert bool(done.returncode) == ("error: no room" in done.stderr)
        assert workspace.source(question(0)) == "large/0.txt"
        outcomes.add((done.returncode, segments(workspace) > before))
        filler.unlink()
        if segments(workspace) > before:
            break
    assert {(1, False), (0, True)} == outcomes  # refused, then read and not merged
    assert workspace.source(question(TIER)) == "last.txt"
    workspace.write("small.txt", note(500))
    workspace.reindex()
    assert segments(workspace) < before
    for number in (*range(TIER - 1), TIER, 500):
        assert workspace.source(question(number)).endswith(".txt")


def test_a_store_with_garbage_in_the_middle_says_so_and_rebuild_heals_it(
    indexed: Workspace,
) -> None:
    size = indexed.store.stat().st_size
    with indexed.store.open("r+b") as stream:
        stream.seek(4096)
        stream.write(b"\xa5" * (size - 8192))
    (check,) = [c for c in indexed.json("doctor", code=1) if c["name"] == "index"]
    assert check["result"] == "failed"
    assert check["fix"] == "opsctl reindex --rebuild"
    for args in (("ask", question(1)), ("reindex",)):
        told = indexed.fails(1, *args)
        assert "is damaged" in told
        assert told.endswith("hint: opsctl reindex --rebuild")
    assert len(indexed.reindex("--rebuild")["added"]) == 3
    assert indexed.source(question(1)) == "note1.txt"


@pytest.mark.parametrize("content", [b"", b"not a database, a letter to grandmother" * 500])
def test_a_store_that_is_no_database_says_so_and_rebuild_heals_it(
    indexed: Workspace, content: bytes
) -> None:
    indexed.store.write_bytes(content)
    for args in (("status",), ("ask", question(1)), ("reindex",)):
        told = indexed.fails(1, *args)
        assert told.endswith("hint: opsctl reindex --rebuild")
    indexed.reindex("--rebuild")
    assert indexed.source(question(1)) == "note1.txt"


def test_a_missing_store_is_no_index_and_the_next_run_makes_one(indexed: Workspace) -> None:
    indexed.store.unlink()
    assert "there is no index yet" in indexed.fails(1, "ask", question(1))
    assert len(indexed.reindex()["added"]) == 3
    assert indexed.source(question(1)) == "note1.txt"


def test_an_index_whose_pointer_is_lost_is_found_again(indexed: Workspace) -> None:
    (indexed.state / "index" / "current").write_bytes(b"")
    assert "there is no index yet" in indexed.fails(1, "ask", question(1))
    assert indexed.reindex()["unchanged"] == 3
    assert indexed.source(question(1)) == "note1.txt"


def test_a_damaged_unfinished_rebuild_is_given_up(indexed: Workspace) -> None:
    index = indexed.state / "index"
    (index / "store-broken").mkdir()
    (index / "store-broken" / "store.sqlite").write_bytes(b"not a database" * 1000)
    (index / "building").write_text("store-broken\n")
    assert indexed.reindex()["unchanged"] == 3
    assert not (index / "store-broken").exists()


def test_this_python_ignores_the_signal_of_the_size_limit() -> None:
    """What the tests above rest on: a write beyond the limit is an error, not a death."""
    code = "import signal; print(signal.getsignal(signal.SIGXFSZ) == signal.SIG_IGN)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "True"
