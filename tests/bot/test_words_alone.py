"""A bot whose embedding server fails answers by words, and says so to its operator."""

import asyncio
from contextlib import closing
from pathlib import Path
from typing import Any

from indexer.embedders import EmbedderServer, open_embedder
from indexer.store.folder import IndexFolder
from indexer.sync.reindex import Chunking, reindex
from tests.bot.bot_process import ADMIN, BotProcess, eventually
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.embeddings import EmbeddingServer, embedding_server
from tests.workspace import UNITS, note, question

KEY = "sekret-abc"
NOTES = 5


def served(state: Path, server: EmbeddingServer, *, vectors: bool = True) -> dict[str, Any]:
    """An index whose vectors come from the server, and the settings of a bot that uses it."""
    documents = state / "documents"
    documents.mkdir(parents=True)
    for number in range(1, NOTES + 1):
        (documents / f"note{number}.txt").write_text(note(number), encoding="utf-8")
    embedder = open_embedder("auto", state, 0.1, EmbedderServer(server.url, KEY))
    reindex(documents, state / "index", embedder, Chunking(), vectors=vectors)
    return {
        "embedder": "auto",
        "embedder_url": server.url,
        "embedder_key": KEY,
        "dense_weight": 0.1,
    }


def test_a_server_that_fails_costs_no_answer_and_is_told_once(tmp_path: Path) -> None:
    async def go() -> None:
        with embedding_server() as server:
            server.key = KEY
            settings = served(tmp_path, server)
            async with (
                FakeBotAPI() as api,
                BotProcess(tmp_path, api, tmp_path, settings=settings) as bot,
            ):
                api.user(2, question(1))
                assert "Норд1." in (await bot.replied(2))[0]
                assert question(1) in server.texts[-1]
                assert (await bot.health())["words_alone"] is None
                server.fault = "refuses"
                for number in (2, 3, 4):
                    api.user(2, question(number))
                    assert f"Норд{number}." in (await bot.replied(2, number))[-1]
                alone = (await bot.health())["words_alone"]
                assert "refuses: 400 input is too long" in alone["sentence"]
                assert "OPSCTL_CHUNK_TOKENS" in alone["fix"]
                await eventually(lambda: "words alone are searched: the emb" in bot.said())
                assert bot.said().count("words alone are searched") == 1
                assert KEY not in bot.said()

    asyncio.run(go())


def counts(state: Path) -> tuple[int, int]:
    """How many vectors there are, and how many wait."""
    with closing(IndexFolder(state / "index").open()) as store:
        return store.count_vectors()


def test_vectors_that_were_left_to_the_bot_are_made_when_it_starts(tmp_path: Path) -> None:
    async def go() -> None:
        with embedding_server() as server:
            settings = served(tmp_path, server, vectors=False)
            (tmp_path / "documents" / "new.txt").write_text(note(9), encoding="utf-8")
            assert counts(tmp_path) == (0, NOTES * UNITS)
            async with (
                FakeBotAPI() as api,
                BotProcess(tmp_path, api, tmp_path, settings=settings) as bot,
            ):
                await eventually(lambda: counts(tmp_path) == (NOTES * UNITS, 0))
                assert "cannot be made" not in bot.said()

    asyncio.run(go())


def test_why_the_bot_cannot_make_vectors_is_logged_and_kept(tmp_path: Path) -> None:
    async def go() -> None:
        with embedding_server() as server:
            settings = served(tmp_path, server, vectors=False)
            server.fault = "nan"
            async with (
                FakeBotAPI() as api,
                BotProcess(tmp_path, api, tmp_path, settings=settings) as bot,
            ):
                (tmp_path / "documents" / "new.txt").write_text(note(9), encoding="utf-8")
                sentence = "the embedder server:stems gives vectors with NaN"
                await eventually(lambda: f"vectors cannot be made: {sentence}" in bot.said())
                api.user(ADMIN, "/reindex")
                await eventually(lambda: any("1" in text for text in bot.replies(ADMIN)))
                with closing(IndexFolder(tmp_path / "index").open()) as store:
                    assert store.meta()["encoding_failed"].startswith(sentence)
                api.user(2, question(9))
                assert "Норд9." in (await bot.replied(2))[0]
                assert bot.said().count("vectors cannot be made") == 1

    asyncio.run(go())
