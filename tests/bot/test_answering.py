"""One whole answer to a question: streamed, labelled, resumed, whatever fails on the way."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.bot.bot_process import BOTH, BotProcess, eventually
from tests.bot.core import core
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_play import Fault, Flood
from tests.fakes.tgi import FakeTGI
from tests.fakes.tgi_play import Play
from tests.workspace import question


def bot_messages(api: FakeBotAPI, chat: int) -> list[dict[str, Any]]:
    return [m for m in api.messages(chat) if m["from"]["is_bot"] and not m.get("deleted")]


def with_answer(api: FakeBotAPI, chat: int, text: str) -> int:
    """How many messages of the bot hold the text."""
    return sum(text in message["text"] for message in bot_messages(api, chat))


@BOTH
def test_an_answer_grows_in_one_message_and_ends_with_its_sources(
    tmp_path: Path, notes: Path, kind: type[BotProcess]
) -> None:
    async def go() -> None:
        play = Play(pace=max(0.04, 0.15 * kind.pace), eos_every=10_000)
        async with FakeTGI(play) as tgi, FakeBotAPI() as api:
            settings = {
                "engine": "auto",
                "server_url": tgi.url,
                "adapter": "hackatone",
                "answer_tokens": 24,
            }
            async with kind(tmp_path, api, notes, settings=settings) as bot:
                api.user(2, question(3))
                final = (await bot.replied(2))[0]
                message = bot_messages(api, 2)
                assert len(message) == 1
                texts = [step["text"] for step in message[0]["history"]]
                assert texts[0] == "…" and texts[-1] == final
                grown = texts[1:-1]
                assert grown and all(final.startswith(text) for text in grown)
                assert not any(step.get("entities") for step in message[0]["history"][:-1])
                assert "expandable_blockquote" in json.dumps(message[0]["entities"])
                assert "достиг наибольшей длины" in final
                assert "note3.txt" in final and "Цитаты" not in final
                buttons = json.dumps(message[0]["reply_markup"])
                assert all(word in buttons for word in ("like:1", "retry:1"))
                assert "sources" not in buttons  # they stand in the answer
                assert api.flood.refused == []

    asyncio.run(go())


def test_without_a_server_it_quotes_and_says_so(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI(flood=Flood(0)) as api:
            nowhere: dict[str, Any] = {
                "engine": "auto",
                "server_url": "http://127.0.0.1:9",
                "adapter": "hackatone",
            }
            async with core(tmp_path, api, notes, **nowhere) as it:
                it.ask(2, question(3))
                await eventually(lambda: it.outcome(1) == "answered")
                text = bot_messages(api, 2)[0]["text"]
                assert text.startswith("📄 Модель сейчас не отвечает") and "Норд3." in text

    asyncio.run(go())


def test_what_only_comes_closest_is_not_announced_as_the_answer(
    tmp_path: Path, notes: Path
) -> None:
    async def go() -> None:
        async with (
            FakeBotAPI(flood=Flood(0)) as api,
            core(tmp_path, api, notes, threshold=0.95) as it,
        ):
            it.ask(2, "телефон кладовщика Норд3")
            it.ask(2, question(4))
            await eventually(lambda: it.outcome(1) == it.outcome(2) == "answered")
            first, second = sorted(message["text"] for message in bot_messages(api, 2))
            assert first.startswith("Точного ответа не нашёл.") and "Норд3" in first
            assert second.startswith("📄 Цитаты из документов:")

    asyncio.run(go())


@pytest.mark.parametrize("fault", ["cut", "generation"])
def test_an_answer_that_breaks_off_is_written_again(
    tmp_path: Path, notes: Path, fault: str
) -> None:
    async def go() -> None:
        play = Play(fault=fault, times=1, after=5, pace=0.02)
        async with FakeTGI(play) as tgi, FakeBotAPI(flood=Flood(0)) as api:
            server: dict[str, Any] = {
                "engine": "auto",
                "server_url": tgi.url,
                "adapter": "hackatone",
            }
            async with core(tmp_path, api, notes, **server) as it:
                it.ask(2, question(3))
                await eventually(lambda: it.outcome(1) == "answered")
                assert len(tgi.log.requests) == 2
                assert "Цитаты" not in bot_messages(api, 2)[0]["text"]
                assert len(bot_messages(api, 2)) == 1

    asyncio.run(go())


def test_of_a_server_that_always_breaks_off_the_longest_part_is_kept(
    tmp_path: Path, notes: Path
) -> None:
    async def go() -> None:
        async with (
            FakeTGI(Play(fault="eof", after=3, pace=0.02)) as tgi,
            FakeBotAPI(flood=Flood(0)) as api,
        ):
            server: dict[str, Any] = {
                "engine": "auto",
                "server_url": tgi.url,
                "adapter": "hackatone",
            }
            async with core(tmp_path, api, notes, **server) as it:
                it.ask(2, question(3))
                await eventually(lambda: it.outcome(1) == "answered")
                assert len(tgi.log.requests) == 3
                text = bot_messages(api, 2)[0]["text"]
                words, label, *_ = text.split("\n\n")
                assert len(words.split()) == 3 and "оборвал ответ на этом месте" in label

    asyncio.run(go())


def test_the_deadline_leaves_a_fragment_that_says_what_it_is(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        play = Play(pace=0.05, eos_every=10_000)
        async with FakeTGI(play) as tgi, FakeBotAPI(flood=Flood(0)) as api:
            server: dict[str, Any] = {
                "engine": "auto",
                "server_url": tgi.url,
                "adapter": "hackatone",
            }
            async with core(tmp_path, api, notes, answer_seconds=3, **server) as it:
                it.ask(2, question(3))
                await eventually(lambda: it.outcome(1) == "deadline")
                text = bot_messages(api, 2)[0]["text"]
                assert "не успел закончиться" in text and not text.startswith("⌛")

    asyncio.run(go())


@pytest.mark.parametrize(
    ("fault", "messages"),
    [
        (Fault("sendMessage", process=True, drop=True), 2),
        (Fault("sendMessage", "bad_gateway", process=True), 2),
        (Fault("sendMessage", "bad_gateway"), 1),
        (Fault("sendMessage", "flood", retry_after=0.5), 1),
        (Fault("editMessageText", process=True, drop=True, times=9), 1),
        (Fault("editMessageText", "bad_gateway", times=9), 1),
        (Fault("editMessageText", "flood", retry_after=0.5), 1),
        (Fault("editMessageText", "no_message"), 2),
        (Fault("editMessageText", "entities"), 1),
        (Fault("*", drop=True, times=4), 1),
    ],
)
def test_one_answer_whatever_telegram_does(
    tmp_path: Path, notes: Path, fault: Fault, messages: int
) -> None:
    async def go() -> None:
        async with FakeBotAPI(flood=Flood(0)) as api:
            api.faults = [fault]
            async with core(tmp_path, api, notes) as it:
                it.ask(2, question(3))
                it.ask(3, question(4))
                await eventually(lambda: it.outcome(1) == it.outcome(2) == "answered")
                assert with_answer(api, 2, "Норд3.") == with_answer(api, 3, "Норд4.") == 1
                assert len(bot_messages(api, 2) + bot_messages(api, 3)) <= messages + 1

    asyncio.run(go())


def test_a_ban_delays_the_answers_of_its_chat_only(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI(flood=Flood(0)) as api, core(tmp_path, api, notes) as it:
            api.flood.ban(2, 2)
            it.ask(2, question(1))
            await eventually(lambda: it.answers.next_due(time.time()))
            it.ask(2, question(2))
            it.ask(3, question(3))
            await eventually(lambda: it.outcome(3) == "answered")
            assert it.outcome(1) == it.outcome(2) == ""
            await eventually(lambda: it.outcome(2) == "answered")
            assert [call["status"] for call in api.calls].count(429) == 1
            assert [with_answer(api, 2, f"Норд{n}.") for n in (1, 2)] == [1, 1]

    asyncio.run(go())


def test_a_chat_that_is_gone_ends_its_questions(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        async with (
            FakeBotAPI(flood=Flood(0)) as api,
            core(tmp_path, api, notes, pace=0.002) as it,
        ):
            api.chats.blocked.add(2)
            it.ask(2, question(1))
            it.ask(2, question(2))
            await eventually(lambda: it.outcome(1) == it.outcome(2) == "gone")

    asyncio.run(go())


def test_a_deleted_placeholder_does_not_lose_the_answer(tmp_path: Path, notes: Path) -> None:
    async def go() -> None:
        play = Play(first_token=0.5)
        async with FakeTGI(play) as tgi, FakeBotAPI(flood=Flood(0)) as api:
            server: dict[str, Any] = {
                "engine": "auto",
                "server_url": tgi.url,
                "adapter": "hackatone",
            }
            async with core(tmp_path, api, notes, **server) as it:
                it.ask(2, question(3))
                await eventually(lambda: bot_messages(api, 2))
                placeholder = bot_messages(api, 2)[0]["message_id"]
                api.user(2, kind="delete", message=placeholder)
                await eventually(lambda: it.outcome(1) == "answered")
                assert len(bot_messages(api, 2)) == 1
                assert "note3.txt" in bot_messages(api, 2)[0]["text"]

    asyncio.run(go())


def test_an_answer_longer_than_a_message_comes_in_order_and_whole(
    tmp_path: Path, notes: Path
) -> None:
    async def go() -> None:
        async with FakeTGI(Play(eos_every=10_000)) as tgi, FakeBotAPI(flood=Flood(0)) as api:
            server: dict[str, Any] = {
                "engine": "auto",
                "server_url": tgi.url,
                "adapter": "hackatone",
                "answer_tokens": 1500,
            }
            async with core(tmp_path, api, notes, **server) as it:
                it.ask(2, question(3))
                await eventually(lambda: it.outcome(1) == "answered")
                texts = [message["text"] for message in bot_messages(api, 2)]
                assert len(texts) > 1 and "…" not in texts
                assert sum("достиг наибольшей длины" in text for text in texts) == 1
                assert "note3.txt" in texts[-1]

    asyncio.run(go())


def test_the_dialogue_is_told_to_the_model_until_it_begins_anew(
    tmp_path: Path, notes: Path
) -> None:
    async def go() -> None:
        async with FakeTGI(Play()) as tgi, FakeBotAPI(flood=Flood(0)) as api:
            server: dict[str, Any] = {
                "engine": "auto",
                "server_url": tgi.url,
                "adapter": "hackatone",
            }
            async with core(tmp_path, api, notes, **server) as it:
                for number in (1, 2):
                    it.ask(2, question(number))
                    await eventually(lambda: it.outcome(it.asked) == "answered")
                assert question(1) in json.dumps(tgi.log.requests[1].body, ensure_ascii=False)
                it.dialogue.reset(2, None, it.asked)
                it.ask(2, question(3))
                it.ask(3, question(4))
                await eventually(lambda: it.outcome(3) == it.outcome(4) == "answered")
                for request in tgi.log.requests[2:]:
                    assert question(1) not in json.dumps(request.body, ensure_ascii=False)

    asyncio.run(go())
