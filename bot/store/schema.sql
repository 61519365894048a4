CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- Each update as Telegram sent it. One that is dealt with keeps its number, against repetition,
-- and loses its text.
CREATE TABLE IF NOT EXISTS inbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    update_id INTEGER NOT NULL UNIQUE,
    body TEXT NOT NULL,
    received REAL NOT NULL,
    done INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS inbox_open ON inbox (id) WHERE NOT done;
CREATE INDEX IF NOT EXISTS inbox_done ON inbox (received) WHERE done;

-- One row a question, with the number that its update has in the inbox.
-- waiting: to be written; final: its text is in part, to be shown; done: shown, or given up.
CREATE TABLE IF NOT EXISTS answer (
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
CREATE INDEX IF NOT EXISTS answer_open ON answer (id) WHERE state != 'done';
CREATE INDEX IF NOT EXISTS answer_open_user ON answer (user, id) WHERE state != 'done';
CREATE INDEX IF NOT EXISTS answer_final ON answer (id) WHERE state = 'final';
CREATE INDEX IF NOT EXISTS answer_due ON answer (due) WHERE state != 'done';
CREATE INDEX IF NOT EXISTS answer_user ON answer (user, asked);
CREATE INDEX IF NOT EXISTS answer_chat ON answer (chat, user, id);

-- Answers being written, and how often that was begun and broken off by the end of the process.
CREATE TABLE IF NOT EXISTS begun (answer INTEGER PRIMARY KEY, times INTEGER NOT NULL);

-- The messages of an answer: first the number of the placeholder, later what it is edited to say.
CREATE TABLE IF NOT EXISTS part (
    answer INTEGER NOT NULL REFERENCES answer ON DELETE CASCADE,
    number INTEGER NOT NULL,
    message INTEGER,
    text TEXT,
    entities TEXT NOT NULL DEFAULT '[]',
    shown INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (answer, number)
) WITHOUT ROWID;

-- The dialogue of a chat, or of a topic in it; thread 0 is no topic.
CREATE TABLE IF NOT EXISTS turn (
    answer INTEGER PRIMARY KEY,
    chat INTEGER NOT NULL,
    thread INTEGER NOT NULL,
    user INTEGER NOT NULL,
    question TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS turn_dialogue ON turn (chat, thread, answer);
CREATE INDEX IF NOT EXISTS turn_user ON turn (user);

-- Turns up to this number are not part of the dialogue any more: /new.
CREATE TABLE IF NOT EXISTS fresh (
    chat INTEGER NOT NULL,
    thread INTEGER NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (chat, thread)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS feedback (
    answer INTEGER NOT NULL,
    user INTEGER NOT NULL,
    value INTEGER NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (answer, user)
) WITHOUT ROWID;

-- People who were let in. how: approved, list, invite, claim, or set where they are in the settings
-- and have a role beside; until: NULL for ever.
CREATE TABLE IF NOT EXISTS person (
    user INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    added REAL NOT NULL,
    username TEXT NOT NULL DEFAULT '',
    role TEXT NOT NULL DEFAULT 'person',
    until REAL,
    how TEXT NOT NULL DEFAULT 'approved'
);

-- Strangers who asked to be let in, with the number in the inbox of the update that asked, and what
-- became of it by whose decision. told: how often they were answered since, and when last.
CREATE TABLE IF NOT EXISTS request (
    code TEXT PRIMARY KEY,
    user INTEGER NOT NULL UNIQUE,
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    number INTEGER NOT NULL,
    made REAL NOT NULL,
    username TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'admitted', 'refused')),
    decider TEXT NOT NULL DEFAULT '',
    told INTEGER NOT NULL DEFAULT 0,
    told_at REAL NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- Strangers for whom there was no room any more, and were told so.
CREATE TABLE IF NOT EXISTS turned_away (user INTEGER PRIMARY KEY, at REAL NOT NULL);

-- Questions of those who wait, with their numbers in the inbox: asked once they are let in.
CREATE TABLE IF NOT EXISTS kept (
    number INTEGER PRIMARY KEY,
    user INTEGER NOT NULL,
    message INTEGER NOT NULL,
    language TEXT NOT NULL,
    question TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS kept_user ON kept (user, number);

-- Decisions that people are to be told of; words: the name of the text.
CREATE TABLE IF NOT EXISTS welcome (
    user INTEGER PRIMARY KEY,
    language TEXT NOT NULL,
    words TEXT NOT NULL DEFAULT 'let_in'
);

-- Messages that tell an administrator who asks to be let in. What they are to say follows from the
-- requests; version grows with each decision, and shown is the version that the message shows.
CREATE TABLE IF NOT EXISTS notice (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    admin INTEGER NOT NULL,
    many INTEGER NOT NULL,
    made REAL NOT NULL,
    message INTEGER,
    picked INTEGER,
    version INTEGER NOT NULL DEFAULT 1,
    shown INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS notice_person (
    notice INTEGER NOT NULL REFERENCES notice ON DELETE CASCADE,
    user INTEGER NOT NULL,
    PRIMARY KEY (notice, user)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS notice_of ON notice_person (user);

-- Links that let people in, and who used them by which update; most: NULL for any number.
CREATE TABLE IF NOT EXISTS invite (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    secret TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    made REAL NOT NULL,
    most INTEGER,
    until REAL,
    revoked INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS invited (
    invite INTEGER NOT NULL REFERENCES invite ON DELETE CASCADE,
    user INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (invite, user)
) WITHOUT ROWID;

-- Who is a member of one of the groups of OPSCTL_MEMBERS_OF, as Telegram said last.
CREATE TABLE IF NOT EXISTS member (
    user INTEGER PRIMARY KEY,
    is_in INTEGER NOT NULL,
    checked REAL NOT NULL
);

-- What `opsctl users limit` granted to a person: NULL is what everybody has, 0 is no limit.
CREATE TABLE IF NOT EXISTS allowance (
    user INTEGER PRIMARY KEY, per_minute INTEGER, per_day INTEGER
);

-- What the index held when administrators were last told of it; what is still to be told to them;
-- and who brought a document: of an upload with this number, to its path once it lies there.
CREATE TABLE IF NOT EXISTS document (
    path TEXT PRIMARY KEY, sha256 TEXT NOT NULL, problem TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS news (
    id INTEGER PRIMARY KEY AUTOINCREMENT, admin INTEGER NOT NULL, text TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS brought (
    upload INTEGER PRIMARY KEY, user INTEGER NOT NULL, name TEXT NOT NULL, path TEXT NOT NULL
);

-- Groups that became supergroups: the number now, and the one before.
CREATE TABLE IF NOT EXISTS moved (new INTEGER PRIMARY KEY, old INTEGER NOT NULL);

-- A file that an administrator sent, with the number that its update has in the inbox; deleted when
-- the result is told. new: to be fetched and checked, and once that is done `sha256` says what is to
-- lie under `path`; placed: it lies there, to be indexed; final: `said` is to be shown; asked: it is,
-- with the question whether this upload replaces the one at `older`; replacing: yes, it does.
CREATE TABLE IF NOT EXISTS upload (
    id INTEGER PRIMARY KEY,
    chat INTEGER NOT NULL,
    sent INTEGER NOT NULL,
    language TEXT NOT NULL,
    file TEXT NOT NULL,
    path TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('new', 'placed', 'final', 'asked', 'replacing')),
    sha256 TEXT NOT NULL DEFAULT '',
    pages INTEGER,
    message INTEGER,
    said TEXT NOT NULL DEFAULT '',
    due REAL NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    name TEXT NOT NULL DEFAULT '',
    older TEXT NOT NULL DEFAULT ''
);

-- What the uploads in the documents were called by those who sent them, in the order of coming.
CREATE TABLE IF NOT EXISTS sent_file (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL UNIQUE,
    called TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS sent_file_called ON sent_file (called);
