"""A document under the name of an older one: its sender says whether it replaces that one."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.store.store import Store
from core.lock import writer_lock
from tests.bot.bot_process import ADMIN, BotProcess, eventually
from tests.bot.test_buttons import press
from tests.bot.upload_files import documents_of, every, result, send, told
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_play import Fault
from tests.workspace import note, question

EDITOR, PLAIN = 2, 3
OLD, NEW = "telegram/Приказ-unique1.txt", "telegram/Приказ-unique2.txt"
ADDED = f"✅ Добавлено: {NEW}, отрывков: 1."
DECIDED = "Здесь всё решено."


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "documents").mkdir()
    return tmp_path


def bot_of(state: Path, api: FakeBotAPI) -> BotProcess:
    return BotProcess(state, api, state, admins=[ADMIN, EDITOR], keep_days=7)


async def ask(bot: BotProcess, user: int = ADMIN, **more: Any) -> tuple[int, dict[str, Any]]:
    """Two documents of one name were sent: the second message, and the bot's about it."""
    assert "✅" in await result(bot, send(bot.api, "Приказ.txt", note(1).encode(), user=user))
    sent = send(bot.api, "Приказ.txt", note(2).encode(), user=user, **more)
    await eventually(lambda: bot.rows("SELECT 1 FROM upload WHERE state = 'asked'"))
    (shown,) = [
        message
        for message in bot.api.messages(user)
        if message.get("reply_to_message", {}).get("message_id") == sent
    ]
    return sent, shown


def buttons(shown: dict[str, Any]) -> dict[str, str]:
    """Label and data of each button under a message."""
    rows = shown.get("reply_markup", {}).get("inline_keyboard", [])
    return {button["text"]: button["callback_data"] for row in rows for button in row}


async def closed(bot: BotProcess, sent: int, text: str) -> None:
    """The message about the upload ends so, and nothing is left to be done."""
    await eventually(lambda: bot.rows("SELECT 1 FROM upload") == [])
    (said,) = told(bot, sent)
    assert said == f"{ADDED}\n\n{text}"
    assert not any(buttons(message) for message in bot.api.messages(ADMIN))


def test_the_older_document_is_replaced_as_soon_as_its_sender_says_so(state: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, bot_of(state, api) as bot:
            sent, shown = await ask(bot)
            assert shown["text"].startswith(f"{ADDED}\n\nДокумент Приказ.txt уже есть (от ")
            assert shown["text"].endswith(
                "). Заменить его?\nПока есть оба; без ответа так и останется."
            )
            assert list(buttons(shown)) == ["Заменить", "Оставить оба"]
            assert set(documents_of(state)) == {OLD, NEW}
            replace = buttons(shown)["Заменить"]
            assert await press(bot, ADMIN, shown["message_id"], replace) == [""]
            await closed(bot, sent, f"Прежний документ удалён: {OLD}.")
            assert documents_of(state) == {NEW: note(2).encode()}
            assert await press(bot, ADMIN, shown["message_id"], replace, 2) == [DECIDED] * 2
            with closing(sqlite3.connect(next(state.glob("index/*/store.sqlite")))) as index:
                assert index.execute("SELECT path FROM document").fetchall() == [(NEW,)]
            api.user(ADMIN, question(2))
            await api.until(lambda: "Норд2." in bot.finished(ADMIN)[-1])

    asyncio.run(go())


def test_both_are_kept_if_the_sender_wants_both(state: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, bot_of(state, api) as bot:
            sent, shown = await ask(bot, language="en")
            assert "There is a document Приказ.txt already (of " in shown["text"]
            assert list(buttons(shown)) == ["Replace", "Keep both"]
            await press(bot, ADMIN, shown["message_id"], buttons(shown)["Keep both"])
            await eventually(lambda: bot.rows("SELECT 1 FROM upload") == [])
            assert told(bot, sent)[0].endswith(f"Both documents stay; the older one: {OLD}.")
            assert set(documents_of(state)) == {OLD, NEW}

    asyncio.run(go())


def test_the_same_content_and_other_names_are_not_asked_about(state: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, bot_of(state, api) as bot:
            for name in ("Приказ.txt", "Приказ 2.txt", "Приказ.md", "Приказ?.txt"):
                content = f"# {name}\n\n{note(1)}".encode()
                said = await result(bot, send(api, name, content))
                assert said.startswith("✅") and "уже есть" not in said
            again = await result(
                bot, send(api, "Приказ.txt", f"# Приказ.txt\n\n{note(1)}".encode())
            )
            assert again == f"Такой документ уже есть: {OLD}."

    asyncio.run(go())


def test_only_who_sent_it_and_may_change_documents_decides(state: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, bot_of(state, api) as bot:
            sent, shown = await ask(bot)
            for user in (EDITOR, PLAIN):
                api.user(user, "/help")
            await bot.replied(EDITOR)
            await bot.replied(PLAIN)
            data, here = buttons(shown)["Заменить"], bot.api.messages(EDITOR)[-1]["message_id"]
            assert await press(bot, EDITOR, here, data) == [
                "Эта кнопка для того, кто прислал документ."
            ]
            here = bot.api.messages(PLAIN)[-1]["message_id"]
            assert "только администратор" in (await press(bot, PLAIN, here, data))[0]
            wrong = ["upload:replace:", "upload:replace:x", f"upload:replace:{'9' * 30}", "upload:"]
            for data in wrong:
                assert await press(bot, ADMIN, shown["message_id"], data) == [DECIDED]
            assert set(documents_of(state)) == {OLD, NEW} and told(bot, sent) == [shown["text"]]

    asyncio.run(go())


@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        (OLD, None, f"Прежний документ удалён: {OLD}."),
        (OLD, "by hand", f"Прежний документ не удалён: {OLD} (за это время он изменился)."),
        (NEW, None, f"Прежний документ не удалён: {OLD} (нового уже нет на месте)."),
    ],
)
def test_what_changed_meanwhile_is_not_deleted(
    state: Path, path: str, content: str | None, said: str
) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, bot_of(state, api) as bot:
            sent, shown = await ask(bot)
            (state / "documents" / path).unlink()
            if content:
                (state / "documents" / path).write_text(content)
            before = documents_of(state)
            await press(bot, ADMIN, shown["message_id"], buttons(shown)["Заменить"])
            await closed(bot, sent, said)
            assert documents_of(state) == before

    asyncio.run(go())


def test_of_two_at_once_the_second_may_replace_the_first(state: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, bot_of(state, api) as bot:
            sent = [
                send(api, "Приказ.txt", note(user).encode(), user=user) for user in (ADMIN, EDITOR)
            ]
            await api.until(every(sent, bot))
            await eventually(lambda: len(bot.rows("SELECT 1 FROM upload")) == 1)
            assert "уже есть" not in told(bot, sent[0])[0]
            assert "Документ Приказ.txt уже есть" in told(bot, sent[1])[0]
            third = send(api, "Приказ.txt", note(3).encode())
            await api.until(every([third], bot))
            await eventually(lambda: len(bot.rows("SELECT 1 FROM upload")) == 2)
            assert bot.rows("SELECT older FROM upload ORDER BY id") == [(OLD,), (NEW,)]

    asyncio.run(go())


def test_a_kill_at_any_moment_leaves_the_question_or_the_answer(state: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, bot_of(state, api) as bot:
            # The question is shown, and the bot does not hear of it at first.
            api.faults = [Fault("editMessageText", after=5, times=3, drop=True, process=True)]
            sent, shown = await ask(bot)
            await bot.kill()
            api.user(
                ADMIN, kind="callback", message=shown["message_id"], data=buttons(shown)["Заменить"]
            )
            with writer_lock(state / "index" / "lock"):  # it gets as far as the index
                await bot.start()
                await eventually(lambda: set(documents_of(state)) == {NEW})
                await eventually(lambda: bot.rows("SELECT 1 FROM upload WHERE due > 0"))
                await bot.kill()
            await bot.start()
            await closed(bot, sent, f"Прежний документ удалён: {OLD}.")
            assert documents_of(state) == {NEW: note(2).encode()}

    asyncio.run(go())


def test_without_an_answer_both_stay(state: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, bot_of(state, api) as bot:
            sent, shown = await ask(bot)
            await bot.kill()
            with closing(sqlite3.connect(bot.database)) as file, file:
                (due,) = file.execute("SELECT due - strftime('%s') FROM upload").fetchone()
                file.execute("UPDATE upload SET due = 1")
            assert 6 * 86400 < due < 8 * 86400
            await bot.start()
            await closed(bot, sent, f"Остались оба документа; прежний: {OLD}.")
            assert set(documents_of(state)) == {OLD, NEW}
            data = buttons(shown)["Заменить"]
            assert await press(bot, ADMIN, shown["message_id"], data) == [DECIDED]

    asyncio.run(go())


def test_uploads_of_an_earlier_version_go_on(tmp_path: Path) -> None:
    path = tmp_path / "bot.sqlite"
    Store(path).close()
    with closing(sqlite3.connect(path)) as old, old:
        old.executescript(
            "DROP TABLE sent_file; DROP TABLE upload; CREATE TABLE upload (id INTEGER PRIMARY KEY,"
            " chat, sent, language, file, path, state CHECK (state IN ('new', 'placed', 'final')),"
            " sha256, pages, message, said, due, failures);"
            "INSERT INTO upload VALUES (7, 1, 2, 'ru', 'f', 'p', 'new', '', 3, 4, '', 0, 0);"
            "PRAGMA user_version = 1"
        )
    with closing(Store(path)) as store:
        store.db.execute("UPDATE upload SET state = 'asked' WHERE id = 7")
        row = store.db.execute("SELECT chat, file, pages, message, name FROM upload").fetchall()
        assert row == [(1, "f", 3, 4, "")]
