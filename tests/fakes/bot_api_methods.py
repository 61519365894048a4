"""The methods of the fake Bot API, and how a call's arguments are read."""

import json
import re
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.fakes.bot_api_chats import BOT, Chats, Object, user
from tests.fakes.bot_api_files import Files
from tests.fakes.bot_api_play import Refusal
from tests.fakes.bot_api_updates import People, Updates

ABILITIES = {
    "can_join_groups": True,
    "can_read_all_group_messages": False,
    "supports_inline_queries": False,
}
# Methods that change nothing here; the call log shows them.
NOTED = ("setChatMenuButton", "deleteMyCommands", "close", "logOut", "answerInlineQuery")
ACTIONS = {
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
    "upload_document", "choose_sticker", "find_location", "record_video_note", "upload_video_note",
}  # fmt: skip
COMMAND = re.compile(r"[a-z0-9_]{1,32}")
LANGUAGE = re.compile(r"([a-z]{2})?")


class Methods:
    """Everything that the server knows, and the methods that read and change it."""

    def __init__(self) -> None:
        self.chats = Chats()
        self.files = Files()
        self.updates = Updates()
        self.people = People(self.chats, self.updates, self.files)
        self.commands: dict[str, list[Object]] = {}
        self.reactions: dict[tuple[int, int], list[Object]] = {}
        methods: dict[str, Callable[[Object], Any]] = {
            "getMe": lambda args: BOT | ABILITIES,
            "sendMessage": self.chats.send,
            "sendMessageDraft": self._draft,
            "sendDocument": self._document,
            "editMessageText": self.chats.edit,
            "editMessageReplyMarkup": lambda args: self.chats.edit(args, markup_only=True),
            "deleteMessage": lambda args: self.chats.delete(
                self.chats.open_chat(args), args["message_id"]
            ),
            "setMessageReaction": self._react,
            "answerCallbackQuery": self._answer_callback,
            "setMyCommands": self._set_commands,
            "getMyCommands": lambda args: self.commands.get(args.get("language_code", ""), []),
            "getChatMember": self._member,
            "getFile": lambda args: self.files.describe(args.get("file_id")),
            "sendChatAction": _act,
            "setMyDescription": lambda args: _fits(args, "description", 512, "description"),
            "setMyShortDescription": lambda args: _fits(args, "short_description", 120, "about"),
            "setWebhook": self.updates.set_webhook,
            "deleteWebhook": self.updates.delete_webhook,
            "getWebhookInfo": lambda args: {
                "url": "https://bot.example/hook" if self.updates.webhook else "",
                "has_custom_certificate": False,
                "pending_update_count": len(self.updates.waiting),
            },
            **dict.fromkeys(NOTED, lambda args: True),
        }
        self._methods = {name.lower(): method for name, method in methods.items()}

    async def call(self, method: str, args: Object) -> Any:
        """The method's result. Raises Refusal."""
        if method.lower() == "getupdates":
            return await self.updates.get(args)
        if method.lower() not in self._methods:
            raise Refusal("no_method")
        return self._methods[method.lower()](args)

    def _draft(self, args: Object) -> bool:
        if self.chats.open_chat(args) < 0:
            raise Refusal("draft_in_group")
        return True

    def _document(self, args: Object) -> Object:
        content = args["document"]
        if isinstance(content, str):  # a file_id
            self.files.describe(content)
            return self.chats.send_document(args, {"file_id": content, "file_unique_id": content})
        name, mime = args["document_name"], "application/octet-stream"
        return self.chats.send_document(args, self.files.add(name, content, mime))

    def _member(self, args: Object) -> Object:
        chat, number = self.chats.open_chat(args), args["user_id"]
        if chat not in self.chats.members:
            raise Refusal("chat_not_found")
        status = "member" if number in self.chats.members[chat] else "left"
        return {"user": user(number), "status": status}

    def _react(self, args: Object) -> bool:
        chat, number = self.chats.open_chat(args), args["message_id"]
        if number not in self.chats.messages.get(chat, {}):
            raise Refusal("no_message")
        self.reactions[chat, number] = args.get("reaction") or []
        return True

    def _answer_callback(self, args: Object) -> bool:
        query = str(args["callback_query_id"])
        if query not in self.people.open_queries:
            raise Refusal("old_query")
        _fits(args, "text", 200, "callback_text")
        self.people.open_queries.discard(query)
        return True

    def _set_commands(self, args: Object) -> bool:
        language, scope = args.get("language_code", ""), args.get("scope") or {}
        if not LANGUAGE.fullmatch(language):
            raise Refusal("language")
        for command in args["commands"]:
            if not COMMAND.fullmatch(command["command"]):
                raise Refusal("command")
            if not 1 <= len(command["description"]) <= 256:
                raise Refusal("command_text")
        whose = "" if scope.get("type", "default") == "default" else f"{scope.get('chat_id')}/"
        self.commands[whose + language] = args["commands"]
        return True


def _act(args: Object) -> bool:
    if args.get("action") not in ACTIONS:
        raise Refusal("action")
    return True


def _fits(args: Object, key: str, most: int, saying: str) -> bool:
    if len(args.get(key) or "") > most:
        raise Refusal(saying)
    return True


async def arguments(request: web.Request) -> Object:
    """A call's arguments, from the address, a JSON body or a form; a file's bytes and its name."""
    args: Object = {key: _value(key, value) for key, value in request.query.items()}
    if request.content_type == "application/json":
        args |= json.loads(await request.read() or b"{}")
        return args
    files: dict[str, tuple[str, bytes]] = {}
    for key, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            files[key] = (value.filename, value.file.read())
        else:
            args[key] = _value(key, str(value))
    for key, value in list(args.items()):
        if isinstance(value, str) and value.startswith("attach://"):
            files[key] = files.pop(value.removeprefix("attach://"))
    for key, (name, content) in files.items():
        args |= {key: content, f"{key}_name": name}
    return args


def _value(key: str, value: str) -> Any:
    """Form values are texts, or JSON for everything else."""
    if key in ("text", "caption", "file_id", "callback_query_id", "language_code", "action"):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
