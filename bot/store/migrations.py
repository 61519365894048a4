"""How a file of an earlier version becomes one of today's, see bot/store/schema.sql.

One entry a version: (table, statement), run where the file has that table. A file's PRAGMA
user_version tells how many of the entries it has seen. Tables that are missing are made after that.
"""

Migration = tuple[tuple[str, str], ...]

_ROLES: Migration = (
    ("person", "ALTER TABLE person ADD COLUMN username TEXT NOT NULL DEFAULT ''"),
    ("person", "ALTER TABLE person ADD COLUMN role TEXT NOT NULL DEFAULT 'person'"),
    ("person", "ALTER TABLE person ADD COLUMN until REAL"),
    ("person", "ALTER TABLE person ADD COLUMN how TEXT NOT NULL DEFAULT 'approved'"),
    ("welcome", "ALTER TABLE welcome ADD COLUMN words TEXT NOT NULL DEFAULT 'let_in'"),
    ("invitation", "ALTER TABLE invitation RENAME TO request"),
    ("request", "ALTER TABLE request ADD COLUMN username TEXT NOT NULL DEFAULT ''"),
    (
        "request",
        "ALTER TABLE request ADD COLUMN state TEXT NOT NULL DEFAULT 'waiting'"
        " CHECK (state IN ('waiting', 'admitted', 'refused'))",
    ),
    ("request", "ALTER TABLE request ADD COLUMN decider TEXT NOT NULL DEFAULT ''"),
    ("request", "ALTER TABLE request ADD COLUMN told INTEGER NOT NULL DEFAULT 0"),
    ("request", "ALTER TABLE request ADD COLUMN told_at REAL NOT NULL DEFAULT 0"),
)
_UPLOAD_COLUMNS = (
    "id, chat, sent, language, file, path, state, sha256, pages, message, said, due, failures"
)
_REPLACING: Migration = (
    ("upload", "ALTER TABLE upload RENAME TO upload_before"),
    (
        "upload_before",
        "CREATE TABLE upload (id INTEGER PRIMARY KEY, chat INTEGER NOT NULL, sent INTEGER NOT NULL,"
        " language TEXT NOT NULL, file TEXT NOT NULL, path TEXT NOT NULL, state TEXT NOT NULL CHECK"
        " (state IN ('new', 'placed', 'final', 'asked', 'replacing')),"
        " sha256 TEXT NOT NULL DEFAULT '', pages INTEGER, message INTEGER,"
        " said TEXT NOT NULL DEFAULT '', due REAL NOT NULL DEFAULT 0,"
        " failures INTEGER NOT NULL DEFAULT 0, name TEXT NOT NULL DEFAULT '',"
        " older TEXT NOT NULL DEFAULT '')",
    ),
    (
        "upload_before",
        f"INSERT INTO upload ({_UPLOAD_COLUMNS}) SELECT {_UPLOAD_COLUMNS} FROM upload_before",
    ),
    ("upload_before", "DROP TABLE upload_before"),
)
MIGRATIONS: tuple[Migration, ...] = (_ROLES, _REPLACING)
