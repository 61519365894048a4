"""Files that an administrator sends become documents: the right ones, once, under names of ours."""

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.store.store import Store
from core.lock import writer_lock
from tests.bot.bot_process import ADMIN, BOTH, BotProcess, eventually
from tests.bot.upload_files import (
    ADMINS,
    documents_of,
    every,
    open_text,
    pdf_of,
    result,
    rich_text,
    send,
    told,
    word,
    workbook,
    zipped,
)  # fmt: skip
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_play import Fault, Flood
from tests.indexer.sample_files import pdf
from tests.real.fuzz_samples import samples
from tests.workspace import note, question

PLAIN, OTHER_ADMIN = 2, 3
KINDS = {
    "Отчёт за май (итог).pdf": pdf([note(1), note(2)]),
    "b.TXT": note(3).encode("cp1251"),
    "c.md": f"# Склад\n\n{note(4)}\n".encode(),
    "d.html": f"<html><body><p>{note(5)}</p></body></html>".encode(),
    "e.docx": word(note(6)),
    "Блокнот.txt": note(7).encode("utf-16"),
    "Кабинеты.csv": "Фамилия;Кабинет\nКорольков;405\nСиничкина;210\n".encode("cp1251"),
    "Цены.xlsx": workbook([["Товар", "Цена"], ["Шайба", 1450]]),
    "f.odt": open_text(note(8)),
    "Письмо.DOC": rich_text(note(9)),
    "Прайс.xls": "<table><tr><th>Товар<th>Цена<tr><td>Болт<td>7</table>".encode(),
}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "documents").mkdir()
    return tmp_path


def test_an_album_of_every_kind_is_added_and_answered_from(state: Path) -> None:
    async def go() -> None:
        config = {"log_level": "DEBUG", "admins": [ADMIN, OTHER_ADMIN]}
        faults = [Fault("getFile", "bad_gateway"), Fault("file", "bad_gateway")]
        async with FakeBotAPI() as api, BotProcess(state, api, state, **config) as bot:
            api.faults = [*faults, Fault("file", drop=True)]
            users = [ADMIN] * 4 + [OTHER_ADMIN] * (len(KINDS) - 4)
            sent = [
                send(api, name, content, user=user)
                for user, (name, content) in zip(users, KINDS.items(), strict=True)
            ]
            await api.until(every(sent, bot))
            results = [told(bot, message) for message in sent]
            assert results == [
                ["✅ Добавлено: telegram/Отчёт-за-май-итог-unique1.pdf, страниц: 2, отрывков: 2."],
                ["✅ Добавлено: telegram/b-unique2.txt, отрывков: 1."],
                ["✅ Добавлено: telegram/c-unique3.md, отрывков: 1."],
                ["✅ Добавлено: telegram/d-unique4.html, отрывков: 1."],
                ["✅ Добавлено: telegram/e-unique5.docx, отрывков: 1."],
                ["✅ Добавлено: telegram/Блокнот-unique6.txt, отрывков: 1."],
                ["✅ Добавлено: telegram/Кабинеты-unique7.csv, отрывков: 1."],
                ["✅ Добавлено: telegram/Цены-unique8.xlsx, отрывков: 1."],
                ["✅ Добавлено: telegram/f-unique9.odt, отрывков: 1."],
                ["✅ Добавлено: telegram/Письмо-unique10.doc, отрывков: 1."],
                ["✅ Добавлено: telegram/Прайс-unique11.xls, отрывков: 1."],
            ]
            assert sorted(documents_of(state).values()) == sorted(KINDS.values())
            for number, name in ((2, "Отчёт-за-май-итог-unique1.pdf"), (6, "e-unique5.docx")):
                before = len(bot.finished(number))
                api.user(number, question(number))
                answer = (await bot.replied(number, before + 1))[-1]
                [[quotes]] = bot.rows("SELECT citations FROM answer ORDER BY id DESC LIMIT 1")
                assert f"Норд{number}." in answer
                assert json.loads(quotes)[0]["file"] == f"telegram/{name}"
            assert api.token not in bot.said() and api.flood.refused == []
            assert api.token not in str(api.chats.history)
            assert list((state / "uploads").iterdir()) == []
            assert bot.rows("SELECT * FROM upload") == []

    asyncio.run(go())


MORE_KINDS = (".eml", ".mbox", ".gz", ".epub", ".json")


def test_mail_archives_and_whatever_else_has_a_reader_are_added(state: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, BotProcess(state, api, state, admins=ADMINS[:2]) as bot:
            sent = {
                suffix: send(api, f"a{suffix}", samples(suffix, state)[0], user=user)
                for user, suffix in zip((1, 1, 1, 2, 2), MORE_KINDS, strict=True)
            }
            archive = zipped({"Склад.txt": note(5).encode(), "c.exe": b"MZ"})
            sent[".zip"] = send(api, "Архив.zip", archive, user=2)
            await api.until(every([*sent.values()], bot))
            for suffix, message in sent.items():
                (said,) = told(bot, message)
                in_part = suffix in (".gz", ".zip")  # they hold what nobody can read
                begins = "⚠️ Добавлено, но прочитано не всё: " if in_part else "✅ Добавлено: "
                assert said.startswith(f"{begins}telegram/"), said
                assert f"{suffix}, отрывков: " in said
            before = len(bot.finished(ADMIN))
            api.user(ADMIN, question(5))
            answer = (await bot.replied(ADMIN, before + 1))[-1]
            assert "Норд5." in answer and "Склад.txt" in answer

    asyncio.run(go())


def test_what_is_read_in_part_is_not_told_as_added_whole(state: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, BotProcess(state, api, state, admins=ADMINS[:1]) as bot:
            scanned = send(api, "a.pdf", pdf([note(5), b""]))
            whole = send(api, "b.pdf", pdf([note(6), note(7)]))
            await api.until(every([scanned, whole], bot))
            (said,) = told(bot, scanned)
            assert (
                said.startswith("⚠️ Добавлено, но прочитано не всё: telegram/") and "status" in said
            )
            (said,) = told(bot, whole)
            assert said.startswith("✅ Добавлено: telegram/")

    asyncio.run(go())


def test_names_are_ours(state: Path) -> None:
    page = pdf([note(1)])
    names = {
        "../../etc/passwd.txt": "passwd-unique1.txt",
        "..\\x.pdf": "x-unique2.pdf",
        "/etc/cron.d/job.md": "job-unique3.md",
        "a\0b.txt": "ab-unique4.txt",
        "🔥 огонь 🔥.txt": "огонь-unique5.txt",
        "ы" * 300 + ".txt": "ы" * 60 + "-unique6.txt",
        ".pdf": "document-unique7.pdf",
        "con.pdf": "con-unique8.pdf",
        "-a\u202etxt.exe.txt": "atxt-exe-unique9.txt",
    }

    async def go() -> None:
        async with FakeBotAPI() as api, BotProcess(state, api, state, admins=ADMINS[:9]) as bot:
            sent = []
            for user, name in zip(ADMINS, names, strict=False):
                content = page + b"\n" * user if name.endswith("pdf") else note(user).encode()
                sent.append(send(api, name, content, user=user))
            bad = send(api, "x.txt", b"text", document={"file_unique_id": "../../x"})
            await api.until(every([*sent, bad], bot))
            assert "читать не умею" in told(bot, bad)[0]
            assert all("✅" in told(bot, message)[0] for message in sent)
            written = {path for path in state.rglob("*") if path.suffix in (".txt", ".pdf", ".md")}
            assert written == {state / "documents/telegram" / name for name in names.values()}

    asyncio.run(go())


def test_only_an_administrator_adds_and_only_in_private(state: Path) -> None:
    async def go() -> None:
        config = {"allowed_users": [PLAIN], "allowed_groups": [-5]}
        async with FakeBotAPI() as api, BotProcess(state, api, state, **config) as bot:
            send(api, "a.txt", note(1).encode(), user=77)
            send(api, "a.txt", note(1).encode(), user=ADMIN, chat=-5)
            send(api, "a.txt", note(1).encode(), user=PLAIN)
            send(api, "a.txt", note(1).encode(), user=PLAIN, language="en")
            refused = await bot.replied(PLAIN, 2)
            assert refused[0].startswith("Добавлять документы может только администратор")
            assert refused[1].startswith("Only an administrator or an editor can add")
            await eventually(lambda: bot.rows("SELECT 1 FROM inbox WHERE NOT done") == [])
            assert api.count("getFile") == 0 and not bot.all_replies(-5)
            assert ["передал" in text for text in bot.all_replies(77)] == [True]
            api.user(ADMIN, "/help")
            api.user(PLAIN, "/help")
            await api.until(lambda: "Пришлите мне лично файл" in str(bot.replies(ADMIN)))
            assert "Пришлите мне лично файл" not in (await bot.replied(PLAIN, 3))[2]

    asyncio.run(go())


def test_what_is_there_is_not_added_twice(state: Path) -> None:
    async def go() -> None:
        mine = state / "documents" / "mine.txt"
        mine.write_text(note(1), encoding="utf-8")
        async with FakeBotAPI() as api, BotProcess(state, api, state, admins=ADMINS[:6]) as bot:
            first = [send(api, f"{user}.txt", note(2).encode(), user=user) for user in (1, 2)]
            await api.until(every(first, bot))
            assert told(bot, first[0])[0].startswith("✅ Добавлено: telegram/1-unique1.txt")
            same = {"file_unique_id": "unique1"}
            again = send(api, "c.txt", note(2).encode(), user=3, document=same)
            indexed = send(api, "d.txt", note(1).encode(), user=4, language="en")
            changed = send(api, "1.txt", note(3).encode(), user=5, document=same)
            await api.until(every([again, indexed, changed], bot))
            for message in (first[1], again, changed):
                assert told(bot, message) == ["Такой документ уже есть: telegram/1-unique1.txt."]
            assert told(bot, indexed) == ["There is such a document already: mine.txt."]
            assert set(documents_of(state)) == {"mine.txt", "telegram/1-unique1.txt"}
            mine.unlink()
            anew = await result(bot, send(api, "d.txt", note(1).encode(), user=6))
            assert "✅ Добавлено: telegram/d-unique6.txt" in anew

    asyncio.run(go())


def test_a_file_just_below_the_limit_is_added(state: Path) -> None:
    content = pdf_of(19_999_000, note(1))
    assert 19_900_000 < len(content) <= 20_000_000

    async def go() -> None:
        async with FakeBotAPI() as api, BotProcess(state, api, state) as bot:
            assert "страниц: 1, отрывков: 1." in await result(bot, send(api, "big.pdf", content))
            api.user(ADMIN, question(1))
            assert "Норд1." in (await bot.replied(ADMIN, 2))[1]

    asyncio.run(go())


@BOTH
def test_a_program_that_writes_the_index_is_waited_for(state: Path, kind: type[BotProcess]) -> None:
    async def go() -> None:
        index = state / "index"
        index.mkdir()
        async with FakeBotAPI(flood=Flood(0)) as api, kind(state, api, state) as bot:
            await bot.health()
            with writer_lock(index / "lock"):
                message = send(api, "a.txt", note(1).encode())
                await eventually(lambda: bot.rows("SELECT 1 FROM upload WHERE due > 0"))
                assert told(bot, message) == []
            assert "✅ Добавлено" in await result(bot, message)

    asyncio.run(go())


def test_a_damaged_index_is_told_and_ends_nothing(state: Path) -> None:
    async def go() -> None:
        store = state / "index" / "store-1" / "store.sqlite"
        store.parent.mkdir(parents=True)
        store.write_bytes(b"no database" * 100)
        (state / "index" / "current").write_text("store-1")
        async with FakeBotAPI() as api, BotProcess(state, api, state) as bot:
            message = send(api, "a.txt", note(1).encode(), language="en")
            said = await result(bot, message)
            assert said.startswith("The file is in the documents as telegram/a-unique1.txt, but")
            assert "is damaged" in bot.said()
            again = await result(bot, send(api, "b.txt", note(1).encode()))
            assert again.startswith("Файл лежит в документах как telegram/a-unique1.txt")
            api.user(ADMIN, "/reindex")
            await eventually(lambda: "Не получилось" in bot.finished(ADMIN)[-1])
            (state / "index" / "current").unlink()
            found = await result(bot, send(api, "c.txt", note(1).encode()))
            assert found == "✅ Добавлено: telegram/a-unique1.txt, отрывков: 1."
            assert set(documents_of(state)) == {"telegram/a-unique1.txt"}

    asyncio.run(go())


def test_a_file_of_the_bot_from_before_uploads_gets_their_table(tmp_path: Path) -> None:
    path = tmp_path / "bot.sqlite"
    Store(path).close()
    with closing(sqlite3.connect(path)) as old:
        old.execute("DROP TABLE upload")
    store = Store(path)
    assert store.db.execute("SELECT * FROM upload").fetchall() == []
    store.close()


def test_a_file_that_a_local_bot_api_server_has_stored_is_taken_from_there(state: Path) -> None:
    async def go() -> None:
        stored = state / "stored.txt"
        stored.write_text(note(1))
        file = {"file_id": "f", "file_unique_id": "unique1", "file_path": str(stored)}
        async with FakeBotAPI() as api, BotProcess(state, api, state) as bot:
            api.faults = [Fault("getFile", foreign=(200, json.dumps({"ok": True, "result": file})))]
            sent = send(api, "a.txt", note(1).encode())
            await api.until(every([sent], bot))
            assert "✅ Добавлено: telegram/a-" in told(bot, sent)[0]
            assert api.count("file") == 0 and stored.is_file()

    asyncio.run(go())
