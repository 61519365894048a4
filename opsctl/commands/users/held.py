"""What is kept of a person, in words: the names of the tables say nothing to anybody."""

from collections.abc import Mapping, Sequence

from core.text import counted

# A row of the first of the tables that has any counts; the others hang on it.
COUNTED = {
    "question with its answer": (
        "questions with their answers",
        ("answer", "turn", "part", "begun"),
    ),
    "rating": ("", ("feedback",)),
    "message that is not dealt with yet": ("messages that are not dealt with yet", ("inbox",)),
    "document that they sent": ("documents that they sent", ("brought", "upload")),
}
NAMED = {
    "access to the bot": ("person", "invited", "member"),
    "a limit of their own": ("allowance",),
    "a request for access": ("request", "kept", "turned_away", "notice_person", "welcome"),
    "what they are told as an administrator": ("notice", "news"),
    "their language and dialogue": ("meta", "fresh"),
}


def in_words(rows: Mapping[str, Sequence[object]]) -> str:
    """The rows by table, told: 12 questions with their answers, access to the bot."""
    told = []
    for one, (many, tables) in COUNTED.items():
        if found := next((rows[table] for table in tables if table in rows), None):
            told.append(counted(len(found), one, many))
    told += [name for name, tables in NAMED.items() if not rows.keys().isdisjoint(tables)]
    return ", ".join(told) or "nothing"
