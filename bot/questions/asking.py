"""Questions on their way to the queue: asked, refused, asked once more, stopped."""

import time
from collections.abc import Callable

from telegram import Message

from bot.base.context import Context
from bot.inbox.inbox import Result
from bot.messages.messages import plain_parts
from bot.people.allowances import MINUTE, Limits
from bot.questions.answers import Answer, Answers, Question
from bot.questions.dialogue import Dialogue
from bot.texts import Texts, texts_for
from bot.texts.counting import counted, duration


class Asking:
    """Changes the rows of answers for the people who ask; done twice, it changes nothing more."""

    def __init__(
        self,
        context: Context,
        limits: Limits,
        begin: Callable[[int], None],
        stop: Callable[[int], None],
    ) -> None:
        """`begin` and `stop` tell the queue about an answer whose row has just changed."""
        self._most_waiting = context.settings.questions_waiting
        self._answers, self._dialogue = Answers(context.store), Dialogue(context.store)
        self._sender = context.sender
        self._limits = limits
        self._begin = begin
        self._stop = stop

    def ask(self, question: Question) -> Result:
        """Keep the question for the queue, or refuse it and say why."""
        known = self._answers.get(question.id)
        refusal = "" if known else self._refusal(question)
        if known and known.outcome == "refused":  # handled before a crash, perhaps not told
            words = texts_for(question.language)
            refusal = self._refusal(question) or self._full(words)
        if refusal:
            self._answers.add(question, "refused")
            return Result(
                follow_ups=[
                    lambda: self._sender.send(
                        question.chat, refusal, reply_to=question.message, thread=question.thread
                    )
                ]
            )
        self._answers.add(question)
        return Result(after_commit=[lambda: self._begin(question.id)])

    def retry(
        self, number: int, message: Message, user: int, language: str, which: Answer | None
    ) -> Result:
        """Answer a question again: the given one, or the person's last in the chat."""
        words = texts_for(language)
        known = self._answers.get(number)
        if known and known.outcome != "refused":
            return Result(after_commit=[lambda: self._begin(number)])
        last = which or self._answers.last(message.chat.id, user)
        if last is None:
            return Result(follow_ups=[lambda: self._sender.reply(message, words.nothing_to_retry)])
        old = last.question
        if self._answers.is_open(old):
            return Result(follow_ups=[lambda: self._sender.reply(message, words.still_working)])
        asked = time.time() if which else message.date.timestamp()
        result = self.ask(
            Question(number, old.chat, old.thread, old.user, old.message, language, old.text, asked)
        )
        if result.after_commit:
            self._dialogue.drop(old)
        return result

    def stop_all(self, number: int, user: int, within: tuple[int, int | None] | None) -> Result:
        """Stop the person's answers up to this number: in a chat and topic, or everywhere."""
        result = Result()
        for waiting in self._answers.waiting_of(user, number):
            if within in (None, (waiting.question.chat, waiting.question.thread)):
                result.after_commit.extend(self.stop(waiting).after_commit)
        return result

    def stop(self, waiting: Answer) -> Result:
        """Stop this answer; nothing follows where it is written already."""
        number = waiting.question.id
        said = plain_parts(texts_for(waiting.question.language).stopped)
        if not self._answers.finish(number, "stopped", said):
            return Result()
        return Result(after_commit=[lambda: self._stop(number)])

    def _refusal(self, question: Question) -> str:
        """Why the person may not ask now, or nothing. Time is that of the messages."""
        words, most = texts_for(question.language), self._most_waiting
        if self._answers.open_of(question.user) > most:
            return self._full(words)
        spent = self._limits.spent(question.user, question.asked)
        if spent is None:
            return ""
        said = words.per_minute if spent.span == MINUTE else words.per_day
        return said.format(count=spent.most, wait=duration(spent.wait, words))

    def _full(self, words: Texts) -> str:
        return words.full.format(questions=counted(self._most_waiting + 1, words.questions))
