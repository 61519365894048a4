"""Members of the groups of OPSCTL_MEMBERS_OF, who may ask in private: as Telegram said last.

What it said is kept for a while, in the store, too: somebody who left a group may ask until then.
"""

import asyncio
import logging
import time
from collections.abc import Iterable
from typing import Any

from telegram import ChatMember
from telegram.error import BadRequest, ChatMigrated, Forbidden, TelegramError
from telegram.ext import ExtBot

from bot.store.store import Store
from bot.telegram import retry

FRESH = 15 * 60.0  # seconds for which a member counts as one without asking again
FRESH_STRANGER = 60.0
TROUBLE = "members of"  # the groups that cannot be asked, for opsctl doctor
_NOBODY = (
    "user not found",
    "member not found",
    "participant_id_invalid",
    "user_id_invalid",
)
_IN = (ChatMember.OWNER, ChatMember.ADMINISTRATOR, ChatMember.MEMBER)
log = logging.getLogger(__name__)


class Members:
    """Asks Telegram for members, at most once at a time for each person."""

    def __init__(
        self, groups: Iterable[int], store: Store, bot: ExtBot[Any], pace: float = 1
    ) -> None:
        self._groups = dict.fromkeys(sorted(groups), "")
        self._moved: dict[int, int] = {}
        self._db = store.db
        self._store = store
        self._bot = bot
        self._pace = pace
        self._asking: dict[int, asyncio.Task[None]] = {}
        if store.meta(TROUBLE):
            store.set_meta(TROUBLE, "")

    def knows(self, user: int) -> bool:
        """Tell whether the person is a member, as far as that was asked lately."""
        return self._said(user, self._pace * FRESH) is True

    def knew(self, user: int) -> bool:
        """Tell whether the person was one when Telegram was asked last."""
        return self._said(user, float("inf")) is True

    def must_ask(self, user: int) -> bool:
        """Tell whether nothing is known of the person, or nothing recent."""
        if not self._groups:
            return False
        said = self._said(user, self._pace * FRESH_STRANGER)
        return said is None and not self.knows(user)

    async def ask(self, user: int) -> None:
        """Ask Telegram; where it does not say, the person counts as a stranger for now."""
        task = self._asking.get(user)
        if task is None:
            task = self._asking[user] = asyncio.ensure_future(self._ask(user))
            task.add_done_callback(lambda _: self._asking.pop(user, None))
        await asyncio.shield(task)

    def _said(self, user: int, seconds: float) -> bool | None:
        if not self._groups:
            return None
        sql = "SELECT is_in FROM member WHERE user = ? AND checked > ?"
        row = self._db.execute(sql, (user, time.time() - seconds)).fetchone()
        return bool(row[0]) if row else None

    async def _ask(self, user: int) -> None:
        found: list[bool | None] = []
        for group in self._groups:
            found.append(await self._is_in(group, user))
            if found[-1]:
                break
        # While Telegram does not say, somebody who was a member stays one.
        is_in = any(found) or (None in found and self.knew(user))
        self._db.execute(
            "INSERT OR REPLACE INTO member VALUES (?, ?, ?)", (user, is_in, time.time())
        )

    async def _is_in(self, group: int, user: int) -> bool | None:
        """What Telegram says; None where it does not."""
        now, trouble, is_in = self._moved.get(group, group), "", False
        try:
            member = await retry.again(
                lambda: self._bot.get_chat_member(now, user), self._pace * retry.PAUSE
            )
            # Somebody restricted may have left.
            is_in = member.status in _IN or bool(getattr(member, "is_member", False))
        except ChatMigrated as error:
            self._moved[group] = error.new_chat_id
            log.warning("group %d is %d now: change OPSCTL_MEMBERS_OF", group, error.new_chat_id)
            return await self._is_in(group, user)
        except BadRequest as error:
            said = error.message.lower()
            if "chat not found" in said:
                trouble = "the bot is not in it"
            elif not any(word in said for word in _NOBODY):
                trouble = error.message
        except Forbidden:
            trouble = "the bot is not in it"
        except TelegramError as error:
            self._tell(group, type(error).__name__)
            return None
        self._tell(group, trouble)
        return is_in

    def _tell(self, group: int, trouble: str) -> None:
        """Log once per group and reason that it cannot be asked, and keep that for the doctor."""
        if self._groups[group] == trouble:
            return
        self._groups[group] = trouble
        if trouble:
            log.warning("group %d of OPSCTL_MEMBERS_OF cannot be asked: %s", group, trouble)
        found = [f"{one}: {said}" for one, said in self._groups.items() if said]
        self._store.set_meta(TROUBLE, "; ".join(found))
