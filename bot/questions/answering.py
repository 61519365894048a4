"""From a question in the store to its answer in the chat: once, whole, whatever fails.

A message that answers is made in two steps. First a placeholder is sent and its number stored;
then that message is edited to say the answer, whose text was stored before. Only edits carry an
answer, and only of numbers that are stored. So:

- Killed before the placeholder's number is stored, or its reply lost (MaybeSent): a placeholder
  without an answer may stay in the chat. Nobody can find out its number, so another one is sent.
  An orphan "…" is a lesser evil than a lost answer, and it never becomes a second answer.
- Killed while the answer is written: it is written again, into the same message.
- Killed after the text was stored, at any point until the mark that it is shown: the same text is
  put into the same message once more, which changes nothing if it is there.
- The person deleted the message: Telegram says so for certain; a new placeholder takes its place.
- Telegram bans or is away: the text is stored and the edit is due later.
- Telegram says no: it is asked some times more, as TRIES tells, and then the answer is given up.
- The reply to a preview was lost: that edit may arrive after the final one and cover it. The final
  edit is then made a second time, when the first has settled.
"""

import asyncio
import logging
import math
import secrets
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from bot.base.context import Context
from bot.messages.messages import plain_parts
from bot.messages.parts import Part
from bot.questions.answers import MOST, Answer, Answers, Question
from bot.questions.compose import answer_buttons, stop_button
from bot.questions.writing import LOOK, AnswerWriter
from bot.store.store import StoreBusy, StoreError
from bot.telegram.errors import (
    Banned,
    ChatGone,
    ChatMoved,
    MaybeSent,
    MessageGone,
    Refused,
    SendingError,
    Unreachable,
)
from bot.telegram.sending import Buttons
from bot.texts import texts_for

# How often an answer may fail so until it is given up; rights may come back within a minute.
TRIES: dict[type[Exception], float] = {
    MaybeSent: math.inf,
    Unreachable: math.inf,
    ChatGone: 7,
    MessageGone: 3,
    Refused: 3,
    Exception: 8,
}
GROWING = 6  # failures after which the pause does not grow any more
PAUSE = 1.0  # after the first failure, in seconds; doubles with each
LONGEST_PAUSE = 60.0
log = logging.getLogger(__name__)


class Answerer:
    """Does the work of the queue."""

    def __init__(
        self,
        context: Context,
        writer: AnswerWriter,
        may_ask: Callable[[Question], bool],
    ) -> None:
        """`may_ask` tells whether who asked is still let in."""
        self._answers = Answers(context.store)
        self._sender, self._metrics = context.sender, context.metrics
        self._pace = context.pace
        self._may_ask = may_ask
        self._writer = writer
        self._queued: dict[int, tuple[int, int]] = {}  # where a person reads that they wait
        self._failures: dict[int, Counter[type[Exception]]] = {}
        self._unconfirmed: set[int] = set()  # an edit whose reply was lost may still arrive

    async def notify(self, number: int, ahead: int) -> None:
        """Tell the person how many are to be answered before; failures do not matter."""
        found = self._answers.get(number)
        if found is None or found.state != "waiting":
            return
        question, words = found.question, texts_for(found.question.language)
        text = words.queued.format(ahead=ahead if ahead < MOST else f"{MOST}+")
        parts = self._answers.parts(number)
        try:
            if not parts or parts[0].message is None:
                self._queued[number] = question.chat, await self._place(question, 0, text)
                return
            buttons = stop_button(number, words)
            await self._sender.edit(
                question.chat, parts[0].message, text, buttons=buttons, preview=True
            )
        except Unreachable:
            self._unconfirmed.add(number)
        except SendingError as error:
            log.info("the place of answer %d is not shown: %s", number, type(error).__name__)

    async def work(self, number: int, release: Callable[[], None]) -> None:
        """Bring one answer on as far as it goes now; what it still needs is in the store then."""
        try:
            found = self._answers.get(number)
        except (TypeError, ValueError):
            log.exception("answer %d cannot be read", number)
            return self._answers.close(number, "broken")
        if found is None:
            return
        self._queued.pop(number, None)
        if found.state == "done":
            return
        try:
            await self._bring_on(found, release)
        except Banned as error:
            self._metrics.failed("banned")
            self._answers.postpone_chat(found.question.chat, error.seconds + self._pace)
        except ChatMoved as error:
            self._answers.move_chat(found.question.chat, error.chat)
        except ValueError:
            log.exception("answer %d cannot be shown", number)
            self._broken(found)
        except StoreError:
            raise
        except Exception as error:
            if not isinstance(error, SendingError):
                log.exception("answer %d is tried again", number)
            self._failed(found, error)
        else:
            self._failures.pop(number, None)

    async def run(self) -> None:
        """Take back what people were told of questions that were erased since, for ever."""
        while True:
            await asyncio.sleep(self._pace * LOOK)
            with suppress(SendingError, StoreBusy):
                for number in list(self._queued):
                    where = self._queued.get(number)
                    if where and self._answers.get(number) is None:
                        del self._queued[number]
                        await self._sender.delete(*where)

    def stop(self, number: int) -> None:
        """Stop writing this answer; what it says instead is in the store by now."""
        self._writer.stop(number)

    async def _bring_on(self, found: Answer, release: Callable[[], None]) -> None:
        number = found.question.id
        if not self._may_ask(found.question):
            await self._withdraw(found)
            return
        if found.state == "waiting" and await self._write(found):
            self._unconfirmed.add(number)
        release()
        await self._show(number, number in self._unconfirmed)
        self._unconfirmed.discard(number)

    async def _write(self, found: Answer) -> bool:
        """Write the answer into its message; tell whether a preview of it may still arrive."""
        question = found.question
        parts = self._answers.parts(question.id)
        message = parts[0].message if parts else None
        if message is None:
            message = await self._place(question, 0, texts_for(question.language).placeholder)
            now = self._answers.get(question.id)
            if now and now.state != "waiting":  # stopped meanwhile
                return False
        unconfirmed = await self._writer.write(found, message)
        if self._answers.get(question.id) is None:  # erased meanwhile
            await self._sender.delete(question.chat, message)
        return unconfirmed

    async def _withdraw(self, found: Answer) -> None:
        """The person was removed after asking: take away what was to become the answer."""
        for part in self._answers.parts(found.question.id):
            if part.message:
                await self._sender.delete(found.question.chat, part.message)
        self._answers.close(found.question.id, "gone")

    def _failed(self, found: Answer, error: Exception) -> None:
        """Try again later, or give up what failed too often."""
        number = found.question.id
        kind = next(kind for kind in TRIES if isinstance(error, kind))
        failures = self._failures.setdefault(number, Counter())
        failures[kind] += 1
        self._metrics.failed(type(error).__name__)
        if failures[kind] < TRIES[kind]:
            pause = min(LONGEST_PAUSE, PAUSE * 2.0 ** min(found.telegram_failures, GROWING))
            self._answers.postpone(number, self._pace * pause, "telegram")
        elif kind in (ChatGone, MessageGone):
            del self._failures[number]
            self._answers.close(number, "gone")
        else:
            self._broken(found)

    def _broken(self, found: Answer) -> None:
        """Telegram takes the text in no form: say so instead; if that fails too, give up."""
        number, error = found.question.id, secrets.token_hex(3)
        log.error("error %s: answer %d is given up", error, number)
        self._metrics.failed("refused")
        self._failures.pop(number, None)
        if found.outcome == "broken":
            self._answers.close(number)
            return
        text = texts_for(found.question.language).internal.format(error=error)
        if not self._answers.finish(number, "broken", plain_parts(text)):
            self._answers.replace(number, "broken", plain_parts(text))

    async def _place(self, question: Question, part: int, text: str) -> int:
        """Send a placeholder and store its number."""
        message = await self._sender.send(
            question.chat,
            text,
            buttons=stop_button(question.id, texts_for(question.language)) if not part else None,
            reply_to=question.message,
            thread=question.thread,
        )
        self._answers.placed(question.id, part, message)
        return message

    async def _show(self, number: int, unconfirmed: bool) -> None:
        """Let the messages say what is stored for them."""
        found = self._answers.get(number)
        if found is None or found.state != "final":
            return
        question, parts = found.question, self._answers.parts(number)
        words = texts_for(question.language)
        shown = "\n".join(part.content.text for part in parts if part.content)
        buttons = answer_buttons(number, found.outcome, words, found.citations, shown)
        for part in parts:
            if part.shown or part.content is None:
                continue
            message = part.message or await self._place(question, part.number, words.placeholder)
            below = buttons if part is parts[-1] else None
            try:
                await self._edit(question.chat, message, part.content, below)
                if unconfirmed and part.number == 0:
                    await self._sender.settle()
                    await self._edit(question.chat, message, part.content, below)
            except MessageGone:
                self._answers.placed(number, part.number, None)
                raise
            self._answers.shown(number, part.number)
        self._answers.close(number)
        self._metrics.seconds_to_answer(time.time() - question.asked)

    async def _edit(self, chat: int, message: int, part: Part, buttons: Buttons | None) -> None:
        await self._sender.edit(chat, message, part.text, entities=part.entities, buttons=buttons)
