"""The commands that do not ask: what each changes at once, and what is said about it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from telegram import CallbackQuery, Message

from assistant.quote.whole import in_part, section
from bot.base.context import Context
from bot.gate.gate import Caller
from bot.inbox.inbox import Result
from bot.index.indexing import Indexing
from bot.messages.messages import QUOTE, plain_parts, sources_part
from bot.messages.parts import Part
from bot.people.menu import Menu
from bot.people.personal import send_data
from bot.questions.answers import Answer, Answers, Question
from bot.questions.compose import whole
from bot.questions.dialogue import Dialogue
from bot.telegram.sending import thread_of
from bot.texts import Texts, texts_for
from bot.texts.about import about, with_contact, with_notice
from bot.texts.counting import counted
from bot.uploads.pipeline import Uploads
from core.errors import Busy, UserError
from indexer.search.searcher import Searcher
from indexer.store.store import Store as IndexStore

FollowUp = Callable[[], Awaitable[object]]
Report = Callable[[], Awaitable[dict[str, object]]]
log = logging.getLogger(__name__)


class Commands:
    """Each command gives the follow-up that tells about it."""

    def __init__(
        self,
        context: Context,
        indexing: Indexing,
        uploads: Uploads,
        menu: Menu,
        searcher: Searcher,
        report: Report,
    ) -> None:
        """`report` gives what the text of /status is filled with."""
        self._config, self._store, self._sender = context.config, context.store, context.sender
        self._answers, self._dialogue = Answers(context.store), Dialogue(context.store)
        self._indexing = indexing
        self._uploads = uploads
        self._menu = menu
        self._searcher = searcher
        self._report = report

    def follow_up(
        self, name: str, number: int, message: Message, caller: Caller
    ) -> FollowUp | None:
        """What the command leads to; None where there is no such command for this person."""
        words = texts_for(caller.user.language_code)
        said = {
            "start": with_notice(
                words.start if caller.private else words.start_group, self._config
            ),
            "help": with_contact(
                words.help
                + (words.help_editor if caller.editor else "")
                + (words.help_admin if caller.admin else ""),
                self._config,
                words,
            ),
            "new": words.new,
            "about": about(self._config, words),
        }.get(name)
        if name == "new":
            self._dialogue.reset(message.chat.id, thread_of(message), number)
        if name == "start" and caller.editor:
            return lambda: self._start(message, said or "")
        if said:
            return lambda: self._sender.reply(message, said)
        if name == "sources":
            if last := self._answers.last(message.chat.id, caller.id):
                return self.sources(last, words)
            return lambda: self._sender.reply(message, words.nothing_to_show)
        if name == "mydata" and caller.private:
            return lambda: send_data(self._store, self._sender, caller.user.id, words)
        if name == "mydata":
            return lambda: self._sender.reply(message, words.mydata_private)
        if caller.admin and name == "status":
            return lambda: self._status(message, words)
        if caller.editor and name == "reindex":
            return lambda: self._reindex(message, words)
        return None

    def document(self, number: int, message: Message, caller: Caller) -> Result:
        """Somebody sent a file: an editor's is for the documents."""
        if caller.editor:
            self._uploads.add(number, message)
            return Result(after_commit=[self._uploads.wake])
        said = texts_for(caller.user.language_code).only_admins
        return Result(follow_ups=[lambda: self._sender.reply(message, said)])

    def upload_button(self, query: CallbackQuery, caller: Caller) -> Result:
        """Somebody said whether a document that they sent replaces an older one."""
        words = texts_for(caller.user.language_code)
        said = words.only_admins
        if caller.editor:
            said = self._uploads.decide(query.data or "", caller.user.id, words)
        return Result(
            after_commit=[self._uploads.wake],
            follow_ups=[lambda: self._sender.answer_callback(query.id, said)],
        )

    def sources(self, answer: Answer, words: Texts) -> FollowUp:
        """Send the quotations that an answer rests on."""

        async def send() -> None:
            none = plain_parts(words.no_sources)[0]
            content = sources_part(answer.citations, words.language) if answer.citations else none
            await self._send(answer.question, content)

        return send

    def whole(self, answer: Answer, words: Texts) -> FollowUp:
        """Send the sections and pages of which an answer quotes a part."""

        def read(store: IndexStore) -> list[Part]:
            found = [(one, section(store, one)) for one in in_part(answer.citations, QUOTE)]
            return [content for one, text in found for content in whole(one, text, words)]

        async def send() -> None:
            try:
                contents = await asyncio.to_thread(self._searcher.look, read)
            except UserError as error:
                log.warning("an index cannot be read: %s", error.message)
                contents = plain_parts(words.not_ready)
            for content in contents:
                await self._send(answer.question, content)

        return send

    async def _send(self, question: Question, content: Part) -> None:
        """Send what belongs to a question, below it."""
        await self._sender.send(
            question.chat,
            content.text,
            entities=content.entities,
            reply_to=question.message,
            thread=question.thread,
        )

    async def _start(self, message: Message, said: str) -> None:
        """Somebody with a role opened the bot: only now can there be a menu for them."""
        await self._sender.reply(message, said)
        await self._menu.set()

    async def _status(self, message: Message, words: Texts) -> None:
        report = await self._report() | await self._indexing.holds()
        report["server"] = _of_server(str(report["server"]), words)
        report["days"] = counted(self._config.settings.keep_days, words.days)
        await self._sender.reply(message, words.status.format(**report))

    async def _reindex(self, message: Message, words: Texts) -> None:
        """Read the documents again, beside the answering, and put the result into one message."""
        told = await self._sender.reply(message, words.reindexing)
        try:
            said = words.reindexed.format(**await self._indexing.update())
        except Busy:
            said = words.reindex_busy
        except UserError as error:
            log.warning("/reindex: %s", error.message)
            said = words.reindex_failed
        await self._sender.edit(message.chat.id, told, said)


def _of_server(state: str, words: Texts) -> str:
    """Whether the model answers; `state` is up, none, or the kind of error why it does not."""
    if state in ("up", "none"):
        return words.server_up if state == "up" else words.server_none
    return words.server_down.format(cause=words.cause_of(state))
