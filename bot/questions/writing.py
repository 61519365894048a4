"""From a question to the text of its answer in the store, shown as it grows."""

import asyncio
import logging
import secrets
import time
from contextlib import aclosing, suppress

from assistant.answer import answer
from assistant.engines import AutoEngine, Engine, ExtractiveEngine
from assistant.events import Done, Retracted, Token, Writer
from assistant.server.errors import (
    Deadline,
    GenerationFailed,
    Incomplete,
    ServerBusy,
    ServerDown,
    ServerError,
)
from bot.base.context import Context
from bot.messages.messages import plain_parts, quoted_parts
from bot.messages.parts import Part
from bot.questions.answers import Answer, Answers, Question
from bot.questions.compose import fragment, messages_of, stop_button
from bot.questions.dialogue import Dialogue
from bot.questions.fallbacks import Fallbacks
from bot.questions.preview import Preview
from bot.telegram.errors import SendingError
from bot.texts import Texts, texts_for
from bot.waiting import set_within
from core.errors import UserError
from indexer.search.searcher import Searcher

PASSING = (ServerDown, ServerBusy, GenerationFailed, Incomplete)
SERVER_TRIES = 4
# So often an answer is begun whose writing ends the process, before it is given up. Many of them
# are written at once, and only one of those is to blame.
BEGINNINGS = 12
TYPING = 4.5  # seconds; Telegram shows it for 5
LOOK = 2.0  # seconds until it is looked whether another process has erased the question
INTERRUPTED = 1.8  # seconds for telling that the bot is stopping
log = logging.getLogger(__name__)


class AnswerWriter:
    """Writes one answer at a time for each question; what comes of it is in the store then."""

    def __init__(
        self,
        context: Context,
        searcher: Searcher,
        engine: Engine,
        fallbacks: Fallbacks,
    ) -> None:
        self._settings, self._pace = context.settings, context.pace
        self._answers, self._dialogue = Answers(context.store), Dialogue(context.store)
        self._sender, self._metrics = context.sender, context.metrics
        self._searcher = searcher
        self._engine = engine
        self._fallbacks = fallbacks
        self._cut: dict[int, Done] = {}  # answers that broke off, the longest of each
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._actions: set[asyncio.Task[None]] = set()

    async def write(self, found: Answer, message: int) -> bool:
        """Write the answer, with previews in the message; tell whether one may still arrive.

        Raises ValueError for one that has ended the process too often.
        """
        question = found.question
        if self._answers.begin(question.id) >= BEGINNINGS:
            self._answers.ended(question.id)
            raise ValueError(f"the process ended {BEGINNINGS} times while this was written")
        words = texts_for(question.language)
        buttons, pace = stop_button(question.id, words), self._pace
        preview = Preview(self._sender, question.chat, message, buttons, pace)
        task = asyncio.ensure_future(self._written(found, preview, words))
        self._tasks[question.id] = task
        try:
            while not (await asyncio.wait({task}, timeout=pace * LOOK))[0]:
                if self._answers.get(question.id) is None:  # erased
                    task.cancel()
        except asyncio.CancelledError:  # the bot is stopping
            task.cancel()
            preview.abandon()
            with suppress(SendingError, TimeoutError):
                async with asyncio.timeout(INTERRUPTED):
                    await self._sender.edit(question.chat, message, words.interrupted)
            raise
        finally:
            del self._tasks[question.id]
            self._answers.ended(question.id)
        await preview.close()
        if not task.cancelled():
            task.result()
        return preview.unconfirmed

    def stop(self, number: int) -> None:
        """Stop writing this answer; what it says instead is in the store by now."""
        if task := self._tasks.get(number):
            task.cancel()

    async def _written(self, found: Answer, preview: Preview, words: Texts) -> None:
        number, seen, draft = found.question.id, asyncio.Event(), list[str]()
        self._show_typing(found.question, seen)
        try:
            async with asyncio.timeout(self._settings.answer_seconds):
                done = await self._read(found, preview, draft, seen)
        except asyncio.CancelledError:
            # Stopped by the person, unless the bot is stopping: then nothing is final here.
            self._answers.replace(number, "stopped", fragment("".join(draft), words.stopped))
            raise
        except (TimeoutError, Deadline):
            self._too_late(number, "".join(draft), words)
        except ServerError as error:
            self._server_failed(found, error, words)
        except UserError as error:
            log.warning("answer %d: %s (%s)", number, error.message, error.hint)
            self._metrics.answered("failed")
            self._answers.finish(number, "failed", plain_parts(words.not_ready))
        except Exception:
            name = secrets.token_hex(3)
            log.exception("error %s: answer %d", name, number)
            self._metrics.answered("failed")
            self._answers.finish(number, "failed", plain_parts(words.internal.format(error=name)))
        else:
            self._written_to_its_end(found, done, words)
        finally:
            seen.set()

    def _written_to_its_end(self, found: Answer, done: Done, words: Texts) -> None:
        """Keep the answer; one that broke off is written once more, and kept if that fails."""
        number = found.question.id
        if done.cut and done.fault == Deadline.__name__:
            return self._too_late(number, done.text, words)
        if done.cut and done.fault:
            before = self._cut.get(number, done)
            self._cut[number] = max(done, before, key=lambda one: len(one.text))
            if self._is_postponed(found, done.fault):
                return
        elif done.engine == "server":
            self._fallbacks.answered()
            self._cut.pop(number, None)
        elif done.fault:
            self._fallbacks.quoted(number, done)
        self._finish(number, self._cut.pop(number, done), words)

    def _finish(self, number: int, done: Done, words: Texts) -> None:
        self._metrics.answered(done.engine)
        self._metrics.unsupported(len(done.unsupported))
        turn = done.text if done.found and not done.kind else ""
        texts = _formatted(done, words)
        self._answers.finish(number, "answered", texts, done.citations, turn)

    def _too_late(self, number: int, text: str, words: Texts) -> None:
        self._metrics.answered("deadline")
        label = words.deadline.format(seconds=round(self._settings.answer_seconds))
        self._answers.finish(number, "deadline", fragment(text, label))

    def _show_typing(self, question: Question, seen: asyncio.Event) -> None:
        """Show "typing" until something is seen. A request under way is never broken off: its
        connection might not be free again."""

        async def show() -> None:
            while not seen.is_set():
                await self._sender.typing(question.chat, question.thread)
                await set_within(seen, self._pace * TYPING)

        self._actions.add(task := asyncio.ensure_future(show()))
        task.add_done_callback(self._actions.discard)

    def _server_failed(self, found: Answer, error: ServerError, words: Texts) -> None:
        """Try again in a moment, if that can help; at last show what came of it."""
        number, fault = found.question.id, type(error).__name__
        if isinstance(error, PASSING) and self._is_postponed(found, fault):
            return
        if kept := self._cut.pop(number, None):
            return self._finish(number, kept, words)
        self._metrics.failed(fault)
        self._metrics.answered("failed")
        self._answers.finish(number, "failed", plain_parts(words.no_server))

    def _is_postponed(self, found: Answer, fault: str) -> bool:
        """Tell whether the answer is to be written once more, in a moment.

        Only the kind of the error is logged: its text may hold the server's words, and those the
        person's.
        """
        log.warning("answer %d: %s", found.question.id, fault)
        if found.server_failures + 1 >= SERVER_TRIES:
            return False
        self._metrics.failed(fault)
        pause = self._pace * 2.0**found.server_failures
        self._answers.postpone(found.question.id, pause, "server")
        return True

    async def _read(
        self, found: Answer, preview: Preview, draft: list[str], seen: asyncio.Event
    ) -> Done:
        """The whole answer; what comes of it on the way is put into `draft` and shown."""
        engine, begun, first = self._engine, time.monotonic(), True
        if found.server_failures + 1 == SERVER_TRIES and isinstance(engine, AutoEngine):
            engine = ExtractiveEngine(Incomplete("the model server broke off again and again"))
        question = found.question
        events = answer(
            question.text,
            self._dialogue.turns(question),
            searcher=self._searcher,
            engine=engine,
            top_k=self._settings.top_k,
            contact=self._settings.contact,
        )
        label = ""
        async with aclosing(events) as stream:  # type: ignore[type-var]
            async for event in stream:
                if isinstance(event, Done):
                    return event
                if isinstance(event, Writer) and event.engine == "extractive":
                    label = texts_for(question.language).quotes + "\n\n"
                if isinstance(event, Retracted):
                    draft.clear()
                if isinstance(event, Token):
                    if first:
                        self._metrics.first_token(time.monotonic() - begun)
                        first = False
                    draft.append(event.text)
                    seen.set()
                    preview.show(label + "".join(draft))
        raise RuntimeError("the answer has no end")


def _formatted(done: Done, words: Texts) -> list[Part]:
    """The answer's messages; without their format where that is a riddle to the formatter."""
    try:
        return messages_of(done, words)
    except Exception:
        log.exception("an answer is shown without its format")
        return quoted_parts(done.text) or plain_parts(words.empty)
