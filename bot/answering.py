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
- A preview's reply was lost: that edit may arrive after the final one and cover it. The final edit
  is then made a second time, SETTLE seconds later.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from contextlib import aclosing, suppress

from assistant.answer import answer
from assistant.engines import AutoEngine, Engine, ExtractiveEngine
from assistant.events import Done, Token, Writer
from assistant.server.errors import (
    Deadline,
    GenerationFailed,
    Incomplete,
    ServerBusy,
    ServerDown,
    ServerError,
)
from bot.answers import Answer, Answers, Question
from bot.compose import (
    answer_buttons,
    entities_of,
    fragment,
    messages_of,
    sentence,
    stop_button,
)
from bot.config import BotConfig
from bot.dialogue import Dialogue
from bot.metrics import Metrics
from bot.preview import Preview
from bot.sending import (
    Banned,
    ChatGone,
    ChatMoved,
    MaybeSent,
    MessageGone,
    Refused,
    Sender,
    SendingError,
    Unreachable,
)
from bot.texts import Texts, texts_for
from bot.waiting import within
from indexer.errors import UserError
from indexer.search import Searcher

PASSING = (ServerDown, ServerBusy, GenerationFailed, Incomplete)
SERVER_TRIES = 4
TELEGRAM_TRIES = 8  # after which the pause does not grow any more
REFUSALS = 2
SETTLE = 3.0
INTERRUPTED = 1.8  # seconds for telling that the bot is stopping
log = logging.getLogger(__name__)


class Answerer:
    """Does the work of the queue."""

    def __init__(
        self,
        config: BotConfig,
        answers: Answers,
        dialogue: Dialogue,
        sender: Sender,
        searcher: Searcher,
        engine: Engine,
        metrics: Metrics,
    ) -> None:
        self._config = config
        self._answers = answers
        self._dialogue = dialogue
        self._sender = sender
        self._searcher = searcher
        self._engine = engine
        self._metrics = metrics
        self._writing: dict[int, asyncio.Task[None]] = {}

    async def greet(self, number: int, ahead: int) -> None:
        """Tell the person that the question waits; where that fails, the answer will tell."""
        found = self._answers.get(number)
        if found is None or ahead <= 0:
            return
        words = texts_for(found.question.language)
        with suppress(SendingError):
            await self._place(found.question, 0, words.queued.format(ahead=ahead))

    async def work(self, number: int, give_back: Callable[[], None]) -> None:
        """Bring one answer on as far as it goes now; what it still needs is in the store then."""
        found = self._answers.get(number)
        if found is None or found.state == "done":
            return
        chat = found.question.chat
        try:
            doubtful = found.state == "waiting" and await self._write(found)
            give_back()
            await self._show(number, doubtful)
        except Banned as error:
            self._metrics.failed("banned")
            self._answers.put_off_chat(chat, error.seconds + 1)
        except ChatGone:
            self._metrics.failed("chat gone")
            self._answers.close(number, "gone")
        except ChatMoved as error:
            self._answers.move_chat(chat, error.chat)
        except (MaybeSent, MessageGone, Unreachable, Refused) as error:
            self._metrics.failed(type(error).__name__)
            if isinstance(error, Refused) and found.telegram_failures >= REFUSALS:
                self._broken(found)
                return
            pause = 2.0 ** min(found.telegram_failures, TELEGRAM_TRIES)
            self._answers.put_off(number, min(60.0, pause), "telegram")
        except ValueError:
            self._broken(found)
        except UserError:  # the store can not be written: nothing can be promised any more
            raise
        except Exception as error:
            log.exception("answer %d is tried again", number)
            self._metrics.failed(type(error).__name__)
            self._answers.put_off(number, min(60.0, 2.0**found.telegram_failures), "telegram")

    def stop(self, number: int) -> None:
        """Stop writing this answer; what it says instead is in the store by now."""
        if task := self._writing.get(number):
            task.cancel()

    def _broken(self, found: Answer) -> None:
        """Telegram takes the text in no form: say so instead; if that fails too, give up."""
        number, error = found.question.id, secrets.token_hex(3)
        log.exception("error %s: answer %d can not be shown", error, number)
        self._metrics.failed("refused")
        if found.outcome == "broken":
            self._answers.close(number)
            return
        text = texts_for(found.question.language).internal.format(error=error)
        if not self._answers.finish(number, "broken", sentence(text)):
            self._answers.replace(number, "broken", sentence(text))

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

    async def _write(self, found: Answer) -> bool:
        """Write the answer into the store, with previews; tell whether one may still arrive."""
        question = found.question
        words = texts_for(question.language)
        parts = self._answers.parts(question.id)
        message = parts[0].message if parts else None
        if message is None:
            message = await self._place(question, 0, words.placeholder)
        preview = Preview(self._sender, question.chat, message, stop_button(question.id, words))
        task = asyncio.ensure_future(self._written(found, preview, words))
        self._writing[question.id] = task
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:  # the bot is stopping
            task.cancel()
            preview.abandon()
            with suppress(SendingError, asyncio.TimeoutError):
                note = self._sender.edit(question.chat, message, words.interrupted)
                await within(INTERRUPTED, note)
            raise
        finally:
            del self._writing[question.id]
        await preview.close()
        if not task.cancelled():
            task.result()
        return preview.doubtful

    async def _written(self, found: Answer, preview: Preview, words: Texts) -> None:
        number = found.question.id
        typing = asyncio.ensure_future(
            self._sender.typing(found.question.chat, found.question.thread)
        )
        draft: list[str] = []
        try:
            done = await within(self._config.deadline, self._read(found, preview, draft))
        except asyncio.CancelledError:
            # Stopped by the person, unless the bot is stopping: then nothing is final here.
            self._answers.replace(number, "stopped", fragment("".join(draft), words.stopped))
            raise
        except (asyncio.TimeoutError, Deadline):
            self._metrics.answered("deadline")
            label = words.deadline.format(seconds=round(self._config.deadline))
            self._answers.finish(number, "deadline", fragment("".join(draft), label))
        except ServerError as error:
            self._server_failed(found, error, words)
        except UserError as error:
            log.warning("answer %d: %s (%s)", number, error.message, error.hint)
            self._metrics.answered("failed")
            self._answers.finish(number, "failed", sentence(words.not_ready))
        except Exception:
            name = secrets.token_hex(3)
            log.exception("error %s: answer %d", name, number)
            self._metrics.answered("failed")
            self._answers.finish(number, "failed", sentence(words.internal.format(error=name)))
        else:
            self._metrics.answered(done.engine)
            self._answers.finish(
                number,
                "answered",
                messages_of(done, words),
                done.citations,
                done.text if done.found else "",
            )
        finally:
            typing.cancel()

    def _server_failed(self, found: Answer, error: ServerError, words: Texts) -> None:
        """Try again in a moment, if that can help; the last time without the model."""
        number = found.question.id
        log.warning("answer %d: %s", number, error.message)
        self._metrics.failed(type(error).__name__)
        if isinstance(error, PASSING) and found.server_failures + 1 < SERVER_TRIES:
            self._answers.put_off(number, 2.0**found.server_failures, "server")
        else:
            self._metrics.answered("failed")
            self._answers.finish(number, "failed", sentence(words.no_server))

    async def _read(self, found: Answer, preview: Preview, draft: list[str]) -> Done:
        """The whole answer; what comes of it on the way is put into `draft` and shown."""
        engine, begun, first = self._engine, time.monotonic(), True
        if found.server_failures + 1 == SERVER_TRIES and isinstance(engine, AutoEngine):
            engine = ExtractiveEngine("the model server broke off again and again")
        question = found.question
        events = answer(
            question.text,
            self._dialogue.turns(question),
            searcher=self._searcher,
            engine=engine,
            top_k=self._config.settings.top_k,
        )
        label = ""
        async with aclosing(events) as stream:  # type: ignore[type-var]
            async for event in stream:
                if isinstance(event, Done):
                    return event
                if isinstance(event, Writer) and event.engine == "extractive":
                    label = texts_for(question.language).quotes + "\n\n"
                if isinstance(event, Token):
                    if first:
                        self._metrics.first_token(time.monotonic() - begun)
                        first = False
                    draft.append(event.text)
                    preview.show(label + "".join(draft))
        raise RuntimeError("the answer has no end")

    async def _show(self, number: int, doubtful: bool) -> None:
        """Let the messages say what is stored for them."""
        found = self._answers.get(number)
        if found is None or found.state != "final":
            return
        question, parts = found.question, self._answers.parts(number)
        words = texts_for(question.language)
        buttons = answer_buttons(number, found.outcome, bool(found.citations), words)
        for part in parts:
            if part.shown or part.content is None:
                continue
            message = part.message or await self._place(question, part.number, words.placeholder)
            for again in range(1 + (doubtful and part.number == 0)):
                await asyncio.sleep(SETTLE * again)
                try:
                    await self._sender.edit(
                        question.chat,
                        message,
                        part.content.text,
                        entities=entities_of(part.content),
                        buttons=buttons if part is parts[-1] else None,
                    )
                except MessageGone:
                    self._answers.placed(number, part.number, None)
                    raise
            self._answers.shown(number, part.number)
        self._answers.close(number)
        self._metrics.seconds_to_answer(time.time() - question.asked)
