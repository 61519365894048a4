"""Commands and buttons, in both languages."""

import asyncio
import json
from pathlib import Path
from typing import Any

from indexer.embedders import HashedStems
from indexer.sync.reindex import Chunking, reindex
from tests.bot.bot_process import ADMIN, BotProcess, eventually, settled
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_play import Flood
from tests.workspace import note, question


def last_answer(api: FakeBotAPI, chat: int) -> dict[str, Any]:
    """The newest message with feedback buttons."""
    return next(m for m in reversed(api.messages(chat)) if "like:" in json.dumps(m))


def test_words_are_in_the_language_of_the_person(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI(flood=Flood(0)) as api, BotProcess(tmp_path, api, notes) as bot:
            api.user(2, "/start")
            api.user(3, "/start", language="de")
            assert (await bot.replied(2))[0].startswith("Здравствуйте")
            assert (await bot.replied(3))[0].startswith("Hello")
            api.user(2, "/help")
            api.user(ADMIN, "/help")
            assert "/reindex" not in (await bot.replied(2, 2))[1]
            assert "/reindex" in (await bot.replied(ADMIN))[0]
            api.user(2, "/reindex")
            assert "Такой команды нет" in (await bot.replied(2, 3))[2]
            await eventually(lambda: api.count("setMyCommands") == 4)

    asyncio.run(go())


def test_greetings_and_thanks_are_no_questions(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI(flood=Flood(0)) as api, BotProcess(tmp_path, api, notes) as bot:
            api.user(2, "Добрый день!")
            assert "Просто напишите вопрос" in (await bot.replied(2))[0]
            api.user(2, "Спасибо большое))")
            assert "Пожалуйста!" in (await bot.replied(2, 2))[1]
            api.user(3, "/ask Hi!", language="en")
            assert (await bot.replied(3))[0].startswith("Hello")
            for number, text in enumerate(("Здраствуйте, бот!", "ок", "Ты кто?"), 3):
                api.user(2, text)
                await bot.replied(2, number)
            assert "/about" in bot.finished(2)[4]
            assert bot.rows("SELECT * FROM answer") == []
            api.user(2, f"Привет! {question(3)}")
            assert "Норд3." in (await bot.replied(2, 6))[5]

    asyncio.run(go())


def test_retry_sources_and_feedback(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI(flood=Flood(0)) as api, BotProcess(tmp_path, api, notes) as bot:
            api.user(2, "/retry")
            assert "Повторять пока нечего" in (await bot.replied(2))[0]
            api.user(2, question(3))
            await bot.replied(2, 2)
            api.user(2, "/sources")
            assert "note3.txt" in (await bot.replied(2, 3))[2]
            await settled(bot)
            api.user(2, "/retry")
            assert "Норд3." in (await bot.replied(2, 4))[3]
            await settled(bot)
            message = last_answer(api, 2)
            rows = message["reply_markup"]["inline_keyboard"]
            buttons = [button["callback_data"] for row in rows for button in row]
            buttons.append(buttons[0].replace("like", "sources"))  # as older releases had
            for data in buttons:
                press = {"message": message["message_id"], "data": data}
                api.user(3, kind="callback", chat=2, **press)
                api.user(2, kind="callback", chat=2, **press)
            await bot.replied(2, 6)
            await eventually(lambda: api.count("answerCallbackQuery") == 2 * len(buttons))
            assert [row[1:] for row in bot.rows("SELECT answer, user, value FROM feedback")] == [
                (2, -1)
            ]
            assert bot.rows("SELECT user, count(*) FROM answer GROUP BY user") == [(2, 3)]

    asyncio.run(go())


def test_forget_leaves_no_word_of_the_person(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI(flood=Flood(0)) as api, BotProcess(tmp_path, api, notes) as bot:
            for user in (2, 3):
                api.user(user, question(user))
                await bot.replied(user)
            await settled(bot)
            api.user(2, "/forget")
            assert "удалены" in (await bot.replied(2, 2))[1]
            await eventually(lambda: bot.rows("SELECT 1 FROM inbox WHERE NOT done") == [])
            for table, column in (("answer", "question"), ("turn", "question"), ("inbox", "body")):
                texts = str(bot.rows(f"SELECT {column} FROM {table}"))
                assert "Норд2" not in texts
                assert ("Норд3" in texts) == (table != "inbox")
            assert bot.rows("SELECT count(*) FROM part") == [(0,)]

    asyncio.run(go())


def test_an_administrator_sees_the_state_and_adds_documents(tmp_path: Path) -> None:
    async def go() -> None:
        documents = tmp_path / "documents"
        documents.mkdir()
        async with FakeBotAPI(flood=Flood(0)) as api, BotProcess(tmp_path, api, tmp_path) as bot:
            api.user(ADMIN, question(3))
            assert "не готовы" in (await bot.replied(ADMIN))[0]
            (documents / "n.txt").write_text(note(3), encoding="utf-8")
            api.user(ADMIN, "/reindex")
            await eventually(lambda: any("Новых: 1" in text for text in bot.finished(ADMIN)))
            api.user(ADMIN, question(3))
            assert "Норд3." in (await bot.replied(ADMIN, 3))[2]
            api.user(ADMIN, "/status")
            assert "Последний опрос" in (await bot.replied(ADMIN, 4))[3]

    asyncio.run(go())


def test_messages_that_are_no_search_are_answered_as_by_the_command_line(
    tmp_path: Path, notes: Path
) -> None:
    async def go() -> None:
        contact = "Петров, вн. 400"
        async with (
            FakeBotAPI(flood=Flood(0)) as api,
            BotProcess(tmp_path, api, notes, contact=contact) as bot,
        ):
            api.user(2, "Подскажите, к кому можно обратиться?")
            assert contact in (await bot.replied(2))[0]
            api.user(2, "какой у тебя токен?")
            assert "только по документам" in (await bot.replied(2, 2))[1]
            assert bot.rows("SELECT * FROM answer") == []
            api.user(2, "Какие документы у тебя есть?")
            assert "Документов в поиске: 30" in (await bot.replied(2, 3))[2]
            api.user(2, f"{question(3)}? И ещё: {question(4)}? Спасибо!")
            both = (await bot.replied(2, 4))[3]
            assert "Норд3." in both and "Норд4." in both

    asyncio.run(go())


def test_what_was_looked_for_in_place_of_a_misspelt_word_is_told(tmp_path: Path) -> None:
    state = tmp_path / "state"
    (state / "documents").mkdir(parents=True)
    for number in range(20):
        (state / "documents" / f"{number}.txt").write_text(note(number), encoding="utf-8")
    (state / "documents" / "pay.txt").write_text("Обед в столовой стоит 300 рублей.", "utf-8")
    reindex(state / "documents", state / "index", HashedStems(), Chunking())

    async def go() -> None:
        settings = {"threshold": 0.5}
        async with (
            FakeBotAPI(flood=Flood(0)) as api,
            BotProcess(tmp_path, api, state, settings=settings) as bot,
        ):
            api.user(2, "где стловая")
            (text,) = await bot.replied(2)
            assert "Искал: столовой" in text and "300 рублей" in text

    asyncio.run(go())
