"""What is kept of a person: told to them and to the operator, and erased without a trace."""

import asyncio
import json
import random
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from bot.people.personal import NOBODYS, TABLES, erase, held
from bot.store.store import Store
from opsctl.commands.users.held import in_words
from tests.bot.bot_process import BotProcess, eventually, settled
from tests.bot.test_queue import SLOW, served
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_play import Flood
from tests.fakes.tgi import FakeTGI
from tests.fakes.tgi_play import Play
from tests.workspace import Workspace, question

GROUP = -100
STRANGER = 5000
SECRET = "мой-диагноз-4711"


def tables(store: Store) -> dict[str, set[str]]:
    """The tables of the file, with the names of their columns."""
    sql = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE"
    found: dict[str, set[str]] = {}
    for table, column in store.db.execute(sql + " m.type = 'table' AND m.name NOT LIKE 'sqlite%'"):
        found.setdefault(table, set()).add(column)
    return found


def test_every_table_is_known_as_somebodys_or_nobodys(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "bot.sqlite")) as store:
        found = tables(store)
    assert set(found) == {*TABLES, *NOBODYS}
    assert not {"user", "name", "question"} & set().union(*(found[name] for name in NOBODYS))


def test_a_row_in_each_table_is_told_and_erased(tmp_path: Path) -> None:
    """Filled with what fits; another person's rows stay."""
    with closing(Store(tmp_path / "bot.sqlite")) as store:
        fill(store, 7, "a")
        fill(store, 8, "b")
        assert set(held(store, 7)) == set(TABLES)
        assert json.dumps(held(store, 7)).count("secret-a") >= 8
        count, traceless = erase(store, 7)
        assert (count, traceless) == (len(TABLES), True)
        assert not any(in_words({table: [1]}) == "nothing" for table in TABLES)
        assert held(store, 7) == {}
        assert set(held(store, 8)) == set(TABLES)
        assert not any(b"secret-a" in path.read_bytes() for path in tmp_path.iterdir())


def fill(store: Store, user: int, mark: str) -> None:
    """One row about the person in each table."""
    message = {"from": {"id": user}, "text": f"secret-{mark}"}
    body = json.dumps({"update_id": user, "message": message})
    store.receive([(user, body)])
    invite = "INSERT INTO invite (id, secret, role, made) VALUES (?, ?, 'person', 0)"
    store.db.execute(invite, (user, mark))
    texts = {"body": body, "state": "final", "citations": "[]", "entities": "[]"}
    for table in reversed(TABLES):
        if table == "inbox":
            continue
        columns = store.db.execute(f"PRAGMA table_info({table})").fetchall()
        values = [
            texts.get(name, f"secret-{mark}") if kind == "TEXT" else user
            for _, name, kind, *_ in columns
        ]
        marks = ", ".join("?" * len(values))
        if table == "meta":
            values[0] = f"language {user}"
        state = {"upload": "new", "request": "waiting"}.get(table, "final")
        values = [state if value == "final" else value for value in values]
        store.db.execute(f"INSERT INTO {table} VALUES ({marks})", values)


def test_a_person_gets_their_own_data_as_a_file(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with (
            FakeBotAPI(flood=Flood(0)) as api,
            BotProcess(tmp_path, api, notes, allowed_groups=[GROUP]) as bot,
        ):
            api.user(2, question(3))
            api.user(3, question(4))
            await bot.replied(2)
            await bot.replied(3)
            await settled(bot)
            api.user(2, "/mydata", chat=GROUP)
            await api.until(lambda: "личном чате" in str(bot.replies(GROUP)))
            api.user(2, "/mydata")
            await api.until(lambda: api.count("sendDocument") == 1)
            sent = await eventually_sent(api, 2)
            assert f"Вопрос: {question(3)}" in sent and "note3.txt" in sent
            assert "Норд4" not in sent

    asyncio.run(go())


async def eventually_sent(api: FakeBotAPI, chat: int) -> str:
    """The text of the file that the bot sent to a chat."""

    def files() -> list[str]:
        return [m["document"]["file_id"] for m in api.messages(chat) if "document" in m]

    await api.until(files)
    return api.methods.files.contents[files()[0]].decode()


def test_about_and_start_say_who_runs_it_and_what_is_kept(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        config = {"contact": "Петров, вн. 400", "notice": "Раз.\nДва.", "keep_days": 21}
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, notes, **config) as bot:
            api.user(2, "/start")
            assert (await bot.replied(2))[0].endswith("\n\nРаз.\nДва.")
            api.user(2, "/about")
            said = (await bot.replied(2, 2))[1]
            assert "Петров, вн. 400" in said and "— 21 день," in said and "Telegram" in said
            assert "сервер модели" not in said
            api.user(3, "/help", language="en")
            assert (await bot.replied(3))[0].endswith("Петров, вн. 400")
            assert "/about" in bot.finished(3)[0] and "/mydata" in bot.finished(3)[0]

    asyncio.run(go())


def test_a_stranger_learns_what_is_kept_before_and_while_they_wait(
    tmp_path: Path, notes: Path
) -> None:
    async def go() -> None:
        config = {"contact": "Петров, вн. 400", "notice": "Раз.\nДва."}
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, notes, **config) as bot:
            api.user(STRANGER, "/about")
            assert "вн. 400" in (await bot.replied(STRANGER))[0]
            assert bot.rows("SELECT * FROM request") == []
            api.user(STRANGER, f"{question(1)} {SECRET}")
            said = (await bot.replied(STRANGER, 2))[1]
            assert "/about" in said and "вн. 400" in said and said.endswith("Раз.\nДва.")
            api.user(STRANGER, "/mydata")
            assert SECRET in await eventually_sent(api, STRANGER)

    asyncio.run(go())


def test_about_names_a_model_server_elsewhere(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        settings = {"engine": "auto", "server_url": "http://192.0.2.1:9"}
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, notes, settings=settings) as bot:
            api.user(2, "/about", language="en")
            said = (await bot.replied(2))[0]
            assert "192.0.2.1" in said and "30 days" in said and "end-to-end" in said

    asyncio.run(go())


def test_who_is_erased_while_answered_leaves_no_trace(tmp_path: Path, notes: Path) -> None:
    """The answer under way is broken off and taken out of the chat; others are answered."""

    async def go() -> None:
        workspace = Workspace(tmp_path)
        workspace.state.mkdir()
        database = workspace.state / "bot.sqlite"

        async def users(*words: str) -> "CompletedProcess[str]":
            done = await asyncio.to_thread(workspace.run, "users", *words)
            assert done.returncode == 0, done
            return done

        def seen(word: str) -> bool:
            return any(word.encode() in path.read_bytes() for path in workspace.state.glob("bot.*"))

        async with (
            FakeTGI(SLOW) as tgi,
            FakeBotAPI(flood=Flood(0)) as api,
            BotProcess(tmp_path, api, notes, settings=served(tgi), database=str(database)) as bot,
        ):
            for number in (1, 2):
                api.user(2, f"{question(number)} {SECRET}")
            await eventually(lambda: tgi.log.requests and tgi.log.requests[0].tokens > 2)
            shown = json.loads((await users("export", "2")).stdout)
            assert [row["question"][-16:] for row in shown["answer"]] == [SECRET, SECRET]
            said = (await users("erase", "2", "--yes")).stderr
            assert "erased: " in said and "messages in Telegram" in said
            assert not seen(SECRET)
            await eventually(lambda: tgi.log.disconnects == 1)
            await api.until(lambda: any(m.get("deleted") for m in api.messages(2)))
            api.user(3, question(3))
            await eventually(lambda: len(tgi.log.requests) == 2)
            assert json.loads((await users("export", "2")).stdout) == {"user": 2}
            assert not seen(SECRET)
            assert "Traceback" not in bot.said()

    asyncio.run(go())


def test_people_are_erased_at_any_moment_and_the_others_answered(
    tmp_path: Path, notes: Path, size: Callable[[int, int], int]
) -> None:
    """While their question waits, is written or shown: no word of it stays, in no chat either."""

    async def go() -> None:
        count = size(60, 20)
        gone, others = range(100, 100 + count), range(200, 200 + count)
        draw = random.Random(7)
        play = Play(pace=0.01, eos_every=40)
        async with (
            FakeTGI(play) as tgi,
            FakeBotAPI(flood=Flood(0)) as api,
            BotProcess(tmp_path, api, notes, settings=served(tgi)) as bot,
        ):

            async def erased(user: int) -> None:
                api.user(user, f"{question(user % 30 + 1)} word{user}x")
                asked = "SELECT 1 FROM answer WHERE user = ?"
                await eventually(lambda: "answering" in bot.said() and bot.rows(asked, user))
                await asyncio.sleep(draw.random() * count / 20)
                _, traceless = await asyncio.to_thread(erase_in, bot.database, user)
                assert traceless

            for user in others:
                api.user(user, question(user % 30 + 1))
            await asyncio.gather(*map(erased, gone))
            for user in others:
                await bot.replied(user)
            await api.until(lambda: not any(unfinished(api, user) for user in gone))
            with closing(Store(bot.database)) as store:
                assert not any(held(store, user) for user in gone)
            files = b"".join(path.read_bytes() for path in tmp_path.glob("bot.sqlite*"))
            assert [user for user in gone if f"word{user}x".encode() in files] == []
            assert "Traceback" not in bot.said()

    asyncio.run(go())


def erase_in(path: Path, user: int) -> tuple[int, bool]:
    """What `opsctl users erase` does."""
    with closing(Store(path)) as store:
        return erase(store, user)


def unfinished(api: FakeBotAPI, chat: int) -> bool:
    """Tell whether a message of the chat still has the button that stops an answer."""
    return any("stop:" in json.dumps(m) for m in api.messages(chat) if not m.get("deleted"))


def test_what_is_kept_is_erased_only_when_that_is_meant(workspace: Workspace) -> None:
    with closing(Store(workspace.state / "bot.sqlite")) as store:
        fill(store, 7, "a")
    asked = workspace.run("users", "erase", "7")
    assert asked.returncode == 2 and "--yes" in asked.stderr
    assert "kept of 7: 1 question with its answer, 1 rating," in asked.stderr
    assert "access to the bot, a limit of their own, a request for access" in asked.stderr
    assert not any(f" {name}" in asked.stderr for name in ("feedback", "turned_away", "inbox"))
    assert "nothing is kept" in workspace.run("users", "export", "8").stderr
    again = workspace.run("users", "erase", "7", "--yes", env={"OPSCTL_ALLOWED_USERS": "7"})
    assert "erased: all of it" in again.stderr and "may still ask" in again.stderr
    assert json.loads(workspace.run("users", "export", "7").stdout) == {"user": 7}


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot be read"), (b"\xff\xfe", "UTF-8"), ("🙂".encode() * 1251, "2502")],
)
def test_a_notice_that_cannot_be_shown(
    workspace: Workspace, content: bytes | None, said: str
) -> None:
    if content is not None:
        (workspace.root / "notice.txt").write_bytes(content)
    env = {"OPSCTL_NOTICE": "notice.txt", "OPSCTL_TELEGRAM_TOKEN": "1:x", "OPSCTL_PUBLIC": "1"}
    told = workspace.fails(2, "start", "--server", "none", "--foreground", env=env)
    assert said in told and "OPSCTL_NOTICE" in told


def test_old_questions_are_swept_after_the_days_of_the_settings(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "bot.sqlite")) as store:
        fill(store, 7, "a")
        store.db.execute("UPDATE answer SET state = 'done'")
        day = 86_400.0
        store.sweep(7 + 2.5 * day, keep_days=3)
        assert "answer" in held(store, 7)
        store.sweep(7 + 3.5 * day, keep_days=3)
        assert not {"answer", "turn", "part"} & set(held(store, 7))
