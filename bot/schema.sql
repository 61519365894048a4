CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- Each update as Telegram sent it. One that is dealt with keeps its number, against repetition,
-- and loses its text.
CREATE TABLE inbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    update_id INTEGER NOT NULL UNIQUE,
    body TEXT NOT NULL,
    received REAL NOT NULL,
    done INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX inbox_open ON inbox (id) WHERE NOT done;
CREATE INDEX inbox_done ON inbox (received) WHERE done;

-- One row a question, with the number that its update has in the inbox.
-- waiting: to be written; final: its text is in part, to be shown; done: shown, or given up.
CREATE TABLE answer (
    id INTEGER PRIMARY KEY,
    chat INTEGER NOT NULL,
    thread INTEGER,
    user INTEGER NOT NULL,
    message INTEGER,
    language TEXT NOT NULL,
    question TEXT NOT NULL,
    asked REAL NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'final', 'done')),
    outcome TEXT NOT NULL DEFAULT '',
    citations TEXT NOT NULL DEFAULT '[]',
    due REAL NOT NULL DEFAULT 0,
    server_failures INTEGER NOT NULL DEFAULT 0,
    telegram_failures INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX answer_open ON answer (id) WHERE state != 'done';
CREATE INDEX answer_open_user ON answer (user, id) WHERE state != 'done';
CREATE INDEX answer_user ON answer (user, asked);
CREATE INDEX answer_chat ON answer (chat, user, id);

-- The messages of an answer: first the number of the placeholder, later what it is edited to say.
CREATE TABLE part (
    answer INTEGER NOT NULL REFERENCES answer ON DELETE CASCADE,
    number INTEGER NOT NULL,
    message INTEGER,
    text TEXT,
    entities TEXT NOT NULL DEFAULT '[]',
    shown INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (answer, number)
) WITHOUT ROWID;

-- The dialogue of a chat, or of a topic in it; thread 0 is no topic.
CREATE TABLE turn (
    answer INTEGER PRIMARY KEY,
    chat INTEGER NOT NULL,
    thread INTEGER NOT NULL,
    user INTEGER NOT NULL,
    question TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX turn_dialogue ON turn (chat, thread, answer);
CREATE INDEX turn_user ON turn (user);

-- Turns up to this number are not part of the dialogue any more: /new.
CREATE TABLE fresh (
    chat INTEGER NOT NULL,
    thread INTEGER NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (chat, thread)
) WITHOUT ROWID;

CREATE TABLE feedback (
    answer INTEGER NOT NULL,
    user INTEGER NOT NULL,
    value INTEGER NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (answer, user)
) WITHOUT ROWID;

-- People who were let in by a code, and the codes that wait for `opsctl users approve`.
CREATE TABLE person (user INTEGER PRIMARY KEY, name TEXT NOT NULL, added REAL NOT NULL);
CREATE TABLE pairing (
    code TEXT PRIMARY KEY, user INTEGER NOT NULL UNIQUE, name TEXT NOT NULL, made REAL NOT NULL
) WITHOUT ROWID;
