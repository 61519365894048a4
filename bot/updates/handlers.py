"""What an update means: a question, a command, a button, or nothing.

Nothing is sent from here: a handler changes the store and says which messages follow from that.
"""

from collections.abc import Awaitable, Callable

from telegram import Message, MessageEntity, Update, User

from assistant.answer import check_question
from bot.base.context import Context
from bot.gate.entrance import DATA, Entrance
from bot.gate.gate import Caller, Gate
from bot.inbox.inbox import Result
from bot.people.allowances import Limits
from bot.questions.answers import Answers, Question
from bot.questions.asking import Asking
from bot.questions.dialogue import Dialogue
from bot.store.store import is_key
from bot.telegram.sending import thread_of
from bot.texts import Texts, texts_for
from bot.texts.counting import counted
from bot.updates.commands import Commands
from bot.updates.small_talk import reply_to
from bot.uploads.replacing import DATA as OF_UPLOADS
from core.errors import UsageError


class Handlers:
    """Knows who the bot is, and what to do with each update."""

    def __init__(
        self,
        context: Context,
        me: User,
        gate: Gate,
        entrance: Entrance,
        limits: Limits,
        commands: Commands,
        begin: Callable[[int], None],
        stop: Callable[[int], None],
    ) -> None:
        """`begin` and `stop` tell the queue about an answer whose row has just changed."""
        self._me = me
        self._config, self._store, self._sender = context.config, context.store, context.sender
        self._answers, self._dialogue = Answers(context.store), Dialogue(context.store)
        self._gate = gate
        self._entrance = entrance
        self._commands = commands
        self._asking = Asking(context, limits, begin, stop)

    def handle(self, number: int, update: Update) -> Result:
        """The one way in. Called twice for an update, it changes nothing the second time."""
        if moved := self._gate.moved(update):
            self._answers.move_chat(*moved)
            return Result()
        if ask := self._entrance.to_ask(update):
            # A number of its own: none of a person's messages is left out while Telegram is asked.
            return Result(follow_ups=[lambda: self._after(ask, number, update)], user=-number)
        return self._handle(number, update)

    def _handle(self, number: int, update: Update) -> Result:
        if result := self._entrance.link(number, update):
            return result
        caller = self._gate.admit(update)
        if caller is None:
            return self._entrance.stranger(number, update)
        self._entrance.greet(caller)
        if update.callback_query:
            result = self._button(number, update, caller)
        elif update.message:
            result = self._message(number, update.message, caller)
        else:
            result = Result()
        result.user = caller.id
        return result

    async def _after(self, ask: Callable[[], Awaitable[None]], number: int, update: Update) -> None:
        """Handle an update as soon as it is known whether the person is a member of a group."""
        await ask()
        user = update.effective_user
        assert user
        with self._store.transaction():
            come = self._entrance.member(user) if self._gate.knows(user.id) else Result()
            result = self._handle(number, update)
        for step in come.after_commit + result.after_commit:
            step()
        for follow_up in result.follow_ups:
            await follow_up()

    def _message(self, number: int, message: Message, caller: Caller) -> Result:
        words = texts_for(caller.user.language_code)
        if (message.document or (message.photo and caller.editor)) and caller.private:
            return self._commands.document(number, message, caller)
        text = message.text or message.caption or ""
        if text.startswith("/"):
            return self._command(number, message, caller, text, words)
        if not caller.private:
            called = self._called(message, text)
            if called is None:
                return Result()
            if text and not called.strip():
                return Result(follow_ups=[lambda: self._sender.reply(message, words.no_question)])
            text = called
        return self._question(number, message, caller, text, words)

    def _command(
        self, number: int, message: Message, caller: Caller, text: str, words: Texts
    ) -> Result:
        head, *rest = text.split(maxsplit=1)
        name, _, addressee = head[1:].lower().partition("@")
        if addressee and addressee != (self._me.username or "").lower():
            return Result()
        user = caller.id
        if name == "ask" and rest:
            return self._question(number, message, caller, rest[0], words)
        if name == "ask":
            return Result(follow_ups=[lambda: self._sender.reply(message, words.no_question)])
        if name == "retry":
            return self._asking.retry(number, message, user, words.language, None)
        if name == "stop":
            result = self._asking.stop_all(number, user, (message.chat.id, thread_of(message)))
            if not result.after_commit:
                result.follow_ups.append(lambda: self._sender.reply(message, words.nothing_to_stop))
            return result
        if name == "forget":
            result = self._asking.stop_all(number, user, None)
            self._answers.forget(user, number)
            result.follow_ups.append(lambda: self._sender.reply(message, words.forgotten))
            return result
        if name == "requests" and caller.admin and caller.private:
            return self._entrance.waiting(caller, words)
        if follow_up := self._commands.follow_up(name, number, message, caller):
            return Result(follow_ups=[follow_up])
        if not caller.private:
            return Result()
        return Result(follow_ups=[lambda: self._sender.reply(message, words.unknown_command)])

    def _called(self, message: Message, text: str) -> str | None:
        """What is said to the bot in a group, without its name; None where it is not meant."""
        name = f"@{self._me.username}".lower()
        kinds: list[str | None] = [MessageEntity.MENTION]
        found = {**message.parse_entities(kinds), **message.parse_caption_entities(kinds)}
        for mention in found.values():
            if mention.lower() == name:
                return text.replace(mention, " ", 1)
        answered = message.reply_to_message
        meant = answered and answered.from_user and answered.from_user.id == self._me.id
        return text if meant else None

    def _question(
        self, number: int, message: Message, caller: Caller, text: str, words: Texts
    ) -> Result:
        try:
            text = check_question(text, self._config.settings.question_length)
        except UsageError:
            return self._unreadable(message, caller, text, words)
        if said := reply_to(text, words, caller.private, self._config):
            return Result(follow_ups=[lambda: self._sender.reply(message, said)])
        return self._asking.ask(
            Question(
                number,
                message.chat.id,
                thread_of(message),
                caller.id,
                message.message_id,
                words.language,
                text,
                message.date.timestamp(),
            )
        )

    def _unreadable(self, message: Message, caller: Caller, text: str, words: Texts) -> Result:
        """Say why there is no question; what Telegram writes by itself is no message to answer."""
        if len(text) > self._config.settings.question_length:
            said = words.too_long.format(
                characters=counted(len(text), words.characters),
                most=self._config.settings.question_length,
            )
        elif caller.private and (text or message.effective_attachment):
            said = words.only_text
        else:
            return Result()
        return Result(follow_ups=[lambda: self._sender.reply(message, said)])

    def _button(self, number: int, update: Update, caller: Caller) -> Result:
        """A button under an answer: it works for the person who asked."""
        query = update.callback_query
        assert query
        if (query.data or "").startswith(DATA):
            return self._entrance.button(update, caller)
        if (query.data or "").startswith(OF_UPLOADS):
            return self._commands.upload_button(query, caller)
        words = texts_for(caller.user.language_code)
        action, _, which = (query.data or "").partition(":")
        answer = self._answers.get(int(which)) if is_key(which) else None
        result, said = Result(), ""
        if answer is None:
            said = words.gone
        elif not caller.asked(answer.question):
            said = words.not_yours
        elif not answer.question.text:
            said = words.forgotten_before
        elif action in ("like", "dislike"):
            self._dialogue.rate(answer.question.id, caller.id, 1 if action == "like" else -1)
            said = words.thanks
        elif action == "stop":
            result = self._asking.stop(answer)
            said = "" if result.after_commit else words.nothing_to_stop
        elif action == "retry" and isinstance(query.message, Message):
            user, language = caller.id, words.language
            result = self._asking.retry(number, query.message, user, language, answer)
        elif action == "whole":
            result.follow_ups.append(self._commands.whole(answer, words))
        elif action == "sources":  # a button under answers of an earlier release
            result.follow_ups.append(self._commands.sources(answer, words))
        result.follow_ups.insert(0, lambda: self._sender.answer_callback(query.id, said))
        return result
