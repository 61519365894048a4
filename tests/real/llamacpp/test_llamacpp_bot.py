"""The bot before a real llama.cpp: who waits sees a place, and the server never has more to do."""

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.bot.bot_process import BotProcess
from tests.fakes.bot_api import FakeBotAPI
from tests.real.llamacpp.conftest import Start
from tests.workspace import Workspace

PEOPLE = range(2, 8)
SLOTS = 2
MINUTES = 480.0  # for all of them, on a busy machine


def busy(url: str) -> int:
    """How many answers the server writes now, by its own word."""
    with urlopen(f"{url}/slots") as reply:
        return sum(slot["is_processing"] for slot in json.load(reply))


async def most_busy(url: str, seen: list[int]) -> None:
    while True:
        seen.append(await asyncio.to_thread(busy, url))
        await asyncio.sleep(0.05)


def test_people_queue_in_the_bot_and_are_all_answered_by_the_model(
    tmp_path: Path, start: Start, corpus: Workspace
) -> None:
    url = start(slots=SLOTS).url
    settings: dict[str, Any] = {
        "documents": str(corpus.documents),
        "engine": "server",
        "server_api": "openai",
        "server_url": url,
        "answer_tokens": 40,
    }
    seen: list[int] = []

    async def go() -> None:
        async with (
            FakeBotAPI() as api,
            BotProcess(tmp_path, api, corpus.state, settings=settings) as bot,
        ):
            watching = asyncio.ensure_future(most_busy(url, seen))
            for user in PEOPLE:
                api.user(user, "How much is a pass for a visitor?")
            for user in PEOPLE:
                (text,) = await bot.replied(user, seconds=MINUTES)
                assert "pass" in text
            watching.cancel()
            waited = [m for user in PEOPLE for m in api.messages(user) if "history" in m]
            assert any("⏳" in old for message in waited for old in map(str, message["history"]))

    asyncio.run(go())
    assert max(seen) == SLOTS
