"""Writes to Telegram: every failure is a SendingError, see bot/telegram/errors.py."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    MessageEntity,
    ReplyParameters,
)
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)
from telegram.ext import ExtBot

from bot.messages.parts import LONGEST, MOST_ENTITIES, Entity
from bot.telegram import retry
from bot.telegram.errors import (
    ENTITIES,
    NOT_MODIFIED,
    Banned,
    ChatMoved,
    Unreachable,
    forbidden,
    is_foreign,
    lost,
    refusal,
    says,
)
from bot.telegram.limits import NOW, ban_seconds

T = TypeVar("T")
# Rows of (label, data); the data comes back in the callback, at most 64 bytes.
Buttons = Sequence[Sequence[tuple[str, str]]]
SETTLE = 3.0  # seconds in which an edit may arrive whose reply was lost
log = logging.getLogger(__name__)


class Sender:
    """Writes through one bot, whose rate limiter is a ChatLimiter."""

    def __init__(self, bot: ExtBot[Any], pace: float = 1) -> None:
        self._bot = bot
        self._pause = pace * retry.PAUSE
        self._settle = pace * SETTLE

    async def send(
        self,
        chat: int,
        text: str,
        *,
        entities: Sequence[Entity] = (),
        buttons: Buttons | None = None,
        reply_to: int | None = None,
        thread: int | None = None,
    ) -> int:
        """Write a new message, at most once, and return its number.

        Raises SendingError, or ValueError for a text that no message can hold.
        """
        reply = ReplyParameters(reply_to, allow_sending_without_reply=True) if reply_to else None

        async def write(marks: Sequence[MessageEntity]) -> int:
            message = await self._bot.send_message(
                chat,
                text,
                entities=marks,
                reply_markup=_keyboard(buttons),
                reply_parameters=reply,
                message_thread_id=thread,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
            return message.message_id

        _check(text, entities)
        try:
            return await self._formatted(write, entities, retry.once)
        except TelegramError as error:
            raise lost(error) from None

    async def send_file(self, chat: int, name: str, content: bytes, caption: str) -> None:
        """Send a file, at most once; raises SendingError, or ValueError for one that is no file."""

        async def write() -> None:
            await self._bot.send_document(chat, content, caption=caption, filename=name)

        try:
            await self._translated(lambda: retry.once(write, self._pause))
        except TelegramError as error:
            raise lost(error) from None

    async def reply(self, message: Message, text: str) -> int:
        """Write where the message came from; raises what `send` raises."""
        return await self.send(message.chat.id, text, thread=thread_of(message))

    async def edit(
        self,
        chat: int,
        message: int,
        text: str,
        *,
        entities: Sequence[Entity] = (),
        buttons: Buttons | None = None,
        preview: bool = False,
    ) -> None:
        """Make the message read so; without buttons it has none. Repeating it changes nothing.

        A preview is tried once and waits for no ban: the next one will do as well.
        Raises SendingError, or ValueError for a text that no message can hold.
        """

        async def write(marks: Sequence[MessageEntity]) -> None:
            await self._bot.edit_message_text(
                text,
                chat,
                message,
                entities=marks,
                reply_markup=_keyboard(buttons),
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                rate_limit_args=NOW if preview else None,
            )

        _check(text, entities)
        try:
            await self._formatted(write, entities, _one_try if preview else retry.again)
        except BadRequest as error:
            if not says(error, NOT_MODIFIED):
                raise refusal(error) from None
        except TelegramError as error:
            raise Unreachable(type(error).__name__) from None

    async def settle(self) -> None:
        """Wait until an edit has arrived whose reply was lost, if it ever does."""
        await asyncio.sleep(self._settle)

    async def delete(self, chat: int, message: int) -> None:
        """Take the message away; one that is gone, or too old to be taken away, is no error."""
        try:
            await self._translated(
                lambda: retry.again(lambda: self._bot.delete_message(chat, message), self._pause)
            )
        except BadRequest as error:
            log.info("message %d of chat %d stays: %s", message, chat, error.message)
        except TelegramError as error:
            raise Unreachable(type(error).__name__) from None

    async def typing(self, chat: int, thread: int | None = None) -> None:
        """Show "typing" for 5 seconds; a failure does not matter."""
        try:
            await self._bot.send_chat_action(
                chat, "typing", message_thread_id=thread, rate_limit_args=NOW
            )
        except TelegramError as error:
            log.debug("typing in chat %d: %s", chat, type(error).__name__)

    async def answer_callback(self, query: str, text: str = "") -> None:
        """End the button's waiting, with a short text shown above the chat; failures do not matter.

        The text is cut at Telegram's 200 characters.
        """
        try:
            await retry.again(
                lambda: self._bot.answer_callback_query(query, text[:200]), self._pause
            )
        except TelegramError as error:
            log.info("callback not answered: %s", type(error).__name__)

    async def _formatted(
        self,
        write: Callable[[Sequence[MessageEntity]], Awaitable[T]],
        entities: Sequence[Entity],
        policy: Callable[[retry.Call[T], float], Awaitable[T]],
    ) -> T:
        """Write with the entities, or without where Telegram does not like them."""

        async def attempt(given: Sequence[Entity]) -> T:
            marks = [MessageEntity(**asdict(one)) for one in given]
            return await self._translated(lambda: policy(lambda: write(marks), self._pause))

        try:
            return await attempt(entities)
        except BadRequest as error:
            if not entities or not says(error, ENTITIES):
                raise
            log.warning("entities refused, written without")
            return await attempt(())

    async def _translated(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make the call, with some errors as ours; BadRequest and the rest stay."""
        try:
            return await call()
        except RetryAfter as error:
            raise Banned(ban_seconds(error)) from None
        except Forbidden as error:
            raise forbidden(error) from None
        except BadRequest as error:
            if is_foreign(error):
                raise Unreachable("a 400 that is not Telegram's") from None
            raise
        except ChatMigrated as error:
            raise ChatMoved(error.new_chat_id) from None
        except InvalidToken:
            raise Unreachable("InvalidToken") from None


def thread_of(message: Message) -> int | None:
    """The topic of a group that the message is in; None for no topic."""
    return message.message_thread_id if message.is_topic_message else None


def length_of(text: str) -> int:
    """The length as Telegram counts it, in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


async def _one_try(call: retry.Call[T], _pause: float) -> T:
    return await call()


def _check(text: str, entities: Sequence[Entity]) -> None:
    """Raise ValueError for what the formatter must not make."""
    units = length_of(text)
    if not text.strip() or units > LONGEST:
        raise ValueError(f"a message of {units} UTF-16 units; 1 to {LONGEST} are possible")
    if len(entities) > MOST_ENTITIES:
        raise ValueError(f"a message of {len(entities)} entities; at most {MOST_ENTITIES}")


def _keyboard(buttons: Buttons | None) -> InlineKeyboardMarkup | None:
    if not buttons:
        return None
    return InlineKeyboardMarkup(
        [
            [InlineKeyboardButton(label, callback_data=data) for label, data in row]
            for row in buttons
        ]
    )
