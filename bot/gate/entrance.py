"""Before the gate: people who are not let in yet, links that let them in, and who decides."""

from collections.abc import Awaitable, Callable

from telegram import Message, Update, User

from assistant.answer import check_question
from bot.base.context import Context
from bot.gate.admin_notifier import AdminNotifier
from bot.gate.gate import Caller, Gate
from bot.gate.invites import CLAIM_DIGITS, Invites, is_claim
from bot.gate.notices import Notices, about
from bot.gate.requests import BY_GROUP, BY_INVITE, Request, Requests
from bot.inbox.inbox import Result
from bot.people.members import Members
from bot.people.personal import send_data
from bot.store.store import is_key
from bot.texts import Texts, texts_for
from bot.texts.about import about as about_bot
from bot.texts.about import with_contact, with_notice
from core.errors import UsageError

DATA = "door:"  # how the data of our buttons begins


class Entrance:
    """Deals with the updates of people who are not let in, and with the buttons about them.

    Done twice for an update, it changes nothing more.
    """

    def __init__(
        self,
        context: Context,
        gate: Gate,
        members: Members,
        admin_notifier: AdminNotifier,
        wake: Callable[[], None],
    ) -> None:
        """`wake` is called when somebody is to be told of a decision."""
        self._config, self._sender, store = context.config, context.sender, context.store
        self._requests, self._invites = Requests(store), Invites(store)
        self._notices = Notices(store)
        self._gate = gate
        self._members = members
        self._admin_notifier = admin_notifier
        self._wake = wake

    def to_ask(self, update: Update) -> Callable[[], Awaitable[None]] | None:
        """What finds out whether somebody who wrote in private is a member of a group of ours."""
        user, message = update.effective_user, update.message
        if user is None or user.is_bot or not _private(update):
            return None
        if not (message or update.callback_query):
            return None
        if self._gate.knows(user.id) or not self._members.must_ask(user.id):
            return None
        return lambda: self._members.ask(user.id)

    def member(self, user: User) -> Result:
        """Somebody comes in as a member: who waited until now is told, and answered."""
        request = self._requests.get(user.id)
        if request is None or request.state != "waiting":
            return Result()
        self._requests.came_in(user.id, request.language, "let_in", BY_GROUP)
        return Result(after_commit=[self._decided])

    def link(self, number: int, update: Update) -> Result | None:
        """Let in whoever came by a link or with a code; None where there is nothing of the kind."""
        user, message = update.effective_user, update.message
        if not message or not user or user.is_bot or not _private(update):
            return None
        secret = self._secret(message.text or "", user.id)
        if not secret or self._is_refused(user.id):
            return None
        if is_claim(secret) and self._gate.admins():
            self._invites.end_claims()
        name, username = user.full_name, user.username or ""
        use, role = self._invites.use(secret, number, user.id, name, username)
        words = texts_for(user.language_code)
        if use == "in":
            said = {"person": "let_in", "editor": "made_editor", "admin": "made_admin"}[role]
            self._requests.came_in(user.id, words.language, said, BY_INVITE)
            if role == "admin":  # who is told so first, and then of those who wait
                self._remember(user)
                return Result(after_commit=[self._wake])
            return Result(after_commit=[self._decided])
        reason = {
            "twice": words.invite_twice,
            "used up": words.invite_used_up,
            "expired": words.invite_expired,
            "unknown": words.invite_unknown,
        }[use]
        if self._gate.knows(user.id):
            said = f"{reason}\n{words.invite_not_needed}"
            return Result(follow_ups=[lambda: self._sender.send(user.id, said)], user=user.id)
        return self._ask(number, user, None, words, reason)

    def _secret(self, text: str, user: int) -> str:
        """What follows /start; also a code that a stranger sends alone."""
        command, _, rest = text.partition(" ")
        if command == "/start":
            return rest.strip()
        alone = is_claim(text) and sum(char.isdecimal() for char in text) == CLAIM_DIGITS
        return text if alone and not self._gate.knows(user) else ""

    def stranger(self, number: int, update: Update) -> Result:
        """Somebody who is not let in wrote in private: they ask to be let in, and are told so."""
        user, message = update.effective_user, update.message
        if user is None or message is None or user.is_bot or message.via_bot:
            return Result()
        if not _private(update):
            return Result()
        words = texts_for(user.language_code)
        text = message.text or message.caption or ""
        command = text.split(maxsplit=1)[:1]
        if command == ["/about"]:
            return self._say(user.id, about_bot(self._config, words))
        if command == ["/mydata"]:
            store, sender = self._requests.store, self._sender
            return Result(
                follow_ups=[lambda: send_data(store, sender, user.id, words)], user=user.id
            )
        if command == ["/forget"]:
            if not self._is_refused(user.id) and not self._requests.forget(user.id):
                return Result()
            return self._say(user.id, words.forgotten)
        return self._ask(number, user, message, words)

    def greet(self, caller: Caller) -> None:
        """An administrator wrote: in which language, and that they can be written to."""
        if caller.admin and caller.private:
            self._remember(caller.user)
            self._admin_notifier.hello(caller.user.id)

    def waiting(self, caller: Caller, words: Texts) -> Result:
        """/requests: tell the administrator of everybody who waits once more."""
        if self._notices.reset(caller.user.id):
            return Result(after_commit=[self._admin_notifier.wake])
        return self._say(caller.user.id, words.nobody_waits)

    def button(self, update: Update, caller: Caller) -> Result:
        """An administrator decided, or turns to one person of a list."""
        query = update.callback_query
        assert query
        words = texts_for(caller.user.language_code)
        action, _, rest = (query.data or "").partition(":")[2].partition(":")
        numbers = [int(word) for word in rest.split(":") if is_key(word)]
        if not caller.admin or not numbers:
            said = words.not_yours if not caller.admin else words.gone
        elif action in ("in", "out"):
            said = self._decide(numbers[:1], action == "in", caller, words)
        elif action in ("all", "none"):
            last = numbers[-1]
            listed = [one for one in self._notices.people(numbers[0]) if one.number <= last]
            said = self._decide([one.user for one in listed], action == "all", caller, words)
        else:
            self._notices.pick(numbers[0], numbers[1] if action == "pick" else None)
            said = ""
        result = Result(after_commit=[self._decided], user=caller.user.id)
        result.follow_ups.append(lambda: self._sender.answer_callback(query.id, said))
        if action in ("in", "out") and len(numbers) == 1 and isinstance(query.message, Message):
            admin, message, user = caller.user.id, query.message.message_id, numbers[0]
            if caller.admin and not self._notices.is_in(admin, message):
                result.follow_ups.append(lambda: self._mend(admin, message, user, words))
        return result

    def _decide(self, users: list[int], admit: bool, caller: Caller, words: Texts) -> str:
        """Decide about these people; what the button says then."""
        who = caller.user.full_name
        decide = self._requests.admit if admit else self._requests.refuse
        if decided := decide(users, who):
            said = words.door_let_in if admit else words.door_turned_out
            return said.format(count=len(decided))
        known = [request for user in users if (request := self._requests.get(user))]
        return about(known[0], words) if len(known) == 1 else words.door_done

    async def _mend(self, admin: int, message: int, user: int, words: Texts) -> None:
        """Bring a message about one person up to date that nobody else will."""
        if request := self._requests.get(user):
            await self._sender.edit(admin, message, about(request, words))

    def _ask(
        self, number: int, user: User, message: Message | None, words: Texts, first: str = ""
    ) -> Result:
        """Register the person, keep what they ask, and say what happens next."""
        name, username = user.full_name, user.username or ""
        request = self._requests.ask(number, user.id, name, username, words.language)
        if request is None:
            if not self._requests.turn_away(user.id):
                return Result()
            text = with_contact(words.too_many_wait, self._config, words)
            return self._say(user.id, _joined(first, text))
        refused = request.state == "refused"
        kept = message and not refused and self._keep(number, user, message, words)
        if not self._requests.may_be_told(user.id):
            return Result()
        if refused:
            return self._say(user.id, with_contact(words.refused, self._config, words))
        new = request.number == number
        text = self._waits(request, words, new=new, kept=bool(kept))
        result = self._say(user.id, _joined(first, text))
        if new:
            result.after_commit.append(self._admin_notifier.wake)
        return result

    def _keep(self, number: int, user: User, message: Message, words: Texts) -> bool:
        """Keep the message where it is a question."""
        try:
            text = check_question(
                message.text or message.caption or "", self._config.settings.question_length
            )
        except UsageError:
            return False
        if text.startswith("/"):
            return False
        self._requests.keep(number, user.id, message.message_id, words.language, text)
        return True

    def _waits(self, request: Request, words: Texts, *, new: bool, kept: bool) -> str:
        if not new:
            waits = words.still_waits if self._gate.admins() else words.still_no_admin
            return words.question_kept if kept else waits.format(code=request.code)
        then = words.passed_on if self._gate.admins() else words.no_admin_yet
        text = words.waits.format(next=then, code=request.code, user=request.user)
        text = _joined(text, words.question_kept) if kept else text
        return with_notice(with_contact(text, self._config, words), self._config)

    def _say(self, user: int, text: str) -> Result:
        return Result(follow_ups=[lambda: self._sender.send(user, text)], user=user)

    def _is_refused(self, user: int) -> bool:
        request = self._requests.get(user)
        return request is not None and request.state == "refused"

    def _remember(self, user: User) -> None:
        language = texts_for(user.language_code).language
        store, key = self._requests.store, f"language {user.id}"
        if store.meta(key) != language:
            store.set_meta(key, language)

    def _decided(self) -> None:
        self._admin_notifier.wake()
        self._wake()


def _private(update: Update) -> bool:
    chat = update.effective_chat
    return chat is not None and chat.type == chat.PRIVATE


def _joined(first: str, then: str) -> str:
    return f"{first}\n{then}" if first else then
