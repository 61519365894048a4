"""The bot as a process: how it starts, ends, and tells how it is."""

import asyncio
import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from tests.bot.bot_process import BOTH, BotProcess, eventually
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_play import Fault
from tests.fakes.tgi import FakeTGI
from tests.fakes.tgi_play import Play
from tests.workspace import question


@BOTH
def test_sigterm_parks_an_answer_and_the_next_start_finishes_it(
    tmp_path: Path, notes: Path, kind: type[BotProcess]
) -> None:
    async def go() -> None:
        async with FakeTGI(Play(pace=0.3, eos_every=10_000)) as tgi, FakeBotAPI() as api:
            settings = {"engine": "auto", "server_url": tgi.url, "adapter": "hackatone"}
            async with kind(tmp_path, api, notes, settings=settings) as bot:
                api.user(2, question(1))
                await eventually(lambda: tgi.log.requests)
                assert await bot.terminate() == 0
                assert "Прерываюсь" in bot.all_replies(2)[0]
                tgi.play = Play()
                await bot.start()
                await bot.replied(2)
                assert len(bot.all_replies(2)) == 1

    asyncio.run(go())


def test_a_second_bot_is_refused(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, notes) as bot:
            await bot.health()
            second = BotProcess(tmp_path, api, notes)
            second.log = tmp_path / "second.log"
            async with second:
                assert await second.ended() == 1
                assert "running already (process " in second.said()

    asyncio.run(go())


@BOTH
def test_another_program_that_polls_ends_the_bot_with_a_sentence(
    tmp_path: Path, notes: Path, kind: type[BotProcess]
) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api:
            api.faults = [Fault("getUpdates", "conflict", times=-1)]
            async with kind(tmp_path, api, notes) as bot:
                assert await bot.ended() == 1
                assert "another program answers as this bot" in bot.said()

    asyncio.run(go())


def test_a_wrong_token_and_a_taken_port_are_said(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api:
            bot = BotProcess(tmp_path, api, notes, telegram_token="1234567:" + "w" * 35)
            async with bot:
                assert await bot.ended() == 1
                assert "does not accept the bot's token" in bot.said()
                assert "w" * 35 not in bot.said()
            bot.config["health_port"] = api.port
            async with bot:
                assert await bot.ended() == 1
                assert f"the port {api.port}" in bot.said()

    asyncio.run(go())


@BOTH
def test_health_tells_whether_telegram_has_answered(
    tmp_path: Path, notes: Path, kind: type[BotProcess]
) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api:
            api.faults = [Fault("getMe", "internal", times=-1)]
            async with kind(tmp_path, api, notes) as bot:
                await api.until(lambda: api.count("getMe") > 1)
                status, text = await bot.get("/healthz")
                health = json.loads(text)
                assert status == 503 and api.count("getUpdates") == 0
                assert (health["polled"], health["introduced"]) == (False, False)
                assert health["trouble"]["cause"] == "busy"
                api.faults.clear()
                api.user(2, question(1))
                await bot.replied(2)
                status, text = await bot.get("/healthz")
                health = json.loads(text)
                assert (status, health["introduced"], health["trouble"]) == (200, True, None)

    asyncio.run(go())


def test_sigterm_waits_for_no_search(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        state = tmp_path / "state"
        shutil.copytree(notes, state)
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, state) as bot:
            (index,) = (state / "index").rglob("*.sqlite")
            with closing(sqlite3.connect(index, isolation_level=None)) as other:
                other.execute("PRAGMA locking_mode = EXCLUSIVE")
                other.execute("BEGIN EXCLUSIVE")
                api.user(2, question(1))
                await eventually(lambda: bot.all_replies(2))
                await eventually(lambda: bot.rows("SELECT 1 FROM begun"))
                # The search gives up 30 s after it began.
                assert await asyncio.wait_for(bot.terminate(), 20) == 0
                assert bot.all_replies(2)[0].startswith("⏸")
                other.execute("COMMIT")
            await bot.start()
            await eventually(lambda: "Норд1." in bot.all_replies(2)[0])

    asyncio.run(go())


def test_health_and_metrics_tell_of_polls_and_answers(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, notes) as bot:
            api.user(2, question(1))
            await bot.replied(2)
            status, _ = await bot.get("/healthz")
            assert status == 200
            text = (await bot.get("/metrics"))[1]
            assert 'bot_answers_total{kind="extractive"} 1.0' in text
            assert "bot_poll_age_seconds" in text and "bot_first_token_seconds_count 1.0" in text

    asyncio.run(go())


def test_the_token_is_in_no_log_at_any_level(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api:
            api.faults = [Fault("*", "unauthorized", times=2), Fault("*", drop=True, times=2)]
            async with BotProcess(tmp_path, api, notes, log_level="DEBUG") as bot:
                api.user(2, question(1))
                await bot.replied(2)
                assert api.token not in bot.said()
                assert "Норд1" not in bot.said()

    asyncio.run(go())


def test_a_bot_that_would_answer_nobody_is_refused(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, BotProcess(tmp_path, api, notes, parallel=0) as bot:
            assert await bot.ended() == 1
            assert "error: the bot would answer nobody" in bot.said()

    asyncio.run(go())


def test_the_package_says_which_command_starts_it() -> None:
    done = subprocess.run([sys.executable, "-m", "bot"], capture_output=True, text=True)
    assert done.returncode == 2 and "hint: opsctl start" in done.stderr
