"""What administrators are told about those who ask to be let in: which messages, and their words.

One message a person while few wait, a list of many people where there are more: hundreds may come
within a minute, and Telegram takes one message a second in a chat. Here are only the rows; a
message is made from them again whenever they change, and admin_notifier.py brings it into the chat.
"""

import time
from dataclasses import dataclass

from bot.gate.requests import BY_GROUP, BY_INVITE, BY_OPSCTL, Request, Requests
from bot.store.store import Store
from bot.telegram.sending import Buttons
from bot.texts import Texts

MOST_SINGLE = 3  # messages about one person that wait for a decision; who comes then is on a list
MOST_LISTED = 20  # people of one message
MOST_LISTS = 10  # that wait for a decision; the next ones come when it is made
GROWING = 3600.0  # seconds in which more people are put on a list
IN_A_ROW = 5  # buttons
IN_A_LINE = 32  # characters of a name: a list of emoji has to fit into a message
_ROW = "id, admin, many, message, picked, version"


@dataclass(frozen=True)
class Notice:
    """A message for an administrator; `message` is its number once it is there, `many` a list."""

    id: int
    admin: int
    many: int
    message: int | None
    picked: int | None
    version: int


class Notices:
    """The table of these messages. `gather` is to be called before `to_show`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._db = store.db
        self._requests = Requests(store)

    def gather(self, admin: int) -> None:
        """Put everybody who waits, and of whom this administrator is not told, on a message."""
        with self._store.transaction():
            new = self._untold(admin)
            single = self._undecided(admin, many=False)
            if len(single) + len(new) <= MOST_SINGLE:
                for user in new:
                    self._put(self._make(admin, many=False), [user])
                return
            if new and (last := self._growing(admin)):
                room = MOST_LISTED - len(self.people(last))
                self._put(last, new[:room])
                new = new[room:]
            lists = len(self._undecided(admin, many=True))
            while new and lists < MOST_LISTS:
                self._put(self._make(admin, many=True), new[:MOST_LISTED])
                new, lists = new[MOST_LISTED:], lists + 1

    def to_show(self, admin: int) -> list[Notice]:
        """The messages that do not read as they have to."""
        sql = f"SELECT {_ROW} FROM notice WHERE admin = ? AND shown < version ORDER BY id"
        return [Notice(*row) for row in self._db.execute(sql, (admin,))]

    def get(self, number: int) -> Notice | None:
        row = self._db.execute(f"SELECT {_ROW} FROM notice WHERE id = ?", (number,)).fetchone()
        return Notice(*row) if row else None

    def is_in(self, admin: int, message: int) -> bool:
        """Tell whether this message of the administrator's chat is one of these."""
        sql = "SELECT 1 FROM notice WHERE admin = ? AND message = ?"
        return bool(self._db.execute(sql, (admin, message)).fetchone())

    def people(self, number: int) -> list[Request]:
        """Those whom the message is about, the first one first."""
        sql = "SELECT user FROM notice_person WHERE notice = ?"
        users = [row[0] for row in self._db.execute(sql, (number,))]
        found = [request for user in users if (request := self._requests.get(user))]
        return sorted(found, key=lambda request: (request.made, request.number))

    def placed(self, number: int, message: int) -> None:
        """The message is in the chat."""
        self._db.execute("UPDATE notice SET message = ? WHERE id = ?", (message, number))

    def shown(self, notice: Notice) -> None:
        """The message reads as of this version; one on which all is decided is not needed more."""
        with self._store.transaction():
            self._db.execute(
                "UPDATE notice SET shown = ? WHERE id = ?", (notice.version, notice.id)
            )
            waits = any(request.state == "waiting" for request in self.people(notice.id))
            now = self.get(notice.id)
            if not waits and now and now.version == notice.version:
                self.remove(notice.id)

    def pick(self, number: int, user: int | None) -> None:
        """Let a list show one of its people, or all of them again."""
        self._db.execute(
            "UPDATE notice SET picked = ?, version = version + 1 WHERE id = ?", (user, number)
        )

    def remove(self, number: int) -> None:
        """The message changes no more."""
        self._db.execute("DELETE FROM notice WHERE id = ?", (number,))

    def reset(self, admin: int) -> int:
        """Let the administrator be told of everybody once more; how many wait."""
        self._db.execute("DELETE FROM notice WHERE admin = ?", (admin,))
        return len(self._requests.listing("waiting"))

    def _untold(self, admin: int) -> list[int]:
        sql = (
            "SELECT user FROM request r WHERE state = 'waiting' AND NOT EXISTS"
            " (SELECT 1 FROM notice_person p JOIN notice n ON n.id = p.notice"
            " WHERE p.user = r.user AND n.admin = ?) ORDER BY made, number"
        )
        return [row[0] for row in self._db.execute(sql, (admin,))]

    def _undecided(self, admin: int, many: bool) -> list[int]:
        sql = (
            "SELECT id FROM notice n WHERE admin = ? AND many = ? AND EXISTS (SELECT 1 FROM"
            " notice_person p JOIN request r ON r.user = p.user WHERE p.notice = n.id"
            " AND r.state = 'waiting') ORDER BY id"
        )
        return [row[0] for row in self._db.execute(sql, (admin, many))]

    def _growing(self, admin: int) -> int | None:
        """The list on which there is room for more people."""
        sql = (
            "SELECT id FROM notice n WHERE admin = ? AND many AND made > ? AND picked IS NULL AND"
            " (SELECT count(*) FROM notice_person WHERE notice = n.id) < ? ORDER BY id DESC"
        )
        row = self._db.execute(sql, (admin, time.time() - GROWING, MOST_LISTED)).fetchone()
        return row[0] if row else None

    def _make(self, admin: int, many: bool) -> int:
        sql = "INSERT INTO notice (admin, many, made) VALUES (?, ?, ?) RETURNING id"
        return int(self._db.execute(sql, (admin, many, time.time())).fetchall()[0][0])

    def _put(self, number: int, users: list[int]) -> None:
        self._db.executemany(
            "INSERT INTO notice_person VALUES (?, ?)", [(number, user) for user in users]
        )
        self._db.execute("UPDATE notice SET version = version + 1 WHERE id = ?", (number,))


def shown(notice: Notice, people: list[Request], words: Texts) -> tuple[str, Buttons]:
    """The text of the message, and its buttons."""
    picked = next((one for one in people if one.user == notice.picked), None)
    if not notice.many:
        return about(people[0], words), _decide(people[0], words)
    if picked and picked.state == "waiting":
        back = [(words.door_list, f"door:list:{notice.id}")]
        return about(picked, words), [*_decide(picked, words, f":{notice.id}"), back]
    lines = [_line(at, one, words) for at, one in enumerate(people, 1)]
    waiting = [(at, one) for at, one in enumerate(people, 1) if one.state == "waiting"]
    head = words.door_many.format(count=len(waiting)) if waiting else words.door_done
    return "\n".join([head, "", *lines]), _list_buttons(notice, waiting, words)


def about(request: Request, words: Texts) -> str:
    """Who asks to be let in, or what was decided about them by whom."""
    text = {
        "waiting": words.door_one,
        "admitted": words.door_admitted,
        "refused": words.door_refused,
    }[request.state]
    return text.format(person=_person(request), decider=_decider(request, words))


def _decide(request: Request, words: Texts, of_list: str = "") -> list[list[tuple[str, str]]]:
    if request.state != "waiting":
        return []
    whom = f"{request.user}{of_list}"
    return [[(words.door_in, f"door:in:{whom}"), (words.door_out, f"door:out:{whom}")]]


def _list_buttons(notice: Notice, waiting: list[tuple[int, Request]], words: Texts) -> Buttons:
    if not waiting:
        return []
    picks = [(str(at), f"door:pick:{notice.id}:{one.user}") for at, one in waiting]
    rows = [picks[at : at + IN_A_ROW] for at in range(0, len(picks), IN_A_ROW)]
    # Who comes on the list later is not meant by these buttons.
    which = f"{notice.id}:{waiting[-1][1].number}"
    everybody = [
        (words.door_all.format(count=len(waiting)), f"door:all:{which}"),
        (words.door_none, f"door:none:{which}"),
    ]
    return [*rows, everybody]


def _line(at: int, request: Request, words: Texts) -> str:
    mark = {"waiting": "", "admitted": "✅ ", "refused": "⛔ "}[request.state]
    line = f"{at}. {mark}{_person(request, IN_A_LINE)}"
    if request.state == "waiting":
        return line
    return f"{line} — {_decider(request, words)[:IN_A_LINE]}"


def _person(request: Request, longest: int | None = None) -> str:
    username = f"@{request.username[:longest]}, " if request.username else ""
    return f"{request.name[:longest] or '—'}, {username}id {request.user}"


def _decider(request: Request, words: Texts) -> str:
    by_itself = {BY_OPSCTL: "opsctl", BY_INVITE: words.by_invite, BY_GROUP: words.by_group}
    return by_itself.get(request.decider, request.decider)
