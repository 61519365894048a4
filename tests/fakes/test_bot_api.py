"""The fake Bot API answers as Telegram's server does, by its sources: a row is a call."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from telegram import Update

from tests.bot.clients import client, texts
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_play import Fault, Flood

Call = Callable[..., Coroutine[Any, Any, tuple[int, Any]]]
BOT = {"id": 42, "is_bot": True, "username": "documents_bot"}
BOLD = {"type": "bold", "offset": 0, "length": 1}
ENTITY = "can't parse MessageEntity: "
PLACE = "entity beginning at UTF-16 offset 1 ends after the end of the text at UTF-16 offset 10"
BUTTON = "can't parse inline keyboard button: "
SAME = (
    "message is not modified: specified new message content and reply markup are exactly the same"
    " as a current content and reply markup of the message"
)
OLD = "query is too old and response timeout expired or query ID is invalid"
UPGRADED = "group chat was upgraded to a supergroup chat"
SILENT = 0.3  # seconds without a reply


def sent(text: str = "x", **more: Any) -> dict[str, Any]:
    """The arguments of a message to person 7."""
    return {"chat_id": 7, "text": text, **more}


def marked(text: str, **more: Any) -> dict[str, Any]:
    """The same with something in bold."""
    return sent(text, entities=[BOLD | more])


def keys(*buttons: dict[str, str]) -> dict[str, Any]:
    """The same with a row of buttons."""
    return sent(reply_markup={"inline_keyboard": [list(buttons)]})


def menu(command: str = "up", description: str = "x", **more: Any) -> dict[str, Any]:
    """The arguments of a menu of one command."""
    return {"commands": [{"command": command, "description": description}], **more}


DONE: list[tuple[str, dict[str, Any], Any]] = [
    ("getMe", {}, BOT),
    ("GETME", {}, BOT),
    ("sendMessage", marked(" \n😀ab \n", offset=2, length=6), {"text": "😀ab", "entities": [
        BOLD | {"length": 4}]}),
    ("sendMessage", marked("abc", length=0), {"text": "abc", "entities": None}),
    ("sendMessage", sent("😀" * 2048), {"text": "😀" * 2048, "from": BOT}),
    ("sendMessage", sent(reply_parameters={"message_id": 9, "allow_sending_without_reply": True}),
     {"text": "x", "reply_to_message": None}),
    ("editMessageText", sent("b", message_id=2), {"text": "b", "message_id": 2}),
    ("deleteMessage", sent(message_id=2), True),
    ("sendChatAction", sent(action="typing"), True),
    ("sendMessageDraft", sent(draft_id=1), True),
    ("setMessageReaction", sent(message_id=1, reaction=[]), True),
    ("setMyCommands", menu(language_code="en"), True),
    ("setMyDescription", {"description": "x" * 512}, True),
    ("answerCallbackQuery", {"callback_query_id": "1", "text": "x" * 200}, True),
    ("getFile", {"file_id": "file1"}, {"file_path": "documents/file1", "file_size": 3}),
]  # fmt: skip
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("sendMessage", sent("😀" * 2049), "message is too long"),
    ("sendMessage", sent(""), "message text is empty"),
    ("sendMessage", sent("\u200b\u2800"), "text must be non-empty"),
    ("sendMessage", marked("ab", offset=1, length=9), PLACE),
    ("sendMessage", marked("😀b", offset=1),
     "entity begins in a middle of a UTF-16 symbol at byte offset 1"),
    ("sendMessage", marked("ab", type="wow"), f"{ENTITY}Unsupported type specified"),
    ("sendMessage", {"text": "x"}, "chat_id is empty"),
    ("sendMessage", sent(chat_id=-5), UPGRADED),
    ("sendMessage", sent(reply_parameters={}), "can't parse reply parameters JSON object"),
    ("sendMessage", sent(reply_parameters={"message_id": 9}), "message to be replied not found"),
    ("sendMessage", keys({"text": "Go", "callback_data": "я" * 33}), "BUTTON_DATA_INVALID"),
    ("sendMessage", keys({"callback_data": "a"}), f"{BUTTON}text must be non-empty"),
    ("sendMessage", keys({"text": "Go"}),
     f"{BUTTON}Text buttons are unallowed in the inline keyboard"),
    ("sendMessage", keys(*[{"text": "a", "url": "b"}] * 101), "reply markup is too long"),
    ("sendMessageDraft", sent(chat_id=-6), "TEXTDRAFT_PEER_INVALID"),
    ("editMessageText", sent("a", message_id=2), SAME),
    ("editMessageText", sent("b", message_id=1), "message can't be edited"),
    ("editMessageText", sent("b", message_id=9), "message to edit not found"),
    ("deleteMessage", sent(message_id=9), "message to delete not found"),
    ("sendChatAction", sent(action="thinking"), "wrong parameter action in request"),
    ("setMyCommands", menu("Up"), "BOT_COMMAND_INVALID"),
    ("setMyCommands", menu(description=""), "BOT_COMMAND_DESCRIPTION_INVALID"),
    ("setMyCommands", menu(language_code="rus"), "invalid language code specified"),
    ("setMyDescription", {"description": "x" * 513}, "BOT_DESCRIPTION_TOO_LONG"),
    ("setMyShortDescription", {"short_description": "x" * 121}, "BOT_ABOUT_TOO_LONG"),
    ("answerCallbackQuery", {"callback_query_id": "1", "text": "x" * 201}, "MESSAGE_TOO_LONG"),
    ("answerCallbackQuery", {"callback_query_id": "9"}, OLD),
    ("getFile", {"file_id": "file2"}, "file is too big"),
    ("getFile", {}, "wrong file_id or the file is temporarily unavailable"),
]  # fmt: skip
OTHERS = [
    ("getNothing", {}, 404, "Not Found"),
    ("sendMessage", sent(chat_id=8), 403, "Forbidden: bot was blocked by the user"),
    ("sendMessage", sent(chat_id=-8), 403, "Forbidden: bot was kicked from the supergroup chat"),
]
# What a fault does to the call that it meets: how that ends, and whether it was carried out.
FAULTS = [
    ({"says": "bad_gateway"}, 502, False),
    ({"says": "internal", "process": True}, 500, True),
    ({"says": "unauthorized"}, 401, False),
    ({"says": "flood", "retry_after": 7}, 429, False),
    ({"foreign": (403, "<html>")}, 403, False),
    ({"drop": True}, "ServerDisconnectedError", False),
    ({"drop": True, "process": True}, "ServerDisconnectedError", True),
    ({"silent": True}, "TimeoutError", False),
]


def test_what_is_done() -> None:
    """Lengths and offsets are UTF-16 units; white space around a text goes."""
    for method, args, result in DONE:
        status, reply = once(method, args)
        assert (status, reply["ok"]) == (200, True), (method, args, reply)
        got = reply["result"]
        if isinstance(result, dict):
            got = {key: got.get(key) for key in result}
            got |= {"from": {key: got["from"][key] for key in BOT}} if "from" in got else {}
        assert got == result, (method, args)


@pytest.mark.parametrize(
    ("method", "args", "status", "description"),
    [*((m, args, 400, f"Bad Request: {text}") for m, args, text in REFUSED), *OTHERS],
)
def test_what_is_refused(method: str, args: dict[str, Any], status: int, description: str) -> None:
    got, reply = once(method, args)
    moved = {"migrate_to_chat_id": -1005} if UPGRADED in description else None
    assert (got, reply["ok"], reply["error_code"]) == (status, False, status)
    assert (reply["description"], reply.get("parameters")) == (description, moved)


@pytest.mark.parametrize(("fault", "end", "written"), FAULTS)
def test_a_fault_meets_one_call(fault: dict[str, Any], end: int | str, written: bool) -> None:
    """Of its method, in its chat, after those that it spares."""

    async def main() -> None:
        async with calling() as (api, call):
            api.faults = [Fault("sendMessage", chat=7, after=1, **fault)]
            ends: list[int | str] = []
            for args in (sent("a", chat_id=5), sent("b"), sent("met"), sent("over")):
                try:
                    ends.append((await call("sendMessage", args))[0])
                except (TimeoutError, aiohttp.ClientError) as error:
                    ends.append(type(error).__name__)
            assert ends == [200, 200, end, 200]
            assert texts(api, 7)[2:] == ["b", *["met"] * written, "over"]

    asyncio.run(main())


def test_flood_control() -> None:
    """Bursts of 3 in a chat and 20 a minute in a group; the 429 says for how long."""

    async def main() -> None:
        async with calling(Flood(speed=0.1)) as (api, call):
            api.flood.overall = 1000
            assert [(await call("sendMessage", sent()))[0] for _ in range(2)] == [200, 200]
            _, refused = await call("sendMessage", sent())
            assert refused["error_code"] == 429
            assert refused["parameters"] == {"retry_after": 10}
            assert refused["description"] == "Too Many Requests: retry after 10"
            api.flood.burst = 100
            group = [(await call("sendMessage", sent(chat_id=-6)))[0] for _ in range(21)]
            assert group == [200] * 20 + [429]
            api.flood.ban(9, 60)
            assert (await call("sendChatAction", {"chat_id": 9, "action": "typing"}))[0] == 429

    asyncio.run(main())


def test_updates_stay_until_a_later_offset_confirms_them() -> None:
    """A batch has at most as many as were asked for; polling is long, and one at a time."""

    async def main() -> None:
        async with calling() as (api, call):

            async def numbers(**args: Any) -> list[int]:
                return [one["update_id"] for one in (await call("getUpdates", args))[1]["result"]]

            first, second, *rest = await numbers()
            assert await numbers(limit=2) == [first, second] == await numbers(limit=2)
            assert await numbers(offset=second + 1) == rest
            assert await numbers(offset=rest[-1] + 1) == []
            older = asyncio.create_task(call("getUpdates", {"timeout": 30}))
            await api.until(lambda: api.calls[-1]["args"] == {"timeout": 30})
            younger = asyncio.create_task(numbers(timeout=30))
            status, reply = await older
            assert (status, reply["description"][:40]) == (
                409,
                "Conflict: terminated by other getUpdates",
            )
            api.user(7, "hello")
            assert await younger == [rest[-1] + 1]
            api.updates.webhook = True
            assert (await call("getUpdates"))[0] == 409
            assert (await call("deleteWebhook"))[0] == (await call("getUpdates"))[0] == 200

    asyncio.run(main())


def test_what_people_do_becomes_updates() -> None:
    """Of every kind that python-telegram-bot reads; reactions come only if asked for."""

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

    asyncio.run(main())


def test_messages_keep_their_history() -> None:
    """Sent, edited, deleted; a form sends a file, and other names or a wrong token nothing."""

    async def main() -> None:
        async with calling() as (api, call):
            await call("editMessageText", sent("b", message_id=2))
            await call("deleteMessage", sent(message_id=2))
            history = api.messages(7)[1]["history"]
            events = [(one["event"], one["text"]) for one in history]
            assert events == [("sent", "a"), ("edited", "b"), ("deleted", "b")]
            form = aiohttp.FormData({"chat_id": "7", "caption": "c"})
            form.add_field("document", b"abc", filename="a.txt")
            message = (await call("sendDocument", form=form))[1]["result"]
            assert (message["caption"], message["document"]["file_name"]) == ("c", "a.txt")
            assert api.methods.files.contents[message["document"]["file_id"]] == b"abc"
            api.token = "1:other"
            assert (await call("getMe"))[0] == 401

    asyncio.run(main())


@asynccontextmanager
async def calling(flood: Flood | None = None) -> AsyncIterator[tuple[FakeBotAPI, Call]]:
    """A fake in which person 7 wrote "hi" (1), got "a" (2), and pressed a button; two files."""
    async with FakeBotAPI(flood=flood or Flood(0)) as api, aiohttp.ClientSession() as session:
        url = f"{api.url}{api.token}"

        async def call(
            method: str, args: dict[str, Any] | None = None, form: Any = None
        ) -> tuple[int, Any]:
            seconds = None if "timeout" in (args or {}) else SILENT
            async with session.post(
                f"{url}/{method}", json=None if form else args or {}, data=form,
                timeout=aiohttp.ClientTimeout(seconds),
            ) as reply:  # fmt: skip
                text = await reply.text()
                return reply.status, json.loads(text) if text[0] == "{" else text

        api.user(7, "hi")
        await call("sendMessage", sent("a"))
        for _ in range(3):
            api.user(7, kind="callback", message=2, data="go")
        for size in (3, (20 << 20) + 1):
            api.methods.files.add("a", bytes(size), "application/pdf")
        api.chats.moved[-5] = -1005
        api.chats.blocked |= {8, -8}
        yield api, call


def once(method: str, args: dict[str, Any]) -> tuple[int, Any]:
    """Status and body of one call."""

    async def main() -> tuple[int, Any]:
        async with calling() as (_, call):
            return await call(method, args)

    return asyncio.run(main())
