"""What the bot's file holds of one person: told, and erased."""

import json
import time
from typing import TYPE_CHECKING, Any

from bot.store.store import Store
from bot.texts import Texts

if TYPE_CHECKING:
    from bot.telegram.sending import Sender

OWN = "user = :user"
IN_ANSWERS = "answer IN (SELECT id FROM answer WHERE user = :user)"
IN_UPDATE = (
    "CASE WHEN json_valid(body) THEN EXISTS (SELECT 1 FROM json_each(body) part WHERE"
    " part.type = 'object' AND json_extract(part.value, '$.from.id') = :user) END"
)
# The tables that hold something of people, and which rows are a person's. The number of a private
# chat is that of the person. What others are looked up by comes last.
TABLES = {
    "part": IN_ANSWERS,
    "begun": IN_ANSWERS,
    "feedback": f"{OWN} OR {IN_ANSWERS}",
    "turn": OWN,
    "fresh": "chat = :user",
    "upload": "chat = :user",
    "person": OWN,
    "request": OWN,
    "turned_away": OWN,
    "kept": OWN,
    "notice_person": OWN,
    "notice": "admin = :user",
    "invited": OWN,
    "member": OWN,
    "welcome": OWN,
    "allowance": OWN,
    "news": "admin = :user",
    "brought": OWN,
    "meta": "key = 'language ' || :user",
    "answer": OWN,
    "inbox": IN_UPDATE,
}
NOBODYS = ("document", "invite", "moved", "sent_file")
IN_JSON = ("body", "citations", "entities")
TIMES = ("asked", "at", "added", "made", "received")
CHECKPOINTS, CHECKPOINT_PAUSE = 10, 0.2  # another program may just be doing the same
Rows = dict[str, list[dict[str, Any]]]


def held(store: Store, user: int) -> Rows:
    """Every row about the person, by table; a table without any is left out."""
    found = {}
    for table, whose in TABLES.items():
        cursor = store.db.execute(f"SELECT * FROM {table} WHERE {whose}", {"user": user})
        names = [column[0] for column in cursor.description]
        if rows := [_row(names, values) for values in cursor.fetchall()]:
            found[table] = rows
    return found


def erase(store: Store, user: int) -> tuple[int, bool]:
    """Delete every row about the person; how many those were, and whether no trace is left.

    A bot that runs meanwhile takes back what it is just writing for them. Of an update its number
    stays, against repetition. Something of the rest may stay in the file's log as long as another
    program keeps reading it.
    """
    count = 0
    with store.transaction():
        store.scrub()
        for table, whose in TABLES.items():
            change = "UPDATE inbox SET done = 1, body = ''" if table == "inbox" else ""
            change = change or f"DELETE FROM {table}"
            count += store.db.execute(f"{change} WHERE {whose}", {"user": user}).rowcount
    for _ in range(CHECKPOINTS):
        if store.empty_log():
            return count, True
        time.sleep(CHECKPOINT_PAUSE)
    return count, False


def as_text(rows: Rows, user: int, words: Texts) -> str:
    """The same for the person to read: questions and answers first, then all records."""
    title = words.mydata_title.format(when=_moment(time.time()), user=user)
    if not rows:
        return f"{title}\n\n{words.mydata_none}\n"
    turns = {row["answer"]: row["text"] for row in rows.get("turn", ())}
    liked = {row["answer"]: row["value"] for row in rows.get("feedback", ())}
    lines = [title]
    for row in rows.get("answer", ()):
        if not row["question"]:  # forgotten, or refused
            continue
        lines.append("")
        lines.append(f"{row['asked']} · {words.mydata_question}: {row['question']}")
        if text := turns.get(row["id"]):
            lines.append(f"{words.mydata_answer}: {text}")
        if files := ", ".join(dict.fromkeys(quote["file"] for quote in row["citations"])):
            lines.append(f"{words.mydata_sources}: {files}")
        if mark := liked.get(row["id"]):
            lines.append("👍" if mark > 0 else "👎")
    records = json.dumps(rows, ensure_ascii=False, indent=1)
    return "\n".join([*lines, "", f"{words.mydata_rest}:", records, ""])


async def send_data(store: Store, sender: "Sender", user: int, words: Texts) -> None:
    """Send the person a file of everything that is kept about them; raises SendingError."""
    text = as_text(held(store, user), user, words)
    name = time.strftime("mydata-%Y-%m-%d.txt")
    await sender.send_file(user, name, text.encode(), words.mydata_caption)


def _row(names: list[str], values: tuple[Any, ...]) -> dict[str, Any]:
    row = dict(zip(names, values, strict=True))
    for name in IN_JSON:
        if row.get(name):
            row[name] = json.loads(row[name])
    for name in TIMES:
        if isinstance(row.get(name), float):
            row[name] = _moment(row[name])
    return row


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(at))
