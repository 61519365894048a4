"""What can go wrong when a message is written, and how Telegram says it.

SendingError
├── MaybeSent      the reply to a new message was lost: it may be there; never send it again
├── Unreachable    Telegram did not take it: nothing was sent or changed, try later
├── Banned         flood control for longer than one waits: nothing was sent, try after `seconds`
├── ChatGone       the bot may not write there any more
├── ChatMoved      the group has another number now: write to `chat`
├── MessageGone    the message to edit is deleted, or cannot be edited
└── Refused        anything else that Telegram says no to
"""

from collections.abc import Sequence

from telegram.error import BadRequest, Forbidden, TelegramError

from bot.telegram import retry

ENTITIES = ("entit",)
NOT_MODIFIED = ("message is not modified",)
MESSAGE_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")
CHAT_GONE = (
    "chat not found",
    "user not found",
    "peer_id_invalid",
    "not enough rights",
    "have no rights",
    "chat_write_forbidden",
    "topic_closed",
    "thread not found",
)
# How Telegram's 403 begins, in the words that python-telegram-bot leaves of it.
FORBIDDEN = ("bot was", "bot can't", "bot is not", "user is", "the group chat was", "chat_write")
# How python-telegram-bot says that an error's body is not Telegram's: a proxy has answered.
FOREIGN = ("parsing the server response", "bad request (400)")
OUR_FAULT = ("message is too long", "text is empty", "must be non-empty", "button_data_invalid")


class SendingError(Exception):
    """A message that could not be written."""


class MaybeSent(SendingError):
    """The reply was lost: the message may be there."""


class Unreachable(SendingError):
    """Telegram took nothing; it may later."""


class Banned(SendingError):
    """Flood control, for so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"banned for {seconds:.0f} s")
        self.seconds = seconds


class ChatGone(SendingError):
    """The bot was blocked, removed, or may not write there."""


class ChatMoved(SendingError):
    """The group became a supergroup with the number `chat`."""

    def __init__(self, chat: int) -> None:
        super().__init__(f"moved to {chat}")
        self.chat = chat


class MessageGone(SendingError):
    """There is no such message to edit."""


class Refused(SendingError):
    """Telegram's reason, for the log only."""


def lost(error: TelegramError) -> Exception:
    """What became of a new message whose sending failed like this, as one of ours."""
    if isinstance(error, BadRequest):
        return refusal(error)
    name = type(error.__cause__ or error).__name__
    return Unreachable(name) if retry.refused(error) else MaybeSent(name)


def refusal(error: BadRequest) -> Exception:
    """What Telegram's 400 means; ValueError for what we should not have sent."""
    if says(error, OUR_FAULT):
        return ValueError(error.message)
    for texts, kind in ((MESSAGE_GONE, MessageGone), (CHAT_GONE, ChatGone)):
        if says(error, texts):
            return kind(error.message)
    return Refused(error.message)


def forbidden(error: Forbidden) -> SendingError:
    """What a 403 means: one that Telegram does not say in its own words may pass."""
    if not is_foreign(error) and says(error, FORBIDDEN + CHAT_GONE):
        return ChatGone(error.message)
    return Unreachable("a 403 that is not Telegram's")


def is_foreign(error: TelegramError) -> bool:
    """True for an answer that is a proxy's: Telegram has seen nothing of the call."""
    return says(error, FOREIGN)


def says(error: TelegramError, texts: Sequence[str]) -> bool:
    """True if the error's text holds one of these."""
    said = error.message.lower()
    return any(text in said for text in texts)
