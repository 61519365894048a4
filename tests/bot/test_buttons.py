"""What commands and buttons do when they are pressed twice, late, or in another chat."""

import asyncio
from pathlib import Path
from typing import Any

from tests.bot.bot_process import ADMIN, BotProcess, eventually, settled
from tests.bot.test_commands import last_answer
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_chats import BOT
from tests.fakes.bot_api_play import Flood
from tests.fakes.tgi import FakeTGI
from tests.fakes.tgi_play import Play
from tests.workspace import Workspace, note, question

GROUP = -100
NAME = f"@{BOT['username']}"


def said(api: FakeBotAPI) -> list[str]:
    """What was shown for presses, in order; nothing for those without words."""
    calls = [call for call in api.calls if call["method"] == "answerCallbackQuery"]
    return [call["args"].get("text", "") for call in calls if call["status"] == 200]


async def press(bot: BotProcess, user: int, message: int, data: str, times: int = 1) -> list[str]:
    """Press a button so often, and what is shown for it."""
    before = len(said(bot.api))
    for _ in range(times):
        bot.api.user(user, kind="callback", message=message, data=data)
    await bot.api.until(lambda: len(said(bot.api)) == before + times)
    return said(bot.api)[before:]


def slow(tgi: FakeTGI, **config: Any) -> dict[str, Any]:
    """A bot whose answers end when they are stopped."""
    return {
        "settings": {"engine": "server", "server_url": tgi.url},
        "allowed_groups": [GROUP],
        **config,
    }


def test_three_taps_on_retry_are_one_more_answer(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI(flood=Flood(0)) as api, BotProcess(tmp_path, api, notes) as bot:
            api.user(2, question(1))
            await bot.replied(2)
            await settled(bot)
            old = last_answer(api, 2)["message_id"]
            await press(bot, 2, old, "retry:1", 3)
            await eventually(lambda: bot.finished(2).count("Я ещё отвечаю на этот вопрос.") == 2)
            await settled(bot)
            assert bot.rows("SELECT count(*) FROM answer") == [(2,)]
            await press(bot, 2, old, "retry:1")
            await settled(bot)
            assert bot.rows("SELECT count(*) FROM answer") == [(3,)]
            assert bot.rows("SELECT count(*) FROM turn") == [(1,)]

    asyncio.run(go())


def test_a_retry_that_is_refused_forgets_nothing(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        config: dict[str, Any] = {"questions_per_minute": 1}
        async with (
            FakeBotAPI(flood=Flood(0)) as api,
            BotProcess(tmp_path, api, notes, **config) as bot,
        ):
            api.user(2, question(1))
            await bot.replied(2)
            await settled(bot)
            api.user(2, "/retry")
            assert "Слишком много вопросов" in (await bot.replied(2, 2))[1]
            assert bot.rows("SELECT answer FROM turn") == [(1,)]

    asyncio.run(go())


def test_buttons_of_what_was_forgotten_say_so(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI(flood=Flood(0)) as api, BotProcess(tmp_path, api, notes) as bot:
            api.user(2, "/sources")
            assert "вопросов нет" in (await bot.replied(2))[0]
            api.user(2, question(1))
            await bot.replied(2, 2)
            await settled(bot)
            answer = last_answer(api, 2)["message_id"]
            api.user(2, "/forget")
            assert "Сообщения в чате" in (await bot.replied(2, 3))[2]
            for action in ("retry", "sources", "whole", "like", "dislike", "stop"):
                (shown,) = await press(bot, 2, answer, f"{action}:2")
                assert shown == "Этот ответ удалён вашей командой /forget."
            for forged in ("like:" + "9" * 40, "like:٣", "like:-1", "like", "like:99"):
                assert await press(bot, 2, answer, forged) == ["Этого ответа я уже не помню."]
            assert bot.rows("SELECT * FROM feedback") == [] and "Traceback" not in bot.said()
            assert len(bot.all_replies(2)) == 3

    asyncio.run(go())


def test_what_is_quoted_in_part_can_be_had_whole(tmp_path: Path) -> None:
    box = "Ящик стоит у дальней стены ангара и ждёт весны. " * 20
    story = f"{box}Складом Зюйд1 заведует кладовщик Норд1. {box}Последний ящик пуст."
    state = Workspace(tmp_path / "state")
    state.write("склад.txt", "\n\n".join([box] * 20 + [story] + [box] * 20))
    state.write("ангар.txt", note(2))
    state.reindex()

    async def go() -> None:
        async with FakeBotAPI(flood=Flood(0)) as api:
            async with BotProcess(tmp_path, api, state.state) as bot:
                for number in (1, 2):
                    api.user(2, question(number))
                    await bot.replied(2, number)
                    await settled(bot)
                answers = [m for m in api.messages(2) if "like:" in str(m.get("reply_markup"))]
                assert [
                    f"whole:{n}" in str(m["reply_markup"]) for n, m in enumerate(answers, 1)
                ] == [True, False]
            async with BotProcess(tmp_path, api, state.state) as bot:  # it remembers
                assert await press(bot, 2, answers[0]["message_id"], "whole:1") == [""]
                told = "\n".join((await bot.replied(2, 4))[2:])
                assert told.startswith("📖 склад.txt") and "Последний ящик пуст." in told
                assert "Норд1." in told and len(told) < 7000 and told.endswith("…")
                state.write("склад.txt", note(3))
                state.reindex()
                await press(bot, 2, answers[0]["message_id"], "whole:1")
                assert "документ с тех пор изменили" in (await bot.replied(2, 5))[4]

    asyncio.run(go())


def test_stop_ends_what_was_asked_in_the_same_chat(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with (
            FakeBotAPI(flood=Flood(0)) as api,
            FakeTGI(Play(pace=60)) as tgi,
            BotProcess(tmp_path, api, notes, **slow(tgi)) as bot,
        ):
            for chat in (GROUP, 2):
                api.user(2, "/ask " + question(1), chat=chat)
            await eventually(lambda: bot.all_replies(2) and bot.all_replies(GROUP))
            for reply in ("⏹ Остановлено.", "Здесь останавливать нечего."):
                api.user(2, "/stop", chat=GROUP)
                await eventually(lambda: bot.finished(GROUP)[-1:] == [reply])  # noqa: B023
            waiting = "SELECT chat FROM answer WHERE state = 'waiting'"
            assert bot.rows(waiting) == [(2,)]
            api.user(2, "/forget", chat=GROUP)
            await eventually(lambda: bot.rows(waiting) == [])

    asyncio.run(go())


def test_ask_takes_its_question_in_every_form(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        config = {"allowed_groups": [GROUP]}
        async with (
            FakeBotAPI(flood=Flood(0)) as api,
            BotProcess(tmp_path, api, notes, **config) as bot,
        ):
            api.user(2, "/ask\n" + question(1))
            assert "Норд1." in (await bot.replied(2))[0]
            api.user(2, f"/ask{NAME}\n{question(2)}", chat=GROUP)
            assert "Норд2." in (await bot.replied(GROUP))[0]
            for count, text in enumerate((f"/ask{NAME}", "/ask", f" {NAME} "), 2):
                api.user(2, text, chat=GROUP)
                assert "Напишите вопрос" in (await bot.replied(GROUP, count))[-1]
            api.user(2, "/ask ")
            assert "Напишите вопрос" in (await bot.replied(2, 2))[1]
            api.user(2, "/start", chat=GROUP)
            assert "/ask" in (await bot.replied(GROUP, 5))[4]
            api.user(2, "/help")
            assert "/ask" in (await bot.replied(2, 3))[2]

    asyncio.run(go())


def test_an_administrator_reads_the_state_in_one_language(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        config: dict[str, Any] = {
            "settings": {"engine": "auto", "server_url": "http://127.0.0.1:1"}
        }
        async with (
            FakeBotAPI(flood=Flood(0)) as api,
            BotProcess(tmp_path, api, notes, **config) as bot,
        ):
            api.user(ADMIN, "/status")
            state = (await bot.replied(ADMIN))[0]
            assert "Не разобрано обновлений: 0" in state
            assert "Сервер модели: нет ответов: по его адресу никто не слушает" in state

    asyncio.run(go())
