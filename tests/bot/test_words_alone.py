"""A bot whose embedding server fails answers by words, and says so to its operator."""

import asyncio
from pathlib import Path
from typing import Any

from indexer.embedders import EmbedderServer, open_embedder
from indexer.sync import Chunking, reindex
from tests.bot.bot_process import BotProcess, eventually
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.embeddings import EmbeddingServer, embedding_server
from tests.workspace import note, question

KEY = "sekret-abc"


def served(state: Path, server: EmbeddingServer) -> dict[str, Any]:
    """An index whose vectors come from the server, and the settings of a bot that uses it."""
    documents = state / "documents"
    documents.mkdir(parents=True)
    for number in range(1, 6):
        (documents / f"note{number}.txt").write_text(note(number), encoding="utf-8")
    embedder = open_embedder("auto", state, 0.1, EmbedderServer(server.url, KEY))
    reindex(documents, state / "index", embedder, Chunking())
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
