"""The fake Bot API does what Telegram does, or the tests of the bot would prove nothing."""

import asyncio
import base64
import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from telegram import (
    BotCommand,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    MessageEntity,
    Update,
)
from telegram.error import BadRequest, Conflict

from tests.bot.clients import client, failure, run, statuses, texts
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_play import Flood

ROOT = Path(__file__).resolve().parents[2]


def said(updates: tuple[Update, ...]) -> list[str | None]:
    """The texts of the messages in the updates."""
    return [update.message.text for update in updates if update.message]


def test_updates_stay_until_they_are_confirmed() -> None:
    """Only a later offset takes them away; a batch has at most as many as were asked for."""

    async def main() -> None:
        async with FakeBotAPI() as api, client(api) as bot:
            for number in range(5):
                api.user(7, str(number))
            first = await bot.get_updates(limit=2)
            assert said(first) == ["0", "1"] == said(await bot.get_updates(limit=2))
            rest = await bot.get_updates(offset=first[-1].update_id + 1)
            assert said(rest) == ["2", "3", "4"]
            assert api.updates.confirmed == first[-1].update_id
            assert await bot.get_updates(offset=rest[-1].update_id + 1) == ()

    run(main)


def test_polling_is_long() -> None:
    """The reply comes with the update, or empty at the end of the time."""

    async def main() -> None:
        async with FakeBotAPI() as api, client(api) as bot:
            poll = asyncio.create_task(bot.get_updates(timeout=30))
            await api.until(lambda: api.count("getUpdates"))
            api.user(7, "hello")
            assert said(await poll) == ["hello"]
            api.updates.waiting.clear()
            assert await bot.get_updates(timeout=1) == ()

    run(main)


def test_the_older_of_two_polls_ends_with_409() -> None:
    """The younger one goes on."""

    async def main() -> None:
        async with FakeBotAPI() as api, client(api) as old, client(api) as new:
            first = asyncio.create_task(failure(old.get_updates(timeout=30)))
            await api.until(lambda: api.count("getUpdates") == 1)
            second = asyncio.create_task(new.get_updates(timeout=30))
            assert isinstance(await first, Conflict)
            api.user(7, "hello")
            assert said(await second) == ["hello"]

    run(main)


def test_what_people_do_becomes_updates() -> None:
    """Of every kind that the bot asks for; reactions come only then."""

    async def main() -> None:
        async with FakeBotAPI() as api, client(api) as bot:
            shown = await bot.send_message(-5, "text")
            assert api.user(7, kind="reaction", message=1, emoji="👍")["update_id"] is None
            await bot.get_updates(allowed_updates=Update.ALL_TYPES)
            asked = api.user(7, "/ask@documents_bot x", chat=-5, thread=3, reply_to=1)
            api.user(7, kind="edited", chat=-5, message=asked["message_id"], text="changed")
            api.user(7, kind="callback", chat=-5, message=shown.message_id, data="go")
            api.user(7, kind="reaction", chat=-5, message=shown.message_id, emoji="👍")
            api.user(7, kind="inline", query="who")
            content = base64.b64encode(b"abc").decode()
            api.user(7, kind="document", name="../a.pdf", content=content, language="en")
            api.user(7, kind="block")
            api.user(7, kind="raw", update={"update_id": 5000})
            got = await bot.get_updates()
            message, edited, callback, reaction, inline, document, member, raw = got
            assert message.message and message.message.chat.type == "supergroup"
            assert message.message.entities[0].type == "bot_command"
            assert message.message.reply_to_message and message.message.message_thread_id == 3
            assert edited.edited_message and edited.edited_message.text == "changed"
            assert callback.callback_query and callback.callback_query.data == "go"
            assert reaction.message_reaction and inline.inline_query and member.my_chat_member
            assert document.message and document.message.document and document.effective_user
            assert document.effective_user.language_code == "en"
            file = await bot.get_file(document.message.document)
            assert bytes(await file.download_as_bytearray()) == b"abc"
            assert raw.update_id == 5000
            assert await failure(bot.send_message(7, "x"))

    run(main)


def test_messages_keep_their_history() -> None:
    """Sent, edited, deleted, by the bot and by people."""

    async def main() -> None:
        async with FakeBotAPI() as api, client(api) as bot:
            number = (await bot.send_message(7, "a")).message_id
            await bot.edit_message_text("b", 7, number)
            await bot.delete_message(7, number)
            (message,) = api.messages(7)
            events = [(one["event"], one["text"]) for one in message["history"]]
            assert events == [("sent", "a"), ("edited", "b"), ("deleted", "b")]
            assert message["deleted"] and texts(api, 7) == []

    run(main)


@pytest.mark.parametrize(
    ("text", "entities", "reason"),
    [
        ("😀" * 2049, [], "too long"),
        (" \n", [], "empty"),
        ("a😀b", [MessageEntity("bold", 0, 2)], "entities"),
        ("ab", [MessageEntity("bold", 0, 3)], "entities"),
        ("ab", [MessageEntity("bold", 2, 1)], "entities"),
    ],
)
def test_texts_that_are_refused(text: str, entities: list[MessageEntity], reason: str) -> None:
    """Lengths and offsets count in UTF-16 units."""

    async def main() -> None:
        async with FakeBotAPI() as api, client(api) as bot:
            error = await failure(bot.send_message(7, text, entities=entities))
            assert isinstance(error, BadRequest) and reason in error.message
            await bot.send_message(7, "😀" * 2048, entities=[MessageEntity("bold", 0, 4096)])

    run(main)


def test_edits_that_are_refused() -> None:
    """Not modified, not there, somebody else's; and a button with too long data."""

    async def main() -> None:
        async with FakeBotAPI(flood=Flood(0)) as api, client(api) as bot:
            theirs = api.user(7, "hi")["message_id"]
            number = (await bot.send_message(7, "a")).message_id
            for target, text, reason in (
                (number, "a", "not modified"),
                (999, "b", "not found"),
                (theirs, "b", "can't be edited"),
            ):
                error = await failure(bot.edit_message_text(text, 7, target))
                assert isinstance(error, BadRequest) and reason in error.message
            button = InlineKeyboardButton("Go", callback_data="я" * 33)
            keyboard = InlineKeyboardMarkup([[button]])
            error = await failure(bot.send_message(7, "b", reply_markup=keyboard))
            assert isinstance(error, BadRequest) and "BUTTON_DATA" in error.message.upper()

    run(main)


def test_files_commands_and_reactions() -> None:
    """What the bot sends and sets is kept."""

    async def main() -> None:
        async with FakeBotAPI() as api, client(api) as bot:
            file = InputFile(b"abc", filename="a.txt")
            message = await bot.send_document(7, file, caption="c")
            assert message.document and message.document.file_name == "a.txt"
            assert api.methods.files.contents[message.document.file_id] == b"abc"
            await bot.set_my_commands([BotCommand("new", "Begin anew")], language_code="en")
            assert api.methods.commands["en"] == [{"command": "new", "description": "Begin anew"}]
            await bot.set_message_reaction(7, message.message_id, "👀")
            reactions = api.methods.reactions[7, message.message_id]
            assert reactions == [{"type": "emoji", "emoji": "👀"}]
            assert isinstance(await failure(bot.answer_callback_query("1")), BadRequest)
            assert statuses(api, "answerCallbackQuery") == [400]

    run(main)


def test_as_a_program() -> None:
    """Its address is its first line; it is told what to do, and asked, over HTTP."""
    argv = [sys.executable, "-m", "tests.fakes.bot_api", "--speed", "0", "--token", "1:x"]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        base = process.stdout.readline().strip().removesuffix("/bot")

        def call(path: str, body: object = None) -> Any:
            data = None if body is None else json.dumps(body).encode()
            headers = {"Content-Type": "application/json"}
            with urllib.request.urlopen(urllib.request.Request(base + path, data, headers)) as got:
                return json.load(got)

        try:
            made = call("/_user", [{"user": 7, "text": "a"}, {"user": 8, "text": "b"}])
            assert len(call("/bot1:x/getUpdates", {})["result"]) == 2
            call("/bot1:x/sendMessage", {"chat_id": 7, "text": "answer"})
            assert [one["text"] for one in call("/_chats")["7"]] == ["a", "answer"]
            call("/_chat", {"chat": -5, "moved": -1005})
            call("/_flood", {"speed": 1, "chat": 7, "ban": 60, "deaf": False})
            call("/_fault", [{"method": "getMe", "says": "bad_gateway"}])
            codes = []
            for method, args in (("sendMessage", {"chat_id": 7, "text": "x"}), ("getMe", {})):
                with pytest.raises(urllib.error.HTTPError) as caught:
                    call(f"/bot1:x/{method}", args)
                codes.append(caught.value.code)
                caught.value.close()
            assert codes == [429, 502]
            state = call("/_state")
            assert state["waiting"] == 2 and state["refused"][0]["chat"] == 7
            assert [one["method"] for one in call("/_calls?from=2")] == ["sendMessage", "getMe"]
            assert made[0]["update_id"] == 1000
        finally:
            process.terminate()
    assert process.returncode == 0
