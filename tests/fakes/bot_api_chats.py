"""The chats of the fake Bot API: messages with the history of their edits, users, blocks."""

import time
from typing import Any

from tests.fakes.bot_api_play import Refusal
from tests.fakes.bot_api_text import check_keyboard, checked, found

BOT = {"id": 42, "is_bot": True, "first_name": "Documents", "username": "documents_bot"}
Object = dict[str, Any]


def user(number: int, language: str = "ru", **more: Any) -> Object:
    """A person as Telegram describes one."""
    return {
        "id": number,
        "is_bot": False,
        "first_name": f"User {number}",
        "language_code": language,
        **more,
    }


def chat_object(number: int) -> Object:
    """A private chat has its user's number, a group a negative one."""
    if number < 0:
        return {"id": number, "type": "supergroup", "title": f"Group {number}"}
    return {"id": number, "type": "private", "first_name": f"User {number}"}


class Chats:
    """All messages by chat. `blocked` chats answer 403, `moved` ones have another number now.

    `members` are the people of the groups that the bot is in and may ask for.
    """

    def __init__(self) -> None:
        self.messages: dict[int, dict[int, Object]] = {}
        self.history: dict[int, dict[int, list[Object]]] = {}
        self.deleted: dict[int, Object] = {}
        self.blocked: set[int] = set()
        self.moved: dict[int, int] = {}
        self.members: dict[int, set[int]] = {}
        self._last = 0

    def write(self, chat: int, author: Object, text: str, **more: Any) -> Object:
        """A new message; keys of `more` whose value is None are left out."""
        self._last += 1
        message = {
            "message_id": self._last,
            "date": int(time.time()),
            "chat": chat_object(chat),
            "from": author,
            **({"text": text} if text else {}),
            **{key: value for key, value in more.items() if value is not None},
        }
        self.messages.setdefault(chat, {})[self._last] = message
        self._remember("sent", message)
        return message

    def send(self, args: Object) -> Object:
        """sendMessage."""
        chat = self.open_chat(args)
        text, entities = checked(args.get("text", ""), args.get("entities") or [])
        check_keyboard(args.get("reply_markup"))
        return self.write(
            chat,
            BOT,
            text,
            entities=entities or None,
            reply_markup=args.get("reply_markup"),
            message_thread_id=args.get("message_thread_id"),
            reply_to_message=self._reply_target(chat, args.get("reply_parameters")),
            link_preview_options=args.get("link_preview_options"),
        )

    def send_document(self, args: Object, document: Object) -> Object:
        """sendDocument."""
        chat = self.open_chat(args)
        return self.write(chat, BOT, "", document=document, caption=args.get("caption"))

    def edit(self, args: Object, markup_only: bool = False) -> Object:
        """editMessageText, editMessageReplyMarkup."""
        chat = self.open_chat(args)
        old = self.messages.get(chat, {}).get(args.get("message_id", 0))
        if old is None:
            raise Refusal("no_message")
        if old["from"] != BOT:
            raise Refusal("not_editable")
        text, entities = old["text"], old.get("entities", [])
        if not markup_only:
            text, entities = checked(args.get("text", ""), args.get("entities") or [])
        check_keyboard(args.get("reply_markup"))
        parts = {"text": text, "entities": entities, "reply_markup": args.get("reply_markup")}
        new = {key: value for key, value in {**old, **parts}.items() if value}
        if all(new.get(key) == old.get(key) for key in parts):
            raise Refusal("not_modified")
        new["edit_date"] = int(time.time())
        self.messages[chat][old["message_id"]] = new
        self._remember("edited", new)
        return new

    def edit_by_user(self, chat: int, number: int, text: str) -> Object:
        """A person corrects an own message."""
        changed = {"text": text, "entities": found(text), "edit_date": int(time.time())}
        message = self.messages[chat][number] = self.messages[chat][number] | changed
        self._remember("edited", message)
        return message

    def delete(self, chat: int, number: int) -> bool:
        """deleteMessage, and a person who takes a message away."""
        message = self.messages.get(chat, {}).pop(number, None)
        if message is None:
            raise Refusal("nothing_to_delete")
        self.deleted[number] = message
        self._remember("deleted", message)
        return True

    def open_chat(self, args: Object) -> int:
        """The number of the chat that a call writes to. Raises Refusal where it may not."""
        chat = args.get("chat_id")
        if chat in (None, ""):
            raise Refusal("no_chat_id")
        if not isinstance(chat, int) or chat == 0:
            raise Refusal("chat_not_found")
        if chat in self.moved:
            raise Refusal("migrated", migrate_to_chat_id=self.moved[chat])
        if chat in self.blocked:
            raise Refusal("blocked" if chat > 0 else "kicked")
        return chat

    def listing(self, chat: int) -> list[Object]:
        """Every message that ever was in a chat: what is there now, and its history."""
        shown = []
        for number, history in self.history.get(chat, {}).items():
            now = self.messages[chat].get(number)
            entry = {"message_id": number, "deleted": now is None, "history": history}
            shown.append({**(now or self.deleted[number]), **entry})
        return shown

    def _reply_target(self, chat: int, reply: Object | None) -> Object | None:
        if reply is None:
            return None
        if "message_id" not in reply:
            raise Refusal("reply")
        target = self.messages.get(chat, {}).get(reply["message_id"])
        if target is None and not reply.get("allow_sending_without_reply"):
            raise Refusal("no_reply_target")
        return target

    def _remember(self, event: str, message: Object) -> None:
        kept = {key: message.get(key) for key in ("text", "entities", "reply_markup")}
        entry = {"event": event, "at": time.monotonic(), **kept}
        chat = self.history.setdefault(message["chat"]["id"], {})
        chat.setdefault(message["message_id"], []).append(entry)
