"""Polls: what Telegram or a proxy may answer, and what becomes of the bot then."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from bot.base.metrics import Metrics
from bot.inbox.poller import Poller
from bot.store.store import Store
from bot.telegram.line import Line
from tests.bot.bot_process import BotProcess, eventually
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_play import Fault
from tests.workspace import question

HALF = "half of a pair: \ud83d"


@asynccontextmanager
async def polling(folder: Path, api: FakeBotAPI) -> AsyncIterator[tuple[Poller, Store]]:
    """A poller at work."""
    store = Store(folder / "bot.sqlite")
    poller = Poller(
        api.token, api.url, Line(api.url), store, Metrics(), lambda: None, long_poll=1, pace=0.1
    )
    running = asyncio.ensure_future(poller.run())
    try:
        yield poller, store
        assert not running.done()
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        store.close()


@pytest.mark.parametrize("body", ["{}", "[]", '{"ok": true, "result": {}}', "<html>", ""])
def test_a_reply_without_updates_is_no_good_poll(tmp_path: Path, body: str) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api:
            api.faults = [Fault("getUpdates", foreign=(200, body), times=2)]
            async with polling(tmp_path, api) as (poller, store):
                await api.until(lambda: api.count("getUpdates") == 2)
                assert not poller.polled
                api.user(2, "слышно?")
                await eventually(lambda: store.backlog() == 1)
                await eventually(lambda: poller.polled)

    asyncio.run(go())


@pytest.mark.parametrize("strange", [{"message": {}}, {"update_id": "7"}, {"update_id": 2**70}, 1])
def test_an_update_that_can_not_be_kept_does_not_keep_others_away(
    tmp_path: Path, strange: object
) -> None:
    async def go() -> None:
        reply = json.dumps({"ok": True, "result": [strange, {"update_id": 5}]})
        async with FakeBotAPI() as api:
            api.faults = [Fault("getUpdates", foreign=(200, reply))]
            async with polling(tmp_path, api) as (_, store):
                await eventually(lambda: store.backlog() == 1)
                await api.until(lambda: api.calls[-1]["args"].get("offset") == 6)

    asyncio.run(go())


def test_half_of_a_surrogate_pair_is_answered_like_any_question(
    tmp_path: Path, notes: Path
) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, notes) as bot:
            api.user(2, f"{question(3)} {HALF}")
            api.user(3, question(4))
            assert "Норд4." in (await bot.replied(3))[0]
            assert "Норд3." in (await bot.replied(2))[0]

    asyncio.run(go())


def test_a_webhook_that_somebody_set_is_taken_away(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api:
            api.updates.webhook = True
            async with BotProcess(tmp_path, api, notes) as bot:
                api.user(2, question(3))
                assert "Норд3." in (await bot.replied(2))[0]
                health = await bot.health()
                assert health["polled"] is health["introduced"] is health["ok"] is True

    asyncio.run(go())
