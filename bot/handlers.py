"""What an update means: a question, a command, a button, or nothing.

Nothing is sent from here: a handler changes the store and says which messages follow from that.
"""

import time
from collections.abc import Callable

from telegram import Message, MessageEntity, Update, User

from assistant.answer import MAX_QUESTION, check_question
from bot.access import Gate, Visitor
from bot.answers import Answer, Answers, Question
from bot.commands import Commands
from bot.compose import sentence
from bot.config import BotConfig
from bot.dialogue import Dialogue
from bot.inbox import Effect
from bot.people import People
from bot.sending import Sender
from bot.store import DAY
from bot.texts import Texts, texts_for
from indexer.errors import UsageError

MINUTE = 60.0


class Handlers:
    """Knows who the bot is, and what to do with each update."""

    def __init__(
        self,
        config: BotConfig,
        me: User,
        gate: Gate,
        people: People,
        answers: Answers,
        dialogue: Dialogue,
        sender: Sender,
        commands: Commands,
        begin: Callable[[int], None],
        stop: Callable[[int], None],
    ) -> None:
        """`begin` and `stop` tell the queue about an answer whose row has just changed."""
        self._config = config
        self._me = me
        self._gate = gate
        self._people = people
        self._answers = answers
        self._dialogue = dialogue
        self._sender = sender
        self._commands = commands
        self._begin = begin
        self._stop = stop

    def handle(self, number: int, update: Update) -> Effect:
        """The one way in. Called twice for an update, it changes nothing the second time."""
        visitor = self._gate.admit(update)
        if visitor is None:
            return self._stranger(update)
        if update.callback_query:
            effect = self._button(number, update, visitor)
        elif update.message:
            effect = self._message(number, update.message, visitor)
        else:
            effect = Effect()
        effect.user = visitor.user.id
        return effect

    def _stranger(self, update: Update) -> Effect:
        """Tell a person who says /start a code, once; everybody else hears nothing."""
        user = self._gate.stranger(update)
        if user is None:
            return Effect()
        code = self._people.make_code(user.id, user.full_name)
        if not code:
            return Effect()
        text = texts_for(user.language_code).pairing.format(code=code)
        return Effect(errands=[lambda: self._sender.send(user.id, text)], user=user.id)

    def _message(self, number: int, message: Message, visitor: Visitor) -> Effect:
        words = texts_for(visitor.user.language_code)
        text = message.text or message.caption or ""
        if text.startswith("/"):
            return self._command(number, message, visitor, text, words)
        if not visitor.private:
            called = self._called(message, text)
            if called is None:
                return Effect()
            text = called
        return self._question(number, message, visitor, text, words)

    def _command(
        self, number: int, message: Message, visitor: Visitor, text: str, words: Texts
    ) -> Effect:
        head, _, rest = text.partition(" ")
        name, _, addressee = head[1:].lower().partition("@")
        if addressee and addressee != (self._me.username or "").lower():
            return Effect()
        if name == "ask":
            return self._question(number, message, visitor, rest, words)
        if name == "retry":
            return self._retry(number, message, visitor, None)
        if name in ("stop", "forget"):
            effect = self._stop_all(number, visitor.user.id)
            if name == "stop" and effect.now:
                return effect
            if name == "forget":
                self._dialogue.forget(visitor.user.id, number)
            said = words.forgotten if name == "forget" else words.nothing_to_stop
            effect.errands.append(lambda: self._reply(message, said))
            return effect
        if errand := self._commands.errand(name, number, message, visitor):
            return Effect(errands=[errand])
        if not visitor.private:
            return Effect()
        return Effect(errands=[lambda: self._reply(message, words.unknown_command)])

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
        self, number: int, message: Message, visitor: Visitor, text: str, words: Texts
    ) -> Effect:
        try:
            text = check_question(text)
        except UsageError:
            return self._unreadable(message, visitor, text, words)
        return self._ask(
            Question(
                number,
                message.chat.id,
                message.message_thread_id if message.is_topic_message else None,
                visitor.user.id,
                message.message_id,
                words.language,
                text,
                message.date.timestamp(),
            )
        )

    def _unreadable(self, message: Message, visitor: Visitor, text: str, words: Texts) -> Effect:
        """Say why there is no question; what Telegram writes by itself is no message to answer."""
        if len(text) > MAX_QUESTION:
            said = words.too_long.format(length=len(text), most=MAX_QUESTION)
        elif visitor.private and (text or message.effective_attachment):
            said = words.only_text
        else:
            return Effect()
        return Effect(errands=[lambda: self._reply(message, said)])

    def _ask(self, question: Question) -> Effect:
        """Keep the question for the queue, or refuse it and say why."""
        known = self._answers.get(question.id)
        refusal = "" if known else self._refusal(question)
        if known and known.outcome == "refused":  # handled before a crash, perhaps not told
            words = texts_for(question.language)
            refusal = self._refusal(question) or words.full.format(count=self._config.waiting + 1)
        if refusal:
            self._answers.add(question, "refused")
            return Effect(
                errands=[
                    lambda: self._sender.send(
                        question.chat, refusal, reply_to=question.message, thread=question.thread
                    )
                ]
            )
        self._answers.add(question)
        return Effect(now=[lambda: self._begin(question.id)])

    def _refusal(self, question: Question) -> str:
        """Why the person may not ask now, or nothing. Time is that of the messages."""
        words, limits = texts_for(question.language), self._config
        if self._answers.open_of(question.user) > limits.waiting:
            return words.full.format(count=limits.waiting + 1)
        asked = question.user, question.asked
        if self._answers.asked_within(*asked, MINUTE) >= limits.per_minute:
            return words.per_minute.format(count=limits.per_minute)
        if self._answers.asked_within(*asked, DAY) >= limits.per_day:
            return words.per_day.format(count=limits.per_day)
        return ""

    def _retry(
        self, number: int, message: Message, visitor: Visitor, which: Answer | None
    ) -> Effect:
        """Answer a question anew: the given one, or the person's last."""
        words = texts_for(visitor.user.language_code)
        if self._answers.get(number):
            return Effect(now=[lambda: self._begin(number)])
        last = which or self._answers.last(message.chat.id, visitor.user.id)
        if last is None or not last.question.text:
            return Effect(errands=[lambda: self._reply(message, words.nothing_to_retry)])
        if last.state != "done":
            return Effect(errands=[lambda: self._reply(message, words.still_working)])
        old = last.question
        self._dialogue.drop(old.id)
        asked = time.time() if which else message.date.timestamp()
        return self._ask(
            Question(
                number, old.chat, old.thread, old.user, old.message, words.language, old.text, asked
            )
        )

    def _stop_all(self, number: int, user: int) -> Effect:
        effect = Effect()
        for waiting in self._answers.waiting_of(user, number):
            effect.now.extend(self._stopped(waiting).now)
        return effect

    def _stopped(self, waiting: Answer) -> Effect:
        number = waiting.question.id
        said = sentence(texts_for(waiting.question.language).stopped)
        if not self._answers.finish(number, "stopped", said):
            return Effect()
        return Effect(now=[lambda: self._stop(number)])

    def _button(self, number: int, update: Update, visitor: Visitor) -> Effect:
        """A button under an answer: it works for the person who asked."""
        query = update.callback_query
        assert query
        words = texts_for(visitor.user.language_code)
        action, _, which = (query.data or "").partition(":")
        answer = self._answers.get(int(which)) if which.isdecimal() else None
        effect, said = Effect(), ""
        if answer is None:
            said = words.gone
        elif answer.question.user != visitor.user.id:
            said = words.not_yours
        elif action in ("like", "dislike"):
            self._dialogue.rate(answer.question.id, visitor.user.id, 1 if action == "like" else -1)
            said = words.thanks
        elif action == "stop":
            effect = self._stopped(answer)
            said = "" if effect.now else words.nothing_to_stop
        elif action == "retry" and isinstance(query.message, Message):
            effect = self._retry(number, query.message, visitor, answer)
        elif action == "sources":
            effect.errands.append(self._commands.sources(answer, words))
        effect.errands.insert(0, lambda: self._sender.answer_callback(query.id, said))
        return effect

    async def _reply(self, message: Message, text: str) -> None:
        thread = message.message_thread_id if message.is_topic_message else None
        await self._sender.send(message.chat.id, text, thread=thread)
