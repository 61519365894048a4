"""The sender: one message at most, every failure one of its own errors."""

import asyncio
from typing import Any

import pytest

from bot.messages.parts import Entity
from bot.telegram.errors import (
    Banned,
    ChatGone,
    ChatMoved,
    MaybeSent,
    MessageGone,
    Refused,
    Unreachable,
)
from bot.telegram.limits import ChatLimiter
from tests.bot.clients import failure, run, sender, statuses, texts
from tests.fakes.bot_api_play import Fault

LOST: dict[str, Any] = {"process": True, "drop": True}
BOLD = (Entity("bold", 0, 4),)


def test_a_message_and_its_edits() -> None:
    """Text, entities, buttons, thread and reply arrive; previews of links are off."""

    async def main() -> None:
        async with sender() as (api, to):
            question = api.user(7, "?")["message_id"]
            number = await to.send(
                7, "text", entities=BOLD, buttons=[[("Go", "go:1")]], reply_to=question, thread=5
            )
            (message,) = [one for one in api.messages(7) if one["message_id"] == number]
            assert message["entities"] == [{"type": "bold", "offset": 0, "length": 4}]
            keyboard = message["reply_markup"]["inline_keyboard"]
            assert keyboard == [[{"text": "Go", "callback_data": "go:1"}]]
            assert message["message_thread_id"] == 5
            assert message["reply_to_message"]["message_id"] == question
            assert message["link_preview_options"] == {"is_disabled": True}
            await to.edit(7, number, "more")
            (message,) = [one for one in api.messages(7) if one["message_id"] == number]
            assert message["text"] == "more"
            assert not message.get("entities") and not message.get("reply_markup")

    run(main)


@pytest.mark.parametrize(
    ("fault", "kind", "messages"),
    [
        (LOST, MaybeSent, 1),
        ({"says": "bad_gateway"}, MaybeSent, 0),
        ({"says": "unauthorized"}, None, 1),
        ({"says": "unauthorized", "times": -1}, Unreachable, 0),
        ({"says": "blocked"}, ChatGone, 0),
        ({"says": "kicked"}, ChatGone, 0),
        ({"says": "deactivated"}, ChatGone, 0),
        ({"foreign": (403, "<html>the bot was blocked")}, Unreachable, 0),
        ({"foreign": (400, "<html>wrong entities")}, Unreachable, 0),
        ({"foreign": (400, '{"error": "no"}')}, Unreachable, 0),
        ({"says": "chat_not_found"}, ChatGone, 0),
        ({"says": "no_rights"}, ChatGone, 0),
        ({"says": "flood", "retry_after": 137}, Banned, 0),
        ({"says": "draft_in_group"}, Refused, 0),
        ({"says": "too_long"}, ValueError, 0),
        ({"says": "entities"}, None, 1),
        ({"says": "entities_too_long"}, None, 1),
        ({"says": "entities", "times": -1}, Refused, 0),
    ],
)
def test_sending_fails(fault: dict[str, Any], kind: type[Exception] | None, messages: int) -> None:
    """Never two messages, whatever happens to the call."""

    async def main() -> None:
        async with sender() as (api, to):
            api.faults = [Fault("sendMessage", **fault)]
            error = await failure(to.send(7, "text", entities=BOLD))
            assert type(error) is (kind or type(None))
            assert texts(api, 7) == ["text"] * messages
            assert api.token not in repr(error)

    run(main)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (LOST, None),
        ({"drop": True, "times": 3}, None),
        ({"says": "bad_gateway", "times": 3}, None),
        ({"says": "bad_gateway", "times": -1}, Unreachable),
        ({"says": "unauthorized"}, None),
        ({"says": "not_modified"}, None),
        ({"says": "entities"}, None),
        ({"says": "no_message"}, MessageGone),
        ({"says": "not_editable"}, MessageGone),
        ({"says": "blocked"}, ChatGone),
        ({"says": "flood", "retry_after": 137}, Banned),
        ({"says": "empty"}, ValueError),
    ],
)
def test_editing_fails(fault: dict[str, Any], kind: type[Exception] | None) -> None:
    """Edits are repeated until the message reads so, or it is clear that it cannot."""

    async def main() -> None:
        async with sender() as (api, to):
            number = await to.send(7, "text")
            api.faults = [Fault("editMessageText", **fault)]
            error = await failure(to.edit(7, number, "more", entities=BOLD))
            assert type(error) is (kind or type(None))
            modified = kind is None and fault.get("says") != "not_modified"
            assert texts(api, 7) == (["more"] if modified else ["text"])

    run(main)


def test_a_preview_is_tried_once() -> None:
    """The next one will do as well."""

    async def main() -> None:
        async with sender() as (api, to):
            number = await to.send(7, "text")
            api.faults = [Fault("editMessageText", "bad_gateway")]
            assert type(await failure(to.edit(7, number, "more", preview=True))) is Unreachable
            api.flood.ban(7, 1)
            assert type(await failure(to.edit(7, number, "more", preview=True))) is Banned
            assert statuses(api, "editMessageText") == [502, 429]

    run(main)


def test_nobody_listens() -> None:
    """Nothing was sent, and the error says so; a server that comes back is written to."""

    async def main() -> None:
        async with sender() as (api, to):
            await api.stop()
            assert type(await failure(to.send(7, "text"))) is Unreachable
            await api.start()
            await to.send(7, "text")
            assert texts(api, 7) == ["text"]

    run(main)


def test_a_group_that_moved() -> None:
    """The error has the new number."""

    async def main() -> None:
        async with sender() as (api, to):
            api.chats.moved[-5] = -1005
            error = await failure(to.send(-5, "text"))
            assert isinstance(error, ChatMoved) and error.chat == -1005

    run(main)


def test_a_long_ban_has_its_seconds() -> None:
    """Later calls know it too."""

    async def main() -> None:
        async with sender(ChatLimiter(cap=5)) as (api, to):
            api.flood.ban(7, 222)
            for _ in range(2):
                error = await failure(to.send(7, "text"))
                assert isinstance(error, Banned) and 215 < error.seconds <= 223

    run(main)


def test_the_question_was_deleted() -> None:
    """The answer comes all the same."""

    async def main() -> None:
        async with sender() as (api, to):
            await to.send(7, "text", reply_to=999)
            assert texts(api, 7) == ["text"]

    run(main)


@pytest.mark.parametrize("text", ["", " \n", "a" * 4097, "😀" * 2049])
def test_texts_that_no_message_can_hold(text: str) -> None:
    """They are mistakes of ours and never reach Telegram."""

    async def main() -> None:
        async with sender() as (api, to):
            number = await to.send(7, "text")
            assert type(await failure(to.send(7, text))) is ValueError
            assert type(await failure(to.edit(7, number, text))) is ValueError
            too_many = [Entity("bold", n, 1) for n in range(101)]
            assert type(await failure(to.send(7, "a" * 101, entities=too_many))) is ValueError
            assert texts(api, 7) == ["text"] and api.count("editMessageText") == 0

    run(main)


def test_deleting() -> None:
    """What is gone already is as good as deleted."""

    async def main() -> None:
        async with sender() as (api, to):
            number = await to.send(7, "text")
            api.faults = [Fault("deleteMessage", **LOST)]
            await to.delete(7, number)
            await to.delete(7, number)
            assert texts(api, 7) == []
            api.chats.blocked.add(7)
            assert type(await failure(to.delete(7, number))) is ChatGone

    run(main)


@pytest.mark.parametrize("says", ["blocked", "bad_gateway", "flood", "unauthorized", "no_rights"])
def test_what_does_not_matter_raises_nothing(says: str) -> None:
    """Typing and the answers to buttons."""

    async def main() -> None:
        async with sender() as (api, to):
            number = await to.send(7, "text")
            query = api.user(7, kind="callback", message=number, data="x")["query"]
            api.faults = [
                Fault("sendChatAction", says),
                Fault("answerCallbackQuery", says, retry_after=0.1),
            ]
            await to.typing(7)
            await to.answer_callback(query, "Ok" * 200)
            await to.answer_callback("nobody's")
            assert api.count("answerCallbackQuery") >= 2

    run(main)


def test_many_lost_replies() -> None:
    """30 messages at once, every other reply lost: 30 messages, 15 of them unsure."""

    async def main() -> None:
        async with sender() as (api, to):
            api.faults = [Fault("sendMessage", chat=chat, **LOST) for chat in range(1, 31, 2)]
            errors = await asyncio.gather(*(failure(to.send(n, "x")) for n in range(1, 31)))
            assert [type(error) for error in errors] == [MaybeSent, type(None)] * 15
            assert [texts(api, n) for n in range(1, 31)] == [["x"]] * 30

    run(main)
