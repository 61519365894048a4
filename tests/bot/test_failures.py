"""Answers that Telegram, the store or the person stands in the way of: each comes to one end."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from bot.messages.messages import plain_parts
from bot.questions.writing import BEGINNINGS
from tests.bot.bot_process import eventually
from tests.bot.core import core
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_play import Fault, Flood
from tests.fakes.tgi import FakeTGI
from tests.fakes.tgi_play import Play
from tests.workspace import question

GROUP = -5
FOREIGN = "<html>Not allowed by the proxy: the bot was blocked by the user</html>"


def written(api: FakeBotAPI, chat: int) -> list[str]:
    """What the bot's messages in the chat say now."""
    mine = [m for m in api.messages(chat) if m["from"]["is_bot"] and not m["deleted"]]
    return [message["text"] for message in mine]


def served(tgi: FakeTGI) -> dict[str, Any]:
    return {"engine": "auto", "server_url": tgi.url, "adapter": "hackatone"}


@pytest.mark.parametrize(
    "faults",
    [
        [Fault("editMessageText", foreign=(403, FOREIGN), times=2)],
        [Fault("editMessageText", foreign=(400, FOREIGN), times=4)],
        [Fault("sendMessage", foreign=(403, FOREIGN)), Fault("sendMessage", "no_rights", times=3)],
        [Fault("editMessageText", "bad_gateway", times=12), Fault("editMessageText", "no_file")],
        [Fault("editMessageText", "no_message", times=2)],
    ],
    ids=["a proxy's 403", "a proxy's 400", "rights come back", "one odd no", "deleted twice"],
)
def test_what_passes_costs_no_answer(tmp_path: Path, notes: Path, faults: list[Fault]) -> None:
    async def go() -> None:
        async with FakeBotAPI(flood=Flood(0)) as api, core(tmp_path, api, notes) as it:
            api.faults = faults
            it.ask(2, question(3))
            await eventually(lambda: it.outcome(1) == "answered")
            assert sum("Норд3." in text for text in written(api, 2)) == 1

    asyncio.run(go())


def test_messages_that_are_deleted_at_once_are_not_sent_for_ever(
    tmp_path: Path, notes: Path
) -> None:
    async def go() -> None:
        async with FakeBotAPI(flood=Flood(0)) as api, core(tmp_path, api, notes) as it:
            api.faults = [Fault("editMessageText", "no_message", chat=2, times=-1)]
            it.ask(2, question(3))
            await eventually(lambda: it.outcome(1) == "gone")
            assert api.count("sendMessage") == 3
            it.ask(3, question(4))
            await eventually(lambda: it.outcome(2) == "answered")

    asyncio.run(go())


def test_a_ban_of_a_group_holds_back_nobody_elsewhere(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI(flood=Flood(0)) as api, core(tmp_path, api, notes) as it:
            api.flood.ban(GROUP, 600)
            it.ask(2, question(1), chat=GROUP)
            await eventually(lambda: it.answers.next_due(time.time()))
            it.ask(2, question(2), chat=GROUP)
            it.ask(2, question(3))
            await eventually(lambda: it.outcome(3) == "answered")
            assert it.outcome(1) == it.outcome(2) == ""

    asyncio.run(go())


def test_stopped_while_the_placeholder_is_sent_nothing_is_written(
    tmp_path: Path, notes: Path
) -> None:
    async def go() -> None:
        async with FakeTGI(Play()) as tgi, FakeBotAPI(flood=Flood(0)) as api:
            api.faults = [Fault("sendMessage", delay=0.5)]
            async with core(tmp_path, api, notes, **served(tgi)) as it:
                it.ask(2, question(3))
                await api.until(lambda: api.count("sendMessage"))
                assert it.answers.finish(1, "stopped", plain_parts("⏹"))
                it.answerer.stop(1)
                await eventually(lambda: it.outcome(1) == "stopped")
                assert tgi.log.requests == [] and written(api, 2) == ["⏹"]

    asyncio.run(go())


def test_an_answer_that_can_not_be_shown_is_given_up_and_harms_no_other(
    tmp_path: Path, notes: Path
) -> None:
    async def go() -> None:
        async with (
            FakeBotAPI(flood=Flood(0)) as api,
            core(tmp_path, api, notes, pace=0.002) as it,
        ):
            api.faults = [Fault("editMessageText", "bad_gateway", chat=2, times=-1)]
            it.ask(2, question(3))
            await eventually(lambda: it.answers.counts()["final"])
            it.store.db.execute("UPDATE answer SET telegram_failures = 5000")
            it.store.db.execute("UPDATE part SET entities = '[1]'")
            await eventually(lambda: (found := it.answers.get(1)) and found.outcome == "broken")
            api.faults.clear()
            await eventually(lambda: it.outcome(1) == "broken")
            assert "внутренней ошибки" in written(api, 2)[0]
            it.ask(3, question(4))
            await eventually(lambda: it.outcome(2) == "answered")

    asyncio.run(go())


def test_a_row_that_can_not_be_read_harms_no_other(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI(flood=Flood(0)) as api, core(tmp_path, api, notes) as it:
            api.flood.ban(2, 600)
            it.ask(2, question(3))
            await eventually(lambda: it.answers.next_due(time.time()))
            it.store.db.execute('UPDATE answer SET due = 0, citations = \'[{"of": "old"}]\'')
            it.queue.wake()
            await eventually(lambda: it.answers.counts()["waiting"] == 0)
            it.ask(3, question(4))
            await eventually(lambda: it.outcome(2) == "answered")

    asyncio.run(go())


def test_a_question_that_ends_the_process_is_not_asked_for_ever(
    tmp_path: Path, notes: Path
) -> None:
    async def go() -> None:
        async with (
            FakeTGI(Play()) as tgi,
            FakeBotAPI(flood=Flood(0)) as api,
            core(tmp_path, api, notes, **served(tgi)) as it,
        ):
            for _ in range(BEGINNINGS):
                it.answers.begin(1)
            it.ask(2, question(3))
            await eventually(lambda: it.outcome(1) == "broken")
            assert tgi.log.requests == []
            it.ask(2, question(4))
            await eventually(lambda: it.outcome(2) == "answered")
            assert it.store.db.execute("SELECT * FROM begun").fetchall() == []

    asyncio.run(go())


def test_a_removed_person_gets_no_more_answers(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI(flood=Flood(0)) as api, core(tmp_path, api, notes) as it:
            api.faults = [Fault("editMessageText", "flood", retry_after=1)]
            it.ask(2, question(1))
            it.ask(2, question(2))
            await eventually(lambda: it.answers.next_due(time.time()))
            it.removed.add(2)
            await eventually(lambda: it.outcome(1) == it.outcome(2) == "gone")
            assert written(api, 2) == []

    asyncio.run(go())


def test_the_clock_is_set_back(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        ahead = 0.0
        async with (
            FakeBotAPI(flood=Flood(0)) as api,
            core(tmp_path, api, notes, clock=lambda: time.time() + ahead) as it,
        ):
            api.faults = [Fault("editMessageText", "flood", retry_after=1)]
            it.ask(2, question(3))
            await eventually(lambda: it.answers.next_due(time.time()))
            ahead = -7200.0
            it.queue.wake()
            await eventually(lambda: it.outcome(1) == "answered")

    asyncio.run(go())


@pytest.mark.parametrize("pace", [0.1, pytest.param(1, marks=pytest.mark.slow)])
def test_typing_is_shown_as_long_as_nothing_else_and_never_broken_off(
    tmp_path: Path, notes: Path, pace: float
) -> None:
    async def go() -> None:
        async with FakeTGI(Play(first_token=7 * pace)) as tgi, FakeBotAPI(flood=Flood(0)) as api:
            api.faults = [Fault("sendChatAction", after=1, delay=4 * pace)]
            async with core(tmp_path, api, notes, pace=pace, **served(tgi)) as it:
                it.ask(2, question(3))
                await eventually(lambda: it.outcome(1) == "answered")
                calls = [call for call in api.calls if call["method"] == "sendChatAction"]
                assert len(calls) == 2
                await eventually(lambda: calls[1]["status"] == 200)

    asyncio.run(go())


def test_the_log_holds_no_words_of_the_model_server(
    tmp_path: Path, notes: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def go() -> None:
        play = Play(fault="generation", times=1, after=5, pace=0.02)
        async with (
            FakeTGI(play) as tgi,
            FakeBotAPI(flood=Flood(0)) as api,
            core(tmp_path, api, notes, **served(tgi)) as it,
        ):
            it.ask(2, question(3))
            await eventually(lambda: it.outcome(1) == "answered")
        assert "answer 1: GenerationFailed" in caplog.text

    asyncio.run(go())
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("bot")]
    assert all(len(line) < 60 for line in lines), json.dumps(lines)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("unauthorized", "Unauthorized: the model server did not accept the API key (HTTP 401)"),
        ("validation", "BadRequest: the model server refused the request (HTTP 422)"),
        ("html", "BadReply: http://127.0.0.1:"),
    ],
)
def test_why_an_answer_is_quoted_is_logged_with_what_helps(
    tmp_path: Path, notes: Path, caplog: pytest.LogCaptureFixture, fault: str, told: str
) -> None:
    async def go() -> None:
        async with (
            FakeTGI(Play(fault=fault)) as tgi,
            FakeBotAPI(flood=Flood(0)) as api,
            core(tmp_path, api, notes, **served(tgi)) as it,
        ):
            it.ask(2, question(3))
            await eventually(lambda: it.outcome(1) == "answered")

    asyncio.run(go())
    (line,) = [each.getMessage() for each in caplog.records if "is quoted" in each.getMessage()]
    assert f"answer 1 is quoted, the model does not answer: {told}" in line
    assert "opsctl" in line or "OPSCTL_" in line
    assert "Зюйд" not in line
