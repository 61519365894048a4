"""The gate: who may use the bot. Every update passes it before anything else looks at it."""

from dataclasses import dataclass

from telegram import Chat, Update, User

from bot.config import BotConfig
from bot.groups import Groups
from bot.people import People

KINDS = (Chat.GROUP, Chat.SUPERGROUP)


@dataclass(frozen=True)
class Visitor:
    """Whoever was let in, and the chat they are in."""

    user: User
    chat: Chat
    admin: bool

    @property
    def private(self) -> bool:
        """Tell whether they are alone with the bot."""
        return bool(self.chat.type == Chat.PRIVATE)


class Gate:
    """Lets in the people of the settings and those who were approved; nobody else."""

    def __init__(self, config: BotConfig, people: People, groups: Groups) -> None:
        self._config = config
        self._people = people
        self._groups = groups

    def admit(self, update: Update) -> Visitor | None:
        """The visitor, or None: then nothing may happen.

        Only people count, by their number: not bots, channels, anonymous administrators, or what
        another bot wrote for somebody. In a group both the group and the person must be known.
        """
        user, chat = update.effective_user, update.effective_chat
        message = update.effective_message
        if user is None or chat is None or user.is_bot:
            return None
        if update.message and message and (message.via_bot or message.sender_chat):
            return None
        if not self.knows(user.id):
            return None
        if chat.type != Chat.PRIVATE and not (chat.type in KINDS and self._groups.allows(chat.id)):
            if update.message and chat.type in KINDS:
                self._groups.called_from(chat.id)
            return None
        return Visitor(user, chat, user.id in self._config.admins)

    def moved(self, update: Update) -> tuple[int, int] | None:
        """The number of a group of ours before and now, where that is what the update tells."""
        message = update.message
        if message is None:
            return None
        old = message.migrate_from_chat_id or message.chat.id
        new = message.migrate_to_chat_id or message.chat.id
        return (old, new) if old != new and self._groups.allows(old) else None

    def stranger(self, update: Update) -> User | None:
        """The person to be told a pairing code: unknown, alone with the bot, and says /start."""
        user, chat, message = update.effective_user, update.effective_chat, update.message
        if user is None or chat is None or message is None or user.is_bot or message.via_bot:
            return None
        started = (message.text or "").split(maxsplit=1)[:1] == ["/start"]
        if not started or chat.type != Chat.PRIVATE or self.knows(user.id):
            return None
        return user

    def knows(self, user: int) -> bool:
        """Tell whether the person may ask."""
        config = self._config
        listed = user in config.allowed_users or user in config.admins
        return config.public or listed or self._people.knows(user)
