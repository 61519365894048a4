"""The commands that do not ask: what each changes at once, and what is said about it."""

from collections.abc import Awaitable, Callable

from telegram import Message

from assistant.settings import Settings
from bot.access import Visitor
from bot.answers import Answer, Answers
from bot.compose import entities_of, sources
from bot.dialogue import Dialogue
from bot.indexing import update_index
from bot.sending import Sender
from bot.texts import Texts, texts_for
from indexer.errors import UserError

Errand = Callable[[], Awaitable[object]]
Report = Callable[[], Awaitable[dict[str, object]]]


class Commands:
    """Each command gives the errand that tells about it."""

    def __init__(
        self,
        settings: Settings,
        answers: Answers,
        dialogue: Dialogue,
        sender: Sender,
        report: Report,
    ) -> None:
        """`report` gives what the text of /status is filled with."""
        self._settings = settings
        self._answers = answers
        self._dialogue = dialogue
        self._sender = sender
        self._report = report

    def errand(self, name: str, number: int, message: Message, visitor: Visitor) -> Errand | None:
        """What the command leads to; None where there is no such command for this person."""
        words = texts_for(visitor.user.language_code)
        said = {
            "start": words.start,
            "help": words.help + (words.help_admin if visitor.admin else ""),
            "new": words.new,
        }.get(name)
        if name == "new":
            self._dialogue.begin_anew(message.chat.id, _thread(message), number)
        if said:
            return lambda: self._say(message, said)
        if name == "sources":
            last = self._answers.last(message.chat.id, visitor.user.id)
            return self.sources(last, words) if last else lambda: self._say(message, words.gone)
        if visitor.admin and name == "status":
            return lambda: self._status(message, words)
        if visitor.admin and name == "reindex":
            return lambda: self._reindex(message, words)
        return None

    def sources(self, answer: Answer, words: Texts) -> Errand:
        """Send the quotations that an answer rests on."""
        question = answer.question

        async def send() -> None:
            if not answer.citations:
                await self._sender.send(question.chat, words.no_sources, thread=question.thread)
                return
            content = sources(answer.citations, words)
            await self._sender.send(
                question.chat,
                content.text,
                entities=entities_of(content),
                reply_to=question.message,
                thread=question.thread,
            )

        return send

    async def _say(self, message: Message, text: str) -> int:
        return await self._sender.send(message.chat.id, text, thread=_thread(message))

    async def _status(self, message: Message, words: Texts) -> None:
        await self._say(message, words.status.format(**await self._report()))

    async def _reindex(self, message: Message, words: Texts) -> None:
        """Read the documents anew, beside the answering, and put the result into one message."""
        told = await self._say(message, words.reindexing)
        try:
            said = words.reindexed.format(**await update_index(self._settings))
        except UserError as error:
            said = words.reindex_failed.format(reason=error.message)
        await self._sender.edit(message.chat.id, told, said)


def _thread(message: Message) -> int | None:
    return message.message_thread_id if message.is_topic_message else None
