"""The queue of updates, kept until a later offset confirms them, and how people make updates."""

import asyncio
import base64
import time
from collections import deque
from itertools import count, islice
from typing import Any

from tests.fakes.bot_api_chats import Chats, Object, chat_object, user
from tests.fakes.bot_api_files import Files
from tests.fakes.bot_api_play import Refusal
from tests.fakes.bot_api_text import found

# What getUpdates leaves out unless it is asked for by name.
ON_REQUEST = {"chat_member", "message_reaction", "message_reaction_count"}


class Updates:
    """Updates in order. Polling is long, and a second poll ends the first with 409."""

    def __init__(self) -> None:
        self.waiting: deque[Object] = deque()
        self.confirmed = 0
        self.webhook = False
        self.allowed: list[str] = []
        self._numbers = count(1000)
        self._poll: asyncio.Future[None] | None = None

    def add(self, kind: str, body: Object) -> int | None:
        """Queue one and return its update_id, or None where the bot does not take this kind."""
        if kind in ON_REQUEST if not self.allowed else kind not in self.allowed:
            return None
        number = next(self._numbers)
        self.put({"update_id": number, kind: body})
        return number

    def put(self, update: Object) -> None:
        """Queue an update as it is: one that was there before, or one that makes no sense."""
        self.waiting.append(update)
        if self._poll and not self._poll.done():
            self._poll.set_result(None)

    async def get(self, args: Object) -> list[Object]:
        """getUpdates: confirms what is below the offset, then waits until there is something."""
        if self.webhook:
            raise Refusal("webhook")
        offset = args.get("offset", 0)
        while self.waiting and self.waiting[0]["update_id"] < offset:
            self.confirmed = max(self.confirmed, self.waiting.popleft()["update_id"])
        if "allowed_updates" in args:
            self.allowed = args["allowed_updates"] or []
        if self._poll and not self._poll.done():
            self._poll.set_exception(Refusal("conflict"))
        if not self.waiting and args.get("timeout", 0):
            await self._news(min(50, args["timeout"]))
        return list(islice(self.waiting, max(1, min(100, args.get("limit", 100)))))

    def set_webhook(self, args: Object) -> bool:
        """setWebhook: getUpdates works no more."""
        self.webhook = True
        return True

    def delete_webhook(self, args: Object) -> bool:
        """deleteWebhook: getUpdates works again."""
        self.webhook = False
        if args.get("drop_pending_updates"):
            self.waiting.clear()
        return True

    async def _news(self, seconds: float) -> None:
        poll = self._poll = asyncio.get_running_loop().create_future()
        try:
            await asyncio.wait_for(poll, seconds)
        except TimeoutError:
            pass
        finally:
            if self._poll is poll:
                self._poll = None


class People:
    """What users do, as updates: each action returns update_id and message_id."""

    def __init__(self, chats: Chats, updates: Updates, files: Files) -> None:
        self._chats, self._updates, self._files = chats, updates, files
        self.open_queries: set[str] = set()
        self._queries = count(1)

    def act(self, action: Object) -> Object:
        """Do what `kind` says; the other keys are the arguments of that method here."""
        kind = action.get("kind", "message")
        made: Object = getattr(self, f"_{kind}")(
            **{key: value for key, value in action.items() if key != "kind"}
        )
        return made

    def _message(
        self,
        user: int | None,
        text: str = "",
        chat: int | None = None,
        thread: int | None = None,
        reply_to: int | None = None,
        language: str = "ru",
        sender: Object | None = None,
        extra: Object | None = None,
    ) -> Object:
        where = user if chat is None else chat
        assert where is not None
        message = self._chats.write(
            where,
            self._author(user, language, sender),
            text,
            entities=found(text) or None,
            message_thread_id=thread,
            is_topic_message=True if thread else None,
            reply_to_message=self._chats.messages.get(where, {}).get(reply_to or 0),
            **(extra or {}),
        )
        return self._made("message", message, message["message_id"])

    def _document(self, user: int, name: str, content: str, **more: Any) -> Object:
        """`content` is base64; `document` is what else is said of the file."""
        mime = more.pop("mime", "application/octet-stream")
        other = more.pop("document", {})
        document = self._files.add(name, base64.b64decode(content), mime, **other)
        return self._message(user, extra={"document": document}, **more)

    def _photo(self, user: int, content: str, caption: str | None = None, **more: Any) -> Object:
        """A photo, of which Telegram keeps smaller ones, too; `content` is base64."""
        largest = base64.b64decode(content)
        sizes = [(b"smaller", 90), (largest, 1280), (b"small", 320)]
        photo = []
        for made, side in sizes:
            size = self._files.add("", made, "", file_name=None, mime_type=None)
            photo.append(size | {"width": side, "height": side})
        return self._message(user, extra={"photo": photo, "caption": caption}, **more)

    def _edited(self, user: int, message: int, text: str, chat: int | None = None) -> Object:
        edited = self._chats.edit_by_user(chat or user, message, text)
        return self._made("edited_message", edited, message)

    def _callback(
        self, user: int, message: int, data: str, chat: int | None = None, language: str = "ru"
    ) -> Object:
        query = str(next(self._queries))
        self.open_queries.add(query)
        body = {
            "id": query,
            "from": self._author(user, language),
            "chat_instance": "1",
            "data": data,
            "message": self._chats.messages[chat or user][message],
        }
        return self._made("callback_query", body, message) | {"query": query}

    def _reaction(self, user: int, message: int, emoji: str, chat: int | None = None) -> Object:
        body = {
            "chat": chat_object(chat or user),
            "message_id": message,
            "user": self._author(user),
            "date": int(time.time()),
            "old_reaction": [],
            "new_reaction": [{"type": "emoji", "emoji": emoji}],
        }
        return self._made("message_reaction", body, message)

    def _inline(self, user: int, query: str) -> Object:
        body = {"id": str(next(self._queries)), "from": self._author(user), "query": query}
        return self._made("inline_query", body | {"offset": ""}, None)

    def _block(self, user: int) -> Object:
        self._chats.blocked.add(user)
        member = {"user": {"id": 42, "is_bot": True, "first_name": "Documents"}}
        body = {
            "chat": chat_object(user),
            "from": self._author(user),
            "date": int(time.time()),
            "old_chat_member": {**member, "status": "member"},
            "new_chat_member": {**member, "status": "kicked", "until_date": 0},
        }
        return self._made("my_chat_member", body, None)

    def _delete(self, user: int, message: int, chat: int | None = None) -> Object:
        self._chats.delete(chat or user, message)
        return {"update_id": None, "message_id": message}

    def _raw(self, update: Object, user: int = 0) -> Object:
        self._updates.put(update)
        return {"update_id": update["update_id"], "message_id": None}

    def _author(
        self, number: int | None, language: str = "ru", sender: Object | None = None
    ) -> Object:
        return sender or user(number or 0, language)

    def _made(self, kind: str, body: Object, message: int | None) -> Object:
        return {"update_id": self._updates.add(kind, body), "message_id": message}
