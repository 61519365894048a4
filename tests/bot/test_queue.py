"""Who is answered when: in order, one at a time per person, and not too many questions."""

import asyncio
import json
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from bot.questions.answers import Answers, Question
from bot.store.store import Store
from tests.bot.bot_process import BOTH, BotProcess, eventually
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.tgi import FakeTGI
from tests.fakes.tgi_play import Play
from tests.workspace import question

SLOW = Play(pace=0.05, eos_every=10_000)  # an answer that does not end by itself


def served(tgi: FakeTGI, **settings: Any) -> dict[str, Any]:
    return {"engine": "auto", "server_url": tgi.url, "adapter": "hackatone", **settings}


def buttons(message: dict[str, Any]) -> dict[str, str]:
    """Label to data."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return {button["text"]: button["callback_data"] for row in rows for button in row}


@BOTH
def test_a_person_is_answered_in_order_and_others_do_not_wait(
    tmp_path: Path, notes: Path, kind: type[BotProcess]
) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, kind(tmp_path, api, notes) as bot:
            for number in range(1, 4):
                api.user(2, question(number))
            for user in range(10, 20):
                api.user(user, question(user))
            for user in range(10, 20):
                assert f"Норд{user}." in (await bot.replied(user))[0]
            await bot.replied(2, 3)
            whole = [
                call["args"]["text"]
                for call in api.calls
                if call["method"] == "editMessageText" and call["args"]["chat_id"] == 2
                if "like:" in json.dumps(call["args"].get("reply_markup", {}))
            ]
            assert [f"Норд{n}." in text for n, text in enumerate(whole, 1)] == [True] * 3
            assert api.flood.refused == []

    asyncio.run(go())


def test_a_fifth_question_is_refused_and_a_place_is_shown(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with (
            FakeTGI(SLOW) as tgi,
            FakeBotAPI() as api,
            BotProcess(tmp_path, api, notes, settings=served(tgi), parallel=1) as bot,
        ):
            for number in range(1, 6):
                api.user(2, question(number))
            await eventually(
                lambda: any("отвечаю на 4 ваших вопроса" in t for t in bot.all_replies(2))
            )
            api.user(3, question(6))
            await eventually(lambda: any("очереди: 4" in t for t in bot.all_replies(3)))
            await eventually(lambda: len(tgi.log.requests) == 1)
            assert bot.rows("SELECT count(*) FROM answer WHERE state != 'done'") == [(5,)]

    asyncio.run(go())


@BOTH
def test_questions_wait_in_the_bot_for_the_places_that_the_server_tells(
    tmp_path: Path, notes: Path, kind: type[BotProcess]
) -> None:
    async def go() -> None:
        async with (
            FakeTGI(SLOW.changed(max_concurrent=2)) as tgi,
            FakeBotAPI() as api,
            kind(tmp_path, api, notes, settings=served(tgi)) as bot,
        ):
            for user in (2, 3, 4):
                api.user(user, question(user))
            await eventually(lambda: any("очереди: 2" in text for text in bot.all_replies(4)))
            await eventually(lambda: tgi.log.running == 2)
            api.user(2, "/stop")
            await eventually(lambda: len(tgi.log.requests) == 3)
            assert tgi.log.peak == 2

    asyncio.run(go())


@BOTH
def test_who_waits_is_told_again_when_the_queue_moves(
    tmp_path: Path, notes: Path, kind: type[BotProcess]
) -> None:
    async def go() -> None:
        async with (
            FakeTGI(SLOW) as tgi,
            FakeBotAPI() as api,
            kind(tmp_path, api, notes, settings=served(tgi), parallel=1) as bot,
        ):
            for user in (2, 3, 4):
                api.user(user, question(user))
                await eventually(partial(bot.all_replies, user))
            await eventually(lambda: "очереди: 2" in bot.all_replies(4)[0])
            api.user(3, "/stop")
            await eventually(lambda: "очереди: 1" in bot.all_replies(4)[0])
            (message,) = [m for m in api.messages(4) if m["from"]["is_bot"]]
            assert len(message["history"]) == 2 and "⏹ Остановить" in buttons(message)

    asyncio.run(go())


def test_stop_ends_what_is_written_and_what_waits(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with (
            FakeTGI(SLOW) as tgi,
            FakeBotAPI() as api,
            BotProcess(tmp_path, api, notes, settings=served(tgi)) as bot,
        ):
            api.user(2, question(1))
            api.user(2, question(2))
            await eventually(lambda: tgi.log.requests and tgi.log.requests[0].tokens > 5)
            api.user(2, "/stop")
            replies = await bot.replied(2, 2)
            assert all("⏹ Остановлено." in text for text in replies)
            assert len(replies[0]) > len("⏹ Остановлено.")
            await eventually(lambda: tgi.log.disconnects == 1)
            assert len(tgi.log.requests) == 1
            api.user(2, "/stop")
            assert "нечего" in (await bot.replied(2, 3))[-1]
            api.user(2, question(3))
            await eventually(lambda: len(tgi.log.requests) == 2)
            written = api.messages(2)[-1]
            api.user(3, kind="callback", message=written["message_id"], data="stop:4", chat=2)
            await eventually(lambda: api.count("answerCallbackQuery") == 1)
            assert len(bot.finished(2)) == 3
            data = buttons(written)["⏹ Остановить"]
            api.user(2, kind="callback", message=written["message_id"], data=data)
            await bot.replied(2, 4)

    asyncio.run(go())


def test_quotas_count_by_the_time_of_the_messages(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with (
            FakeBotAPI() as api,
            BotProcess(tmp_path, api, notes, questions_per_minute=2, questions_per_day=3) as bot,
        ):
            for number, ago in enumerate((400, 300, 10, 5), 1):
                api.user(2, question(number), extra={"date": int(time.time()) - ago})
                if number < 4:
                    api.user(3, question(number), language="en")
                    await bot.replied(3, number)
                await bot.replied(2, number)
            assert "не больше 3 в сутки" in bot.finished(2)[3]
            assert "at most 2 a minute" in bot.finished(3)[2]

    asyncio.run(go())


def test_long_and_wordless_questions(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        config = {"question_length": 100}
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, notes, **config) as bot:
            api.user(2, "ы" * 101)
            assert "101" in (await bot.replied(2))[0]
            api.user(2, "?!")
            assert "только текст" in (await bot.replied(2, 2))[1]
            assert bot.rows("SELECT count(*) FROM answer") == [(0,)]

    asyncio.run(go())


def test_a_whole_message_of_telegram_is_a_question(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, notes) as bot:
            api.user(2, question(3) + " " + "ы" * (4095 - len(question(3))))
            assert "длинный" not in (await bot.replied(2))[0]
            assert bot.rows("SELECT length(question) FROM answer") == [(4096,)]

    asyncio.run(go())


def test_the_first_of_each_person_is_ready_and_nothing_that_is_put_off(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "bot.sqlite")) as store:
        answers = Answers(store)
        for number, user in enumerate((1, 1, 2, 3, 2), 1):
            answers.add(Question(number, user, None, user, 1, "ru", "?", 0.0))
        assert answers.ready(time.time(), [], 9, only_final=False) == [(1, 1), (3, 2), (4, 3)]
        assert answers.ready(time.time(), [2], 9, only_final=False) == [(1, 1), (4, 3)]
        answers.postpone_chat(1, 60)
        assert answers.ready(time.time(), [], 9, only_final=False) == [(3, 2), (4, 3)]
        assert (answers.next_due(time.time()) or 0) > time.time()
        answers.finish(3, "answered", [])
        assert answers.ready(time.time(), [], 9, only_final=True) == [(3, 2)]
        answers.close(3)
        assert answers.ready(time.time(), [], 1, only_final=False) == [(4, 3)]
        assert not answers.finish(3, "answered", [])
