"""The gate: who may use the bot. Every update passes it before anything else looks at it."""

from dataclasses import dataclass

from telegram import Chat, Update, User

from bot.base.config import BotConfig
from bot.people.groups import Groups
from bot.people.members import Members
from bot.people.people import People, Role
from bot.questions.answers import Question

KINDS = (Chat.GROUP, Chat.SUPERGROUP)


@dataclass(frozen=True)
class Caller:
    """Whoever was let in, and the chat they are in.

    An anonymous administrator of a group, whom Telegram shows as the group itself, has its number.
    """

    user: User
    chat: Chat
    role: Role
    anonymous: bool = False

    @property
    def id(self) -> int:
        """The number that questions and limits are counted by."""
        return self.chat.id if self.anonymous else self.user.id

    def asked(self, question: Question) -> bool:
        """Tell whether the question is theirs; one of an anonymous person is everybody's there."""
        return question.user == self.id or question.user == self.chat.id < 0

    @property
    def admin(self) -> bool:
        """Tell whether they may do everything."""
        return self.role == "admin"

    @property
    def editor(self) -> bool:
        """Tell whether they may change the documents."""
        return self.role in ("editor", "admin")

    @property
    def private(self) -> bool:
        """Tell whether they are alone with the bot."""
        return bool(self.chat.type == Chat.PRIVATE)


class Gate:
    """Lets in the people of the settings, those who were approved, and whom a group lets in."""

    def __init__(self, config: BotConfig, people: People, groups: Groups, members: Members) -> None:
        self._settings = config.settings
        self._people = people
        self._groups = groups
        self._members = members

    def admit(self, update: Update) -> Caller | None:
        """The caller, or None: then nothing may happen.

        People count by their number, and in a group of ours everybody, anonymous administrators
        too; not bots, channels, or what another bot wrote for somebody.
        """
        user, chat = update.effective_user, update.effective_chat
        message = update.effective_message
        if user is None or chat is None:
            return None
        sender = message.sender_chat if update.message and message else None
        anonymous = sender is not None and sender.id == chat.id and chat.type in KINDS
        if update.message and message and (message.via_bot or (sender and not anonymous)):
            return None
        if user.is_bot and not anonymous:
            return None
        if chat.type in KINDS:
            if self._groups.allows(chat.id):
                role = "person" if anonymous else self.role(user.id)
                return Caller(user, chat, role, anonymous)
            if update.message and not anonymous and self.knows(user.id):
                self._groups.called_from(chat.id)
            return None
        if chat.type != Chat.PRIVATE or not self.knows(user.id):
            return None
        return Caller(user, chat, self.role(user.id))

    def moved(self, update: Update) -> tuple[int, int] | None:
        """The number of a group of ours before and now, where that is what the update tells."""
        message = update.message
        if message is None:
            return None
        old = message.migrate_from_chat_id or message.chat.id
        new = message.migrate_to_chat_id or message.chat.id
        return (old, new) if old != new and self._groups.allows(old) else None

    def knows(self, user: int) -> bool:
        """Tell whether the person may ask."""
        return self._listed(user) or self._members.knows(user)

    def may_have(self, question: Question) -> bool:
        """Tell whether a question that was asked before may still be answered."""
        if self._listed(question.user) or self._members.knew(question.user):
            return True
        return question.chat < 0 and self._groups.allows(question.chat)

    def role(self, user: int) -> Role:
        """What the person may do once they are in."""
        return "admin" if user in self._settings.admins else self._people.role(user)

    def admins(self) -> list[int]:
        return list(
            dict.fromkeys([*sorted(self._settings.admins), *self._people.with_role("admin")])
        )

    def _listed(self, user: int) -> bool:
        settings = self._settings
        listed = user in settings.allowed_users or user in settings.admins
        return settings.public or listed or self._people.knows(user)
