"""Updates: kept before they are confirmed, dealt with once, whatever comes from Telegram."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path

from bot.base.metrics import Metrics
from bot.inbox.inbox import FOLLOW_UPS_OF_ONE, Inbox, Result
from bot.inbox.poller import Poller
from bot.store.store import KEEP_UPDATES, Store
from bot.telegram.line import Line
from tests.bot.bot_process import BOTH, PACE, BotProcess, eventually
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_play import Fault
from tests.workspace import question

STRANGER = 5000


def update(number: int, user: int, text: str) -> str:
    """A message as Telegram sends it."""
    person = {"id": user, "is_bot": False, "first_name": "x", "language_code": "ru"}
    chat = {"id": user, "type": "private", "first_name": "x"}
    message = {"message_id": 10**6 + number, "date": int(time.time()), "chat": chat, "from": person}
    return json.dumps({"update_id": number, "message": {**message, "text": text}})


def test_an_update_is_kept_once_and_loses_its_text_when_dealt_with(tmp_path: Path) -> None:
    store = Store(tmp_path / "bot.sqlite")
    assert store.receive([(7, "{}"), (8, "[]")]) == 2
    assert store.receive([(8, "again"), (9, "{}")]) == 1
    rows = store.pending(0, 10)
    assert [body for _, body in rows] == ["{}", "[]", "{}"]
    store.dealt_with([rows[0][0]])
    assert store.pending(0, 10) == rows[1:]
    assert store.receive([(7, "{}")]) == 0
    store.close()


def test_only_what_is_dealt_with_and_old_is_swept(tmp_path: Path) -> None:
    store = Store(tmp_path / "bot.sqlite")
    store.receive([(1, "{}"), (2, "{}")])
    store.dealt_with([1])
    assert store.sweep(time.time()) == 0
    assert store.sweep(time.time() + KEEP_UPDATES + 1) == 1
    assert store.backlog() == 1
    store.close()


def test_telegram_is_told_only_after_the_commit(tmp_path: Path) -> None:
    async def go() -> None:
        store = Store(tmp_path / "bot.sqlite")
        async with FakeBotAPI() as api:
            poller = Poller(api.token, api.url, Line(api.url), store, Metrics(), lambda: None)
            store.db.execute("CREATE TRIGGER full BEFORE INSERT ON inbox BEGIN"
                             " SELECT raise(ABORT, 'disk is full'); END")  # fmt: skip
            api.user(1, "не потеряй меня")
            try:
                await poller.run()
            except Exception as error:
                assert "disk is full" in str(error)
            assert len(api.updates.waiting) == 1
            store.db.execute("DROP TRIGGER full")
            polling = asyncio.ensure_future(
                Poller(api.token, api.url, Line(api.url), store, Metrics(), lambda: None).run()
            )
            await eventually(lambda: not api.updates.waiting)
            polling.cancel()
            await asyncio.gather(polling, return_exceptions=True)
        assert store.backlog() == 1
        store.close()

    asyncio.run(go())


def test_a_deaf_poller_connects_anew_and_hears_again(tmp_path: Path) -> None:
    async def go() -> None:
        store, metrics = Store(tmp_path / "bot.sqlite"), Metrics()
        async with FakeBotAPI() as api:
            api.deaf = True
            poller = Poller(
                api.token,
                api.url,
                Line(api.url),
                store,
                metrics,
                lambda: None,
                long_poll=1,
                deaf=1,
                read=0.2,
                pace=0.1,
            )
            polling = asyncio.ensure_future(poller.run())
            await eventually(lambda: b'kind="deaf"' in metrics.text())
            assert poller.age > 1
            api.deaf = False
            api.user(1, "слышно?")
            await eventually(lambda: store.backlog() == 1)
            await eventually(lambda: poller.age < 1)
            polling.cancel()
            await asyncio.gather(polling, return_exceptions=True)
        store.close()

    asyncio.run(go())


@BOTH
def test_failing_polls_end_neither_the_bot_nor_its_hearing(
    tmp_path: Path, notes: Path, kind: type[BotProcess]
) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api:
            api.faults = [
                Fault("getUpdates", "unauthorized"),
                Fault("getUpdates", process=True, drop=True),
                Fault("getUpdates", "flood", retry_after=1),
            ]
            async with kind(tmp_path, api, notes) as bot:
                api.user(2, question(4))
                assert "Норд4" in (await bot.replied(2))[0]
                assert "unauthorized" not in bot.said()
                assert api.token not in bot.said()

    asyncio.run(go())


def test_updates_that_come_twice_or_in_no_known_form(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, notes) as bot:
            asked = json.loads(update(10**6, 2, question(5)))
            api.updates.put(asked)
            await bot.replied(2)
            api.updates.put(asked)
            api.updates.put({"update_id": 10**6 + 1, "message": {"message_id": "x"}})
            later = json.loads(update(10**6 + 2, 2, question(6)))
            api.updates.put(later)
            replies = await bot.replied(2, 2)
            assert ["Норд5" in replies[0], "Норд6" in replies[1], len(replies)] == [True, True, 2]
            await eventually(lambda: not api.updates.waiting)

    asyncio.run(go())


def test_a_store_that_is_held_for_long_ends_no_errand(tmp_path: Path) -> None:
    """Replies to a person who sends many at once, while another program writes the file."""

    async def go() -> None:
        store, begun = Store(tmp_path / "bot.sqlite"), []
        store.db.execute("PRAGMA busy_timeout = 10")
        other = Store(store.path)

        async def reply() -> None:
            begun.append(1)
            if len(begun) == 1:
                other.db.execute("BEGIN IMMEDIATE")
            store.set_meta("reply", "told")

        inbox = Inbox(store, lambda *_: Result(follow_ups=[reply], user=2), Metrics(), PACE)
        running = asyncio.ensure_future(inbox.run())
        store.receive((n, update(n, 2, "/start")) for n in range(1, 9))
        inbox.wake()
        await eventually(lambda: len(begun) == FOLLOW_UPS_OF_ONE)
        other.db.execute("COMMIT")
        await eventually(lambda: store.backlog() == 0 or running.done())
        assert not running.done()
        assert len(begun) == FOLLOW_UPS_OF_ONE
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        for each in (store, other):
            each.close()

    asyncio.run(go())


def test_a_long_backlog_is_no_burden(
    tmp_path: Path, notes: Path, size: Callable[[int, int], int]
) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api:
            bot = BotProcess(tmp_path, api, notes)
            store = Store(bot.database)
            count = size(5_000, 1_000)
            store.receive((n, update(n, STRANGER, "пусти")) for n in range(1, count))
            store.receive([(count, update(count, 2, question(7)))])
            store.close()
            async with bot:
                assert "Норд7" in (await bot.replied(2, seconds=120))[0]
                await eventually(lambda: bot.rows("SELECT 1 FROM inbox WHERE NOT done") == [])
                health = await bot.health()
                assert health["ok"] and health["backlog"] == 0
                assert bot.rows("SELECT count(*) FROM inbox WHERE body != ''") == [(0,)]

    asyncio.run(go())
