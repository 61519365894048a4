"""Everybody of an institute on the first day: they write /start, are let in or not, and ask.

Some are let in by the buttons of two administrators who press at the same time, some by a list, a
link or their group, and some are refused. Each asks a question, half of them before they are in.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.gate.invites import Invites
from bot.store.store import Store
from tests.bot.bot_process import ADMIN, BotProcess, settled
from tests.fakes.bot_api import FakeBotAPI
from tests.workspace import question

ROOT = Path(__file__).resolve().parents[2]
SECOND, FIRST, GROUP = 2, 100_001, -100
TOLD, REFUSED, IN = "передал", "не открыл вам доступ", "Доступ открыт"


@dataclass
class Crowd:
    """How many come in by which way, and within how many seconds they write /start."""

    button: int
    listed: int
    link: int
    group: int
    refused: int
    seconds: float
    patience: float = 60
    began: dict[int, float] = field(default_factory=dict)

    @property
    def people(self) -> range:
        """Everybody, by number."""
        sizes = (self.button, self.listed, self.link, self.group, self.refused)
        return range(FIRST, FIRST + sum(sizes))

    def ways(self) -> dict[str, list[int]]:
        """Who comes in by which way: all of them mixed."""
        sizes = {"button": self.button, "listed": self.listed, "link": self.link}
        sizes |= {"group": self.group, "refused": self.refused}
        order = sorted(
            ((at + 0.5) / size, way) for way, size in sizes.items() for at in range(size)
        )
        found: dict[str, list[int]] = {way: [] for way in sizes}
        for user, (_, way) in zip(self.people, order, strict=True):
            found[way].append(user)
        return found


@dataclass
class Day:
    """A day of the crowd at one bot."""

    crowd: Crowd
    api: FakeBotAPI
    bot: BotProcess

    async def pass_by(self) -> dict[str, Any]:
        """Let it happen; what came of it, in figures."""
        ways, began = self.crowd.ways(), time.monotonic()
        self.api.chats.members[GROUP] = set(ways["group"])
        link = self._in_store(lambda store: Invites(store).make(most=len(ways["link"])).secret)
        await self._come()
        early = [user for user in self.crowd.people if user % 2]
        outside = [user for user in self.crowd.people if user not in set(ways["group"])]
        await self._heard(outside, TOLD)
        everybody_told = time.monotonic() - began
        for user in early:
            self._ask(user)
        await self._until(lambda: self._kept() == len(set(early) - set(ways["group"])))
        decided = time.monotonic()
        file = self.bot.folder / "people.csv"
        file.write_text("".join(f"{user};Имя {user}\n" for user in ways["listed"]))
        await self._opsctl("users", "add", str(file))
        for user in ways["link"]:
            self.api.user(user, f"/start {link}")
        await self._opsctl("users", "reject", *map(str, ways["refused"][1:]))
        await self._refuse_by_button(ways["refused"][0])
        await self._let_in_the_rest()
        let_in = [user for user in self.crowd.people if user not in set(ways["refused"])]
        for user in set(let_in) - set(early):
            self._ask(user)
        await self._heard(ways["refused"], REFUSED)
        await self._heard(let_in, "Зюйд")
        await settled(self.bot)
        await self._until(lambda: not self._buttons(ADMIN) and not self._buttons(SECOND))
        answered = Counter(self.api_answers(user) for user in let_in)
        return {
            "people": len(self.crowd.people),
            "let in": len(let_in),
            "refused and told so": len(ways["refused"]),
            "seconds from /start to the reply, at most": round(max(map(self._wait, outside)), 1),
            "seconds until all were told what happens": round(everybody_told, 1),
            "seconds from the first decision to the last answer": round(
                time.monotonic() - decided, 1
            ),
            "answers lost": answered[0],
            "answers doubled": sum(count for times, count in answered.items() if times > 1),
            "messages to each administrator": [self._sent(ADMIN), self._sent(SECOND)],
            "edits of them": [self._edits(ADMIN), self._edits(SECOND)],
            "429": len(self.api.flood.refused),
            "answers to refused": sum(self.api_answers(user) for user in ways["refused"]),
            "decided twice": self._twice(),
        }

    def api_answers(self, user: int) -> int:
        """How many answers the person has."""
        return sum("Зюйд" in text for text in self.bot.replies(user))

    def _wait(self, user: int) -> float:
        """The seconds from /start to the reply."""
        first = next(m for m in self.api.messages(user) if m["from"]["is_bot"])
        return float(first["history"][0]["at"] - self.crowd.began[user])

    async def _come(self) -> None:
        pause = self.crowd.seconds / len(self.crowd.people)
        for user in self.crowd.people:
            self.crowd.began[user] = time.monotonic()
            self.api.user(user, "/start")
            await asyncio.sleep(pause)

    def _ask(self, user: int) -> None:
        self.api.user(user, question(user % 30 + 1))

    def _kept(self) -> int:
        return int(self.bot.rows("SELECT count(*) FROM kept")[0][0])

    async def _refuse_by_button(self, user: int) -> None:
        """Look for the person in the lists, and refuse them there."""
        data = next(data for _, data in self._buttons(ADMIN) if data.endswith(f":{user}"))
        if data.startswith("door:pick:"):
            self._press(ADMIN, data)
            await self._until(lambda: self._with(ADMIN, f"door:out:{user}"))
            data = self._with(ADMIN, f"door:out:{user}")[0]
        self._press(ADMIN, data.replace(":in:", ":out:"))
        await self._until(lambda: not self._with(ADMIN, f"door:out:{user}"))

    async def _let_in_the_rest(self) -> None:
        """Both administrators press at the same time, whatever stands before them."""
        while self.bot.rows("SELECT 1 FROM request WHERE state = 'waiting'"):
            for admin in (ADMIN, SECOND):
                for data in self._with(admin, "door:all:") + self._with(admin, "door:in:"):
                    self._press(admin, data)
            await asyncio.sleep(0.2)

    def _press(self, admin: int, data: str) -> None:
        message = next(message for message, found in self._buttons(admin) if found == data)
        self.api.user(admin, kind="callback", message=message, data=data)

    def _with(self, admin: int, begin: str) -> list[str]:
        return [data for _, data in self._buttons(admin) if data.startswith(begin)]

    def _buttons(self, admin: int) -> list[tuple[int, str]]:
        return [
            (message["message_id"], button["callback_data"])
            for message in self.api.messages(admin)
            for row in message.get("reply_markup", {}).get("inline_keyboard", [])
            for button in row
            if button["callback_data"].startswith("door:")
        ]

    def _sent(self, admin: int) -> int:
        return len(self.bot.all_replies(admin))

    def _edits(self, admin: int) -> int:
        calls = [call for call in self.api.calls if call["method"] == "editMessageText"]
        return sum(call["args"]["chat_id"] == admin for call in calls)

    def _twice(self) -> int:
        """How many people heard a decision more than once, or two of them."""
        heard = [
            sum(IN in text or REFUSED in text for text in self.bot.replies(user))
            for user in self.crowd.people
        ]
        return sum(times > 1 for times in heard)

    async def _heard(self, users: Iterable[int], words: str) -> None:
        """Wait until each has a message that reads so."""
        missing = set(users)

        def all_of_them() -> bool:
            for user in list(missing):
                if any(words in text for text in self.bot.replies(user)):
                    missing.discard(user)
            return not missing

        await self._until(all_of_them)

    async def _until(self, happened: Callable[[], object]) -> None:
        await self.api.until(happened, self.crowd.patience)

    async def _opsctl(self, *words: str) -> None:
        """What the administrator types on the server."""
        folder = str(self.bot.folder)
        environment = {**os.environ, "OPSCTL_STATE": folder, "OPSCTL_DOCUMENTS": folder}
        command = [sys.executable, "-m", "opsctl", *words]
        done = await asyncio.to_thread(
            subprocess.run, command, cwd=ROOT, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done

    def _in_store(self, do: Callable[[Store], Any]) -> Any:
        store = Store(self.bot.database)
        try:
            return do(store)
        finally:
            store.close()


def settings(people: Sequence[int] = ()) -> dict[str, Any]:
    """The bot's configuration: nobody is let in but two administrators, and a group's members."""
    return {"allowed_users": list(people), "admins": [ADMIN, SECOND], "members_of": [GROUP]}
