"""The bot's file: whole, private, and told about in plain words when it cannot be used."""

import asyncio
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from telegram import Update

from bot.base.metrics import Metrics
from bot.gate.requests import Requests
from bot.inbox.inbox import Inbox, Result
from bot.messages.parts import Part
from bot.people.people import People
from bot.questions.answers import Answers, Question
from bot.questions.dialogue import Dialogue
from bot.store.store import DAY, KEEP_REQUESTS, Store, StoreBusy, StoreError
from core.errors import UserError
from tests.bot.bot_process import PACE, eventually

SECRET = "мой-диагноз-4711"
ASKED = Question(1, 7, None, 7, 1, "ru", SECRET, 0.0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path / "bot.sqlite")) as opened:
        yield opened


def fill_inbox(store: Store, count: int, words: str = "?") -> None:
    """Updates 1 to `count`, each a message."""
    chat = {"id": 7, "type": "private"}
    for number in range(1, count + 1):
        message = {"message_id": number, "date": 1, "chat": chat, "text": words}
        store.receive([(number, json.dumps({"update_id": number, "message": message}))])


def open_mode(path: Path) -> int:
    return path.stat().st_mode & 0o077


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "bot.sqlite"
    path.touch(0o644)
    with closing(Store(path)) as store:
        store.set_meta("a", "b")
        files = sorted(tmp_path.iterdir())
        assert len(files) == 3 and not any(map(open_mode, files))


def test_a_disk_that_gets_full_loses_no_update(store: Store) -> None:
    fill_inbox(store, 60, "q" * 1500)
    answers = Answers(store)

    def handle(number: int, update: Update) -> Result:
        assert update.message and update.message.text
        answers.add(Question(number, 7, None, 7, 1, "ru", update.message.text, 1.0))
        return Result()

    pages = store.db.execute("PRAGMA page_count").fetchone()[0]
    store.db.execute(f"PRAGMA max_page_count = {pages + 6}")
    with pytest.raises(UserError, match="full"):
        asyncio.run(Inbox(store, handle, Metrics()).run())
    lost = "SELECT count(*) FROM inbox WHERE done AND id NOT IN (SELECT id FROM answer)"
    assert store.db.execute(lost).fetchone() == (0,)
    assert store.backlog() == 60


def test_another_program_that_writes_is_waited_for(store: Store, tmp_path: Path) -> None:
    async def go() -> None:
        handled, replied, hold = [], [], asyncio.Event()

        async def reply() -> None:
            replied.append(1)
            await hold.wait()

        def handle(number: int, _: Update) -> Result:
            handled.append(number)
            return Result(follow_ups=[reply])

        inbox = Inbox(store, handle, Metrics(), PACE)
        store.db.execute("PRAGMA busy_timeout = 10")
        fill_inbox(store, 1)
        with closing(sqlite3.connect(tmp_path / "bot.sqlite", isolation_level=None)) as other:
            running = asyncio.ensure_future(inbox.run())
            await eventually(lambda: replied)
            other.execute("BEGIN IMMEDIATE")
            hold.set()
            with pytest.raises(StoreBusy, match="another program"):
                store.set_meta("a", "b")
            await asyncio.sleep(0)
            assert store.backlog() == 1 and not running.done()
            other.execute("COMMIT")
        await eventually(lambda: store.backlog() == 0)
        assert replied == [1] and handled == [1]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(go())


def test_replies_that_hang_do_not_hold_up_what_comes_after_them(store: Store) -> None:
    async def go() -> None:
        hold, begun, sent = asyncio.Event(), [], []

        def handle(number: int, _: Update) -> Result:
            async def reply() -> None:
                await hold.wait()
                sent.append(number)

            if number == 100:
                return Result(after_commit=[lambda: begun.append(number)])
            return Result(follow_ups=[reply], user=number)

        inbox = Inbox(store, handle, Metrics())
        fill_inbox(store, 100)
        running = asyncio.ensure_future(inbox.run())
        await eventually(lambda: begun)
        assert store.backlog() == 99
        hold.set()
        await eventually(lambda: store.backlog() == 0)
        assert sorted(sent) == list(range(1, 100))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(go())


def test_what_is_forgotten_is_in_no_file(store: Store, tmp_path: Path) -> None:
    answers = Answers(store)
    answers.add(ASKED)
    answers.finish(1, "answered", [Part(SECRET), Part(SECRET)], turn=SECRET)

    def found() -> bool:
        return any(SECRET.encode() in path.read_bytes() for path in tmp_path.iterdir())

    assert found()
    with store.transaction():
        answers.forget(7, 1)
    assert not found()
    assert [part.content for part in answers.parts(1)] == [Part("⏹")]


def test_a_group_that_moves_takes_its_new_beginning_along(store: Store) -> None:
    answers, dialogue = Answers(store), Dialogue(store)
    for number in (1, 2):
        answers.add(Question(number, -5, None, 7, number, "ru", "?", 0.0))
        answers.finish(number, "answered", [Part("!")], turn=f"answer {number}")
    dialogue.reset(-5, None, 1)
    answers.move_chat(-5, -1005)
    turns = dialogue.turns(Question(3, -1005, None, 7, 3, "ru", "?", 0.0))
    assert [turn.answer for turn in turns] == ["answer 2"]


@pytest.mark.parametrize(("keep_days", "kept"), [(3, 3 * DAY), (90, KEEP_REQUESTS)])
def test_a_strangers_name_and_who_is_a_member_are_swept_in_time(
    store: Store, keep_days: int, kept: float
) -> None:
    requests = Requests(store)
    requests.ask(1, 7, "Ivan", "ivan", "ru")
    requests.keep(2, 7, 5, "ru", SECRET)
    store.db.execute("INSERT INTO member VALUES (7, 1, ?)", (time.time(),))
    store.sweep(time.time() + kept - 60, keep_days)
    assert len(requests.listing("waiting")) == 1
    assert store.db.execute("SELECT user FROM member").fetchall() == [(7,)]
    store.sweep(time.time() + kept + 1, keep_days)
    for table in ("request", "kept", "member"):
        assert store.db.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


OLD = """
CREATE TABLE person (user INTEGER PRIMARY KEY, name TEXT NOT NULL, added REAL NOT NULL);
CREATE TABLE invitation (
    code TEXT PRIMARY KEY, user INTEGER NOT NULL UNIQUE, name TEXT NOT NULL,
    language TEXT NOT NULL, number INTEGER NOT NULL, made REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE welcome (user INTEGER PRIMARY KEY, language TEXT NOT NULL);
INSERT INTO person VALUES (5, 'Anna', 100.0);
INSERT INTO welcome VALUES (5, 'ru');
INSERT INTO invitation VALUES ('123456', 7, 'Ivan', 'ru', 1, {now});
"""


def test_a_file_of_an_earlier_version_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "bot.sqlite"
    with closing(sqlite3.connect(path)) as old:
        old.executescript(OLD.format(now=time.time()))
    for _ in range(2):
        with closing(Store(path)) as store:
            person = People(store).get(5)
            assert person and (person.name, person.role, person.until) == ("Anna", "person", None)
            assert Requests(store).to_tell() == [(5, "ru", "let_in")]
            request = Requests(store).by_code("123456")
            assert request and (request.user, request.state) == (7, "waiting")
    with closing(Store(tmp_path / "new.sqlite")) as new, closing(Store(path)) as store:
        assert columns(store) == columns(new)
        assert Requests(store).admit([7]) and People(store).knows(7)


def test_a_file_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "bot.sqlite"
    with closing(Store(path)) as store:
        store.db.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="newer"):
        Store(path)


def columns(store: Store) -> dict[str, set[str]]:
    """The columns of every table."""
    sql = "SELECT name FROM sqlite_master WHERE type = 'table'"
    names = [row[0] for row in store.db.execute(sql)]
    return {
        name: {row[1] for row in store.db.execute(f"PRAGMA table_info({name})")} for name in names
    }
