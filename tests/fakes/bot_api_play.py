"""What the fake Bot API is told to do wrong: faults per method, and flood control."""

import json
import math
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any

# How Telegram says it: status and description.
SAYINGS: dict[str, tuple[int, str]] = {
    "unauthorized": (401, "Unauthorized"),
    "no_method": (404, "Not Found"),
    "conflict": (
        409,
        "Conflict: terminated by other getUpdates request;"
        " make sure that only one bot instance is running",
    ),
    "webhook": (
        409,
        "Conflict: can't use getUpdates method while webhook is active;"
        " use deleteWebhook to delete the webhook first",
    ),
    "flood": (429, "Too Many Requests: retry after {retry_after}"),
    "internal": (500, "Internal Server Error"),
    "bad_gateway": (502, "Bad Gateway"),
    "blocked": (403, "Forbidden: bot was blocked by the user"),
    "kicked": (403, "Forbidden: bot was kicked from the supergroup chat"),
    "deactivated": (403, "Forbidden: user is deactivated"),
    "no_chat_id": (400, "Bad Request: chat_id is empty"),
    "chat_not_found": (400, "Bad Request: chat not found"),
    "no_rights": (400, "Bad Request: not enough rights to send text messages to the chat"),
    "not_modified": (
        400,
        "Bad Request: message is not modified: specified new message content and reply markup"
        " are exactly the same as a current content and reply markup of the message",
    ),
    "no_message": (400, "Bad Request: message to edit not found"),
    "not_editable": (400, "Bad Request: message can't be edited"),
    "nothing_to_delete": (400, "Bad Request: message to delete not found"),
    "no_reply_target": (400, "Bad Request: message to be replied not found"),
    "too_long": (400, "Bad Request: message is too long"),
    "empty": (400, "Bad Request: message text is empty"),
    "invisible": (400, "Bad Request: text must be non-empty"),
    "entities": (400, "Bad Request: can't parse MessageEntity: {detail}"),
    "entity_place": (400, "Bad Request: entity {detail}"),
    "entities_too_long": (400, "Bad Request: ENTITIES_TOO_LONG"),
    "old_query": (
        400,
        "Bad Request: query is too old and response timeout expired or query ID is invalid",
    ),
    "button_data": (400, "Bad Request: BUTTON_DATA_INVALID"),
    "button": (400, "Bad Request: can't parse inline keyboard button: {detail}"),
    "buttons": (400, "Bad Request: reply markup is too long"),
    "reply": (400, "Bad Request: can't parse reply parameters JSON object"),
    "action": (400, "Bad Request: wrong parameter action in request"),
    "command": (400, "Bad Request: BOT_COMMAND_INVALID"),
    "command_text": (400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID"),
    "language": (400, "Bad Request: invalid language code specified"),
    "description": (400, "Bad Request: BOT_DESCRIPTION_TOO_LONG"),
    "about": (400, "Bad Request: BOT_ABOUT_TOO_LONG"),
    "callback_text": (400, "Bad Request: MESSAGE_TOO_LONG"),
    "draft_in_group": (400, "Bad Request: TEXTDRAFT_PEER_INVALID"),
    "migrated": (400, "Bad Request: group chat was upgraded to a supergroup chat"),
    "file_too_big": (400, "Bad Request: file is too big"),
    "no_file": (400, "Bad Request: wrong file_id or the file is temporarily unavailable"),
}


class Refusal(Exception):
    """An error reply of the Bot API."""

    def __init__(self, saying: str, detail: str = "", **parameters: Any) -> None:
        self.status, text = SAYINGS[saying]
        self.saying = saying
        self.parameters = parameters
        self.description = text.format(detail=detail, **parameters)
        super().__init__(self.description)

    def body(self) -> str:
        """As it stands in the reply."""
        reply = {"ok": False, "error_code": self.status, "description": self.description}
        return json.dumps(reply | ({"parameters": self.parameters} if self.parameters else {}))


class Foreign(Refusal):
    """An answer of a proxy, which knows nothing of the Bot API."""

    def __init__(self, status: int, body: str) -> None:
        Exception.__init__(self, body)
        self.status, self._body = status, body

    def body(self) -> str:
        """Whatever it is."""
        return self._body


@dataclass
class Fault:
    """Meets the next `times` calls (-1: all) of `method` ("*": every one), in `chat` if given.

    `says` is a key of SAYINGS, "" for none; `process` lets the call happen before; `delay` seconds
    pass before the reply; `drop` closes the connection instead of a reply; `silent` never replies.
    The first `after` calls are spared. `foreign` is the status and body of a proxy's answer.
    """

    method: str
    says: str = ""
    times: int = 1
    chat: int | None = None
    after: int = 0
    delay: float = 0
    process: bool = False
    drop: bool = False
    silent: bool = False
    retry_after: float | None = None
    foreign: tuple[int, str] | None = None

    def meets(self, method: str, chat: Any) -> bool:
        """True if this call is one of those; counts it."""
        if not self.times or self.method not in (method, "*"):
            return False
        if self.chat is not None and self.chat != chat:
            return False
        if self.after:
            self.after -= 1
            return False
        self.times -= 1
        return True

    def refusal(self) -> Refusal:
        """The reply of a fault that says something."""
        if self.foreign:
            return Foreign(*self.foreign)
        if self.says == "flood":
            return Refusal("flood", retry_after=self.retry_after or 1)
        return Refusal(self.says, detail="made up")


@dataclass
class Flood:
    """Flood control that answers 429: bursts of 3 and 1/s a chat, 20 a minute a group, 30/s in all.

    `speed` makes its seconds shorter; 0 turns it off. `refused` are the 429s so far.
    """

    speed: float = 1
    burst: int = 3
    per_second: float = 1
    per_minute: int = 20
    overall: int = 30
    refused: list[dict[str, Any]] = field(default_factory=list)
    _levels: dict[Any, tuple[float, float]] = field(default_factory=dict)
    _groups: dict[Any, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _bans: dict[Any, float] = field(default_factory=dict)

    def ban(self, chat: int, seconds: float) -> None:
        """Answer every call to the chat with 429 for so many seconds."""
        self._bans[chat] = time.monotonic() + seconds

    def check(self, method: str, chat: Any) -> None:
        """Raise the 429 that this call deserves, or count it."""
        now = time.monotonic()
        if (left := self._bans.get(chat, 0) - now) > 0:
            self._refuse(method, chat, math.ceil(left))
        if not self.speed:
            return
        writes = chat is not None and method.startswith(("send", "edit"))
        writes = writes and method not in ("sendChatAction", "sendMessageDraft")
        waits = [self._missing("all", self.overall, self.overall, now)]
        if writes:
            waits.append(self._missing(chat, self.burst, self.per_second, now))
            if str(chat).startswith("-"):
                waits.append(self._group_wait(chat, now))
        if (wait := max(waits)) > 0:
            self._refuse(method, chat, math.ceil(wait) / self.speed)
        for key in ["all", chat] if writes else ["all"]:
            level, at = self._levels[key]
            self._levels[key] = (level - 1, at)
        if writes and str(chat).startswith("-"):
            self._groups[chat].append(now)

    def _missing(self, key: Any, capacity: float, rate: float, now: float) -> float:
        """Seconds, by the fake's clock, until the bucket holds a token."""
        level, at = self._levels.get(key, (capacity, now))
        level = min(capacity, level + (now - at) * rate * self.speed)
        self._levels[key] = (level, now)
        return max(0.0, (1 - level) / rate)

    def _group_wait(self, chat: Any, now: float) -> float:
        times, minute = self._groups[chat], 60 / self.speed
        while times and times[0] <= now - minute:
            times.popleft()
        return (times[0] + minute - now) * self.speed if len(times) >= self.per_minute else 0

    def _refuse(self, method: str, chat: Any, seconds: float) -> None:
        wait = int(seconds) if float(seconds).is_integer() else seconds
        self.refused.append({"method": method, "chat": chat, "retry_after": wait})
        raise Refusal("flood", retry_after=wait)
