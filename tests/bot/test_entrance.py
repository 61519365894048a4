"""Letting people in: what strangers hear, what administrators see, and one decision each."""

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.gate.invites import MOST_GUESSES, Invites, in_groups
from bot.gate.notices import MOST_LISTED, MOST_SINGLE, Notices, shown
from bot.gate.requests import MOST_KEPT, REPLIES, Requests
from bot.messages.parts import LONGEST
from bot.people.people import People, Role
from bot.store.store import Store
from bot.texts import RU
from tests.bot.bot_process import ADMIN, BOTH, BotProcess, eventually, settled
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_play import Fault, Flood
from tests.workspace import question

STRANGER, OTHER, GROUP = 5000, 2, -100


def buttons(api: FakeBotAPI, chat: int) -> list[tuple[int, str]]:
    """(message, data) of every button that decides, in a chat."""
    return [
        (message["message_id"], button["callback_data"])
        for message in api.messages(chat)
        for row in message.get("reply_markup", {}).get("inline_keyboard", [])
        for button in row
        if button["callback_data"].startswith("door:")
    ]


async def press(api: FakeBotAPI, admin: int, data: str) -> None:
    """Press the last button whose data begin so, as soon as it is there."""

    def found() -> list[tuple[int, str]]:
        return [one for one in buttons(api, admin) if one[1].startswith(data)]

    await api.until(found)
    message, whole = found()[-1]
    api.user(admin, kind="callback", message=message, data=whole)


async def hears(bot: BotProcess, chat: int, words: str) -> None:
    """Wait until a message of the chat reads so."""
    await bot.api.until(lambda: any(words in text for text in bot.all_replies(chat)))


def in_store(bot: BotProcess, do: Callable[[Store], Any]) -> Any:
    """What another process does in the bot's file."""
    with closing(Store(bot.database)) as store:
        return do(store)


@BOTH
def test_who_is_let_in_by_a_button_gets_the_answers_they_waited_for(
    tmp_path: Path, notes: Path, kind: type[BotProcess]
) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, kind(tmp_path, api, notes) as bot:
            api.user(STRANGER, "/start")
            first = (await bot.replied(STRANGER))[0]
            assert "передал" in first and str(STRANGER) in first
            api.user(STRANGER, "/start")
            assert "Ваша просьба у администратора" in (await bot.replied(STRANGER, 2))[1]
            api.user(STRANGER, question(3))
            assert "Вопрос сохранил" in (await bot.replied(STRANGER, 3))[2]
            assert bot.rows("SELECT count(*) FROM answer") == [(0,)]
            await hears(bot, ADMIN, f"Просит доступ: User {STRANGER}, id {STRANGER}")
            await press(api, ADMIN, "door:in:")
            replies = await bot.replied(STRANGER, 5)
            assert "Доступ открыт" in replies[3] and "Норд3." in replies[4]
            await hears(bot, ADMIN, f"Решение: User {ADMIN}")
            assert not buttons(api, ADMIN) and len(bot.all_replies(ADMIN)) == 1
            api.user(STRANGER, question(4))
            assert "Норд4." in (await bot.replied(STRANGER, 6))[5]

    asyncio.run(go())


def test_who_is_refused_hears_so_and_bothers_nobody_more(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, notes) as bot:
            api.user(STRANGER, question(3), language="en")
            assert "I keep your question" in (await bot.replied(STRANGER))[0]
            await press(api, ADMIN, "door:out:")
            assert "not given you access" in (await bot.replied(STRANGER, 2))[1]
            for _ in range(5):
                api.user(STRANGER, "/start", language="en")
            api.user(STRANGER, question(4), language="en")
            await eventually(lambda: bot.rows("SELECT count(*) FROM inbox WHERE done") == [(8,)])
            assert len(bot.all_replies(STRANGER)) == 2
            assert bot.rows("SELECT * FROM kept") == bot.rows("SELECT * FROM answer") == []
            assert len(bot.all_replies(ADMIN)) == 1
            # An administrator may think better of it.
            in_store(bot, lambda store: Requests(store).admit([STRANGER], again=True))
            assert "You have access" in (await bot.replied(STRANGER, 3))[2]

    asyncio.run(go())


def test_two_administrators_who_press_at_once_decide_once(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with (
            FakeBotAPI() as api,
            BotProcess(tmp_path, api, notes, admins=[ADMIN, OTHER]) as bot,
        ):
            api.user(STRANGER, question(3))
            await api.until(lambda: buttons(api, ADMIN) and buttons(api, OTHER))
            for admin, data in ((ADMIN, "door:in:"), (OTHER, "door:out:")):
                await press(api, admin, data)
            for admin in (ADMIN, OTHER):
                await hears(bot, admin, f"Решение: User {ADMIN}")
            assert "Норд3." in (await bot.replied(STRANGER, 3))[2]
            assert not any("не открыл" in text for text in bot.all_replies(STRANGER))
            assert len(bot.all_replies(ADMIN)) == len(bot.all_replies(OTHER)) == 1
            said = [
                call["args"]["text"]
                for call in api.calls
                if call["method"] == "answerCallbackQuery"
            ]
            assert "Доступ открыт: 1" in said and any(f"User {ADMIN}" in text for text in said)

    asyncio.run(go())


def test_many_who_wait_are_put_on_a_list(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        strangers = range(STRANGER, STRANGER + MOST_LISTED + 5)
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, notes) as bot:
            for user in strangers:
                api.user(user, "/start")
            for user in strangers:
                await bot.replied(user)
            await hears(bot, ADMIN, str(strangers[-1]))
            assert len(bot.all_replies(ADMIN)) <= MOST_SINGLE + 2
            # One of the list alone, then all the others.
            await press(api, ADMIN, "door:pick:")
            await press(api, ADMIN, "door:out:")
            await api.until(lambda: any(bot.rows("SELECT 1 FROM request WHERE state = 'refused'")))
            await hears(bot, ADMIN, "⛔")
            for _ in range(MOST_SINGLE):
                if any(data.startswith("door:in:") for _, data in buttons(api, ADMIN)):
                    await press(api, ADMIN, "door:in:")
            while bot.rows("SELECT 1 FROM request WHERE state = 'waiting'"):
                await press(api, ADMIN, "door:all:")
                await asyncio.sleep(0.05)
            await api.until(lambda: not buttons(api, ADMIN))
            states = dict(bot.rows("SELECT state, count(*) FROM request GROUP BY state"))
            assert states == {"admitted": len(strangers) - 1, "refused": 1}
            await eventually(lambda: bot.rows("SELECT * FROM welcome") == [])
            for user in strangers:
                assert len(bot.all_replies(user)) == 2

    asyncio.run(go())


def test_all_means_those_whom_the_message_shows(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "bot.sqlite")) as store:
        requests, notices = Requests(store), Notices(store)
        for user in range(10, 15):
            requests.ask(user, user, f"U{user}", "", "ru")
        notices.gather(ADMIN)
        (notice,) = notices.to_show(ADMIN)
        assert [request.user for request in notices.people(notice.id)] == list(range(10, 15))
        text, rows = shown(notice, notices.people(notice.id), RU)
        assert "5. U14, id 14" in text and rows[-1][0][1] == f"door:all:{notice.id}:14"
        for user in range(15, 20):
            requests.ask(user, user, f"U{user}", "", "ru")
        notices.gather(ADMIN)
        assert len(notices.people(notice.id)) == 10


def test_a_list_of_the_longest_names_fits_into_a_message(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "bot.sqlite")) as store:
        requests, notices = Requests(store), Notices(store)
        users = range(10**12, 10**12 + MOST_LISTED)
        for user in users:
            requests.ask(user, user, "😀" * 200, "n" * 32, "ru")
        notices.gather(ADMIN)
        (notice,) = notices.to_show(ADMIN)
        requests.admit(users, "😀" * 200)
        text, _ = shown(notice, notices.people(notice.id), RU)
        assert len(text.encode("utf-16-le")) // 2 <= LONGEST


def test_an_administrator_who_never_wrote_is_told_when_they_do(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, notes) as bot:
            api.faults = [Fault("sendMessage", "chat_not_found", chat=ADMIN)]
            api.user(STRANGER, "/start")
            await bot.replied(STRANGER)
            await api.until(lambda: any(call["status"] == 400 for call in api.calls))
            assert not buttons(api, ADMIN)
            api.user(ADMIN, "/start")
            await api.until(lambda: buttons(api, ADMIN))
            api.user(ADMIN, "/requests")
            await api.until(lambda: len(buttons(api, ADMIN)) == 4)
            await press(api, ADMIN, "door:in:")
            await hears(bot, STRANGER, "Доступ открыт")
            api.user(ADMIN, "/requests")
            await hears(bot, ADMIN, "никто не ждёт")

    asyncio.run(go())


@pytest.mark.parametrize(
    ("method", "chat", "after"),
    [
        ("sendMessage", STRANGER, 0),  # the stranger is told that they wait
        ("sendMessage", ADMIN, 0),
        ("answerCallbackQuery", None, 0),
        ("editMessageText", ADMIN, 0),  # the decision is shown
        ("sendMessage", STRANGER, 1),  # they are told that they were let in
        ("sendMessage", STRANGER, 2),  # their question is answered
    ],
)
def test_a_kill_at_any_moment_loses_no_request_and_no_question(
    tmp_path: Path, notes: Path, method: str, chat: int | None, after: int
) -> None:
    async def go() -> None:
        async with FakeBotAPI(flood=Flood(0)) as api, BotProcess(tmp_path, api, notes) as bot:
            fault = Fault(method, silent=True, chat=chat, after=after)
            api.faults = [fault]
            api.user(STRANGER, question(3))
            if after == 0 and method == "sendMessage":
                await eventually(lambda: fault.times == 0)
                await bot.kill()
                await bot.start()
            await press(api, ADMIN, "door:in:")
            if fault.times:
                await eventually(lambda: fault.times == 0)
                await bot.kill()
                await bot.start()
            await hears(bot, STRANGER, "Норд3.")
            await settled(bot)
            await api.until(lambda: not buttons(api, ADMIN))
            texts = bot.replies(STRANGER)
            assert sum("Норд3." in text for text in texts) == 1
            for words in (
                "Вопрос сохранил",
                "Доступ открыт",
            ):  # once more where a kill came between
                assert sum(words in text for text in texts) in (1, 2)
            told = ["Решение" in text for text in bot.all_replies(ADMIN)]
            assert all(told) and len(told) in (1, 2)

    asyncio.run(go())


def test_somebody_who_waits_and_writes_on_is_answered_now_and_then(
    tmp_path: Path, notes: Path
) -> None:
    async def go() -> None:
        async with FakeBotAPI(flood=Flood(0)) as api, BotProcess(tmp_path, api, notes) as bot:
            for number in range(1, 12):
                api.user(STRANGER, question(number))
            api.user(STRANGER, kind="message", extra={"sticker": {}})
            await bot.replied(STRANGER, REPLIES)
            await eventually(lambda: bot.rows("SELECT count(*) FROM inbox WHERE done") == [(12,)])
            assert len(bot.all_replies(STRANGER)) == REPLIES
            assert len(bot.rows("SELECT * FROM kept")) == MOST_KEPT
            in_store(bot, lambda store: Requests(store).admit([STRANGER], "x"))
            replies = await bot.replied(STRANGER, REPLIES + 1 + MOST_KEPT)
            assert [n for n in range(1, 12) if f"Норд{n}." in str(replies)] == [9, 10, 11]

    asyncio.run(go())


def test_beyond_so_many_strangers_each_hears_once_that_there_is_no_room(
    tmp_path: Path, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Store(tmp_path / "bot.sqlite")) as store:
        store.db.executemany(
            "INSERT INTO request (code, user, name, language, number, made)"
            " VALUES (?, ?, '', 'ru', ?, ?)",
            [(f"x{user}", user, -user, time.time()) for user in range(10_000, 11_000)],
        )

    async def go() -> None:
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, notes, admins=[]) as bot:
            for _ in range(3):
                api.user(STRANGER, "/start")
            assert "не поместилась" in (await bot.replied(STRANGER))[0]
            in_store(bot, lambda store: Requests(store).refuse(range(10_000, 10_010)))
            api.user(STRANGER, "/start")
            assert "сохранил" in (await bot.replied(STRANGER, 2))[1]

    asyncio.run(go())


def test_a_link_lets_in_so_many_people_each_of_them_once(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, notes) as bot:
            link = in_store(bot, lambda store: Invites(store).make("editor", most=2))
            api.user(STRANGER, question(3))
            await bot.replied(STRANGER)
            await api.until(lambda: buttons(api, ADMIN))
            api.user(STRANGER, f"/start {link.secret}")
            replies = await bot.replied(STRANGER, 3)
            assert "менять документы" in replies[1] and "Норд3." in replies[2]
            await hears(bot, ADMIN, "Решение: по ссылке")
            api.user(STRANGER, f"/start {link.secret}")
            assert "уже заходили" in (await bot.replied(STRANGER, 4))[3]
            api.user(6000, f"/start {link.secret}")
            await hears(bot, 6000, "менять документы")
            api.user(6001, f"/start {link.secret}")  # it was forwarded
            assert "все, на кого она рассчитана" in (await bot.replied(6001))[0]
            assert "передал" in bot.replies(6001)[0]
            api.user(6002, "/start nonsense")
            assert "Такой ссылки" in (await bot.replied(6002))[0]
            old = in_store(bot, lambda store: Invites(store).make(until=time.time() - 1))
            api.user(6003, f"/start {old.secret}")
            assert "истёк" in (await bot.replied(6003))[0]
            assert in_store(bot, lambda store: Invites(store).revoke(link.id))
            in_store(bot, lambda store: People(store).remove(6000))
            api.user(6000, f"/start {link.secret}")
            assert "уже заходили" in (await bot.replied(6000, 2))[1]
            assert not in_store(bot, lambda store: People(store).knows(6000))

    asyncio.run(go())


def test_the_first_who_sends_the_code_is_the_administrator(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        config: dict[str, Any] = {"admins": [], "allowed_users": []}
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, notes, **config) as bot:
            api.user(STRANGER, "/start")
            assert "передам, когда он появится" in (await bot.replied(STRANGER))[0]
            api.user(STRANGER, "/start")
            assert "администратора ещё нет" in (await bot.replied(STRANGER, 2))[1]
            code = in_store(bot, lambda store: Invites(store).claim().secret)
            assert in_store(bot, lambda store: Invites(store).claim().secret) == code
            api.user(7000, in_groups(code).replace("-", " "))
            assert "Вы администратор" in (await bot.replied(7000))[0]
            await press(api, 7000, "door:in:")
            await hears(bot, STRANGER, "Доступ открыт")
            api.user(7000, "/status")
            await hears(bot, 7000, "Последний опрос")
            await eventually(lambda: "7000/ru" in api.methods.commands)
            api.user(7001, f"/start {code}")
            assert "все, на кого" in (await bot.replied(7001))[0]
            assert in_store(bot, lambda store: People(store).role(7001)) == "person"
            assert not any(one.revoked for one in in_store(bot, lambda store: Invites(store).all()))
            # One that was shown before there was an administrator is worth nothing any more.
            late = in_store(bot, lambda store: Invites(store).claim().secret)
            api.user(7002, f"/start {late}")
            assert "истёк" in (await bot.replied(7002))[0]

    asyncio.run(go())


def test_a_code_that_is_guessed_at_is_worth_nothing(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "bot.sqlite")) as store:
        invites = Invites(store)
        code = invites.claim().secret
        for number in range(MOST_GUESSES):
            assert invites.use(f"{number:016}", number, 9, "x", "")[0] == "unknown"
        assert invites.use(code, 99, 9, "x", "")[0] == "expired"
        assert invites.use(invites.claim().secret, 100, 9, "x", "") == ("in", "admin")


@pytest.mark.parametrize(("role", "may"), [("person", False), ("editor", True), ("admin", True)])
def test_a_role_of_the_store_is_seen_everywhere(
    tmp_path: Path, notes: Path, role: Role, may: bool
) -> None:
    async def go() -> None:
        async with FakeBotAPI(flood=Flood(0)) as api, BotProcess(tmp_path, api, notes) as bot:
            in_store(bot, lambda store: People(store).set_role(3, role, listed=True))
            api.user(3, "/help")
            text = (await bot.replied(3))[0]
            assert ("/reindex" in text) == may and ("/status" in text) == (role == "admin")
            api.user(3, "/status")
            words = "Последний опрос" if role == "admin" else "Такой команды нет"
            assert words in (await bot.replied(3, 2))[1]
            if may:
                api.user(3, "/start")
                await eventually(lambda: "3/ru" in api.methods.commands)
                menu = [one["command"] for one in api.methods.commands["3/ru"]]
                assert "reindex" in menu and ("requests" in menu) == (role == "admin")

    asyncio.run(go())


def test_access_that_is_over_is_none(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "bot.sqlite")) as store:
        people = People(store)
        people.let_in(7, "Anna", role="editor", until=time.time() - 1)
        assert not people.knows(7) and people.role(7) == "person"
        people.let_in(7)
        person = people.get(7)
        assert people.knows(7) and person and (person.name, person.role) == ("Anna", "editor")


def test_members_of_a_group_may_ask_until_they_leave(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        config = {"members_of": [GROUP, -300]}
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, notes, **config) as bot:
            api.chats.members[GROUP] = {STRANGER}
            for number in range(1, 9):  # at once: Telegram is asked one time, and no word is lost
                api.user(STRANGER, question(number))
            replies = await bot.replied(STRANGER, 8)
            assert sum("Норд" in text for text in replies) == 4  # the rest are too many at once
            assert api.count("getChatMember") == 2  # one a group
            await bot.kill()
            await bot.start()
            api.user(STRANGER, "/help")
            await bot.replied(STRANGER, 9)
            assert api.count("getChatMember") == 2  # one a group
            api.user(6000, question(9))
            assert "Вопрос сохранил" in (await bot.replied(6000))[0]
            assert (
                bot.said().count("group -300 of OPSCTL_MEMBERS_OF cannot be asked") == 2
            )  # a start
            # Who left may ask no more as soon as Telegram is asked again, and who came may.
            api.chats.members[GROUP] = {6000}
            in_store(bot, lambda store: store.db.execute("UPDATE member SET checked = 0"))
            api.user(STRANGER, "/start")
            await hears(bot, STRANGER, "передал")
            api.user(6000, "/help")
            await hears(bot, 6000, "Норд9.")
            await hears(bot, ADMIN, "Решение: состоит в группе")

    asyncio.run(go())


def test_a_stranger_who_wants_to_be_forgotten_is(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, notes) as bot:
            api.user(STRANGER, question(3))
            await bot.replied(STRANGER)
            await api.until(lambda: buttons(api, ADMIN))
            api.user(STRANGER, "/forget")
            await hears(bot, STRANGER, "удалены")
            for table in ("request", "kept", "notice", "notice_person"):
                assert bot.rows(f"SELECT * FROM {table}") == []
            await press(api, ADMIN, "door:in:")
            await eventually(lambda: api.count("answerCallbackQuery"))
            assert json.dumps(bot.rows("SELECT * FROM person")) == "[]"

    asyncio.run(go())
