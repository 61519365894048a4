"""Administrators are told what changed in the documents: once, whoever changed it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from opsctl.keeper.status import show_bot
from tests.bot.bot_process import ADMIN, BotProcess, eventually
from tests.bot.upload_files import send
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_play import Fault, Flood
from tests.fakes.tgi import FakeTGI
from tests.fakes.tgi_play import Play
from tests.workspace import Workspace, note, question

OTHER = 4
NEWS = "Документы обновлены"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path / "project")
    for number in (1, 2, 3):
        made.write(f"n{number}.txt", note(number))
    made.reindex()
    return made


def bot_of(folder: Path, api: FakeBotAPI, workspace: Workspace, **config: Any) -> BotProcess:
    settings = {"documents": str(workspace.documents)} | config.pop("settings", {})
    given = {"admins": [ADMIN, OTHER], "pace": 0.005, **config}
    return BotProcess(folder, api, workspace.state, settings=settings, **given)


def news(bot: BotProcess, admin: int) -> list[str]:
    return [text for text in bot.finished(admin) if NEWS in text]


async def begun(bot: BotProcess) -> None:
    """Wait until the bot has looked at the index for the first time."""
    sql = "SELECT count(*) FROM document"
    await eventually(lambda: bot.database.exists() and "answering" in bot.said())
    await eventually(lambda: bot.rows(sql) != [(0,)])


def test_a_change_by_hand_is_told_once_to_each(tmp_path: Path, workspace: Workspace) -> None:
    async def go() -> None:
        async with FakeBotAPI(flood=Flood(0)) as api:
            bot = bot_of(tmp_path, api, workspace)
            async with bot:
                await begun(bot)
            workspace.write("neu.txt", note(7))
            workspace.write("n1.txt", note(8))
            (workspace.documents / "n2.txt").unlink()
            workspace.write("scan.pdf", b"%PDF-1.4 broken")
            workspace.reindex()
            async with bot:
                for admin in (ADMIN, OTHER):
                    await api.until(lambda admin=admin: news(bot, admin))  # type: ignore[misc]
                lines = news(bot, ADMIN)[0].splitlines()[1:]
                assert lines[:3] == [
                    "Новых: 1 — neu.txt", "Изменённых: 1 — n1.txt", "Удалённых: 1 — n2.txt"
                ]  # fmt: skip
                assert lines[3].startswith("Не прочитано: 1 — scan.pdf (")
                await eventually(lambda: bot.rows("SELECT * FROM news") == [])
                await bot.terminate()
            async with bot:
                workspace.write("n9.txt", note(9))
                workspace.reindex()
                await api.until(lambda: len(news(bot, ADMIN)) == 2)
                await api.until(lambda: len(news(bot, OTHER)) == 2)
                assert news(bot, ADMIN)[1] == "📂 Документы обновлены.\nНовых: 1 — n9.txt"

    asyncio.run(go())


def test_the_bot_s_own_clock_updates_and_tells(tmp_path: Path, workspace: Workspace) -> None:
    """Much at once is one message; what keeps it from updating is logged and told once."""

    async def go() -> None:
        async with (
            FakeBotAPI(flood=Flood(0)) as api,
            bot_of(tmp_path, api, workspace, reindex_every=0.3) as bot,
        ):
            await begun(bot)
            for number in range(10, 30):
                workspace.write(f"n{number}.txt", note(number))
            await api.until(lambda: new_ones(bot) == 20)
            assert len(news(bot, ADMIN)) <= 3
            workspace.documents.rename(tmp_path / "away")
            await api.until(lambda: "не получается" in str(bot.finished(OTHER)))
            before = last_run(workspace)
            await eventually(lambda: last_run(workspace) not in ("", before))
            assert str(bot.finished(OTHER)).count("не получается") == 1
            assert bot.said().count("cannot be indexed") == 1

    asyncio.run(go())


def new_ones(bot: BotProcess) -> int:
    """How many new documents the messages tell of."""
    return sum(int(text.split("Новых: ")[1].split(" ")[0]) for text in news(bot, ADMIN))


def last_run(workspace: Workspace) -> str:
    return (workspace.state / "run" / "reindex.json").read_text()


def test_what_telegram_does_not_take_is_told_later(tmp_path: Path, workspace: Workspace) -> None:
    async def go() -> None:
        async with FakeBotAPI(flood=Flood(0)) as api, bot_of(tmp_path, api, workspace) as bot:
            await begun(bot)
            api.faults = [
                Fault("sendMessage", "bad_gateway", chat=ADMIN, times=1),
                Fault("sendMessage", "chat_not_found", chat=OTHER, times=1),
            ]
            workspace.write("neu.txt", note(7))
            workspace.reindex()
            await eventually(lambda: bot.rows("SELECT value FROM meta WHERE key = 'news'"))
            await eventually(lambda: api.count("sendMessage") >= 2)
            await eventually(lambda: bot.rows("SELECT * FROM news") == [])

    asyncio.run(go())


def test_who_sent_a_document_is_named_to_the_others(tmp_path: Path, workspace: Workspace) -> None:
    async def go() -> None:
        async with FakeBotAPI(flood=Flood(0)) as api, bot_of(tmp_path, api, workspace) as bot:
            await begun(bot)
            send(api, "смета.txt", note(7).encode())
            await api.until(lambda: "Добавлено" in str(bot.finished(ADMIN)))
            await api.until(lambda: news(bot, OTHER))
            assert "смета" in news(bot, OTHER)[0] and "прислано: " in news(bot, OTHER)[0]
            assert news(bot, ADMIN) == []
            assert bot.rows("SELECT * FROM brought") == []

    asyncio.run(go())


async def status(api: FakeBotAPI, bot: BotProcess, count: int) -> str:
    api.user(ADMIN, "/status")
    return (await bot.replied(ADMIN, count))[-1]


def test_quotations_instead_of_the_models_answers_are_told_when_they_begin_and_end(
    tmp_path: Path, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the cause, once to each administrator; /status and /metrics tell it, too."""

    async def go() -> None:
        async with (
            FakeTGI(Play(fault="unauthorized")) as tgi,
            FakeBotAPI(flood=Flood(0)) as api,
        ):
            served = {"engine": "auto", "server_url": tgi.url}
            bot = bot_of(tmp_path, api, workspace, settings=served)
            async with bot:
                for number in (1, 2):
                    api.user(5, question(number))
                await bot.replied(5, 2)
                for admin in (ADMIN, OTHER):
                    (told,) = await bot.replied(admin)
                    assert "сервер не принимает ключ (OPSCTL_API_KEY)" in told
                assert "нет ответов: сервер не принимает ключ" in await status(api, bot, 2)
                health = await bot.health()
                assert health["model_trouble"] == "Unauthorized"
                show_bot({"state": "running", **health})
                shown = capsys.readouterr().out
                assert "people get quotations: the model does not answer (Unauthorized)" in shown
                tgi.play = Play()
                api.user(5, question(3))
                assert (await bot.replied(ADMIN, 3))[2] == "✅ Модель снова отвечает."
                assert "Сервер модели: отвечает" in await status(api, bot, 4)
                counted = (await bot.get("/metrics"))[1]
                assert 'bot_fallbacks_total{kind="Unauthorized"} 2.0' in counted

    asyncio.run(go())
