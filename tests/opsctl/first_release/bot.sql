BEGIN TRANSACTION;
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
INSERT INTO "answer" VALUES(1,7,NULL,7,1,'ru','кладовщик Норд1 заведует складом Зюйд1',1796018205.0,'done','answered','[{"file": "note1.txt", "page": null, "heading": null, "quote": "\u0421\u043a\u043b\u0430\u0434\u043e\u043c \u0417\u044e\u0439\u04341 \u0437\u0430\u0432\u0435\u0434\u0443\u0435\u0442 \u043a\u043b\u0430\u0434\u043e\u0432\u0449\u0438\u043a \u041d\u043e\u0440\u04341."}]',0.0,0,0);
INSERT INTO "answer" VALUES(5,8,NULL,8,8,'ru','кладовщик Норд3 заведует складом Зюйд3',1796018207.0,'done','answered','[{"file": "note3.txt", "page": null, "heading": null, "quote": "\u0421\u043a\u043b\u0430\u0434\u043e\u043c \u0417\u044e\u0439\u04343 \u0437\u0430\u0432\u0435\u0434\u0443\u0435\u0442 \u043a\u043b\u0430\u0434\u043e\u0432\u0449\u0438\u043a \u041d\u043e\u0440\u04343."}]',0.0,0,0);
INSERT INTO "answer" VALUES(8,7,NULL,7,13,'ru','кладовщик Норд2 заведует складом Зюйд2',1796018209.0,'final','answered','[{"file": "note2.txt", "page": null, "heading": null, "quote": "\u0421\u043a\u043b\u0430\u0434\u043e\u043c \u0417\u044e\u0439\u04342 \u0437\u0430\u0432\u0435\u0434\u0443\u0435\u0442 \u043a\u043b\u0430\u0434\u043e\u0432\u0449\u0438\u043a \u041d\u043e\u0440\u04342."}]',0.0,0,0);
INSERT INTO "answer" VALUES(9,8,NULL,8,15,'ru','кладовщик Норд1 заведует складом Зюйд1',1796018209.0,'waiting','','[]',0.0,0,0);
CREATE TABLE begun (answer INTEGER PRIMARY KEY, times INTEGER NOT NULL);
CREATE TABLE feedback (
    answer INTEGER NOT NULL,
    user INTEGER NOT NULL,
    value INTEGER NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (answer, user)
) WITHOUT ROWID;
INSERT INTO "feedback" VALUES(1,7,1,1.79601820602386426928e+09);
CREATE TABLE fresh (
    chat INTEGER NOT NULL,
    thread INTEGER NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (chat, thread)
) WITHOUT ROWID;
INSERT INTO "fresh" VALUES(8,0,6);
CREATE TABLE inbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    update_id INTEGER NOT NULL UNIQUE,
    body TEXT NOT NULL,
    received REAL NOT NULL,
    done INTEGER NOT NULL DEFAULT 0
);
INSERT INTO "inbox" VALUES(1,1000,'',1.79601820585678958889e+09,1);
INSERT INTO "inbox" VALUES(2,1001,'',1.79601820601615524289e+09,1);
INSERT INTO "inbox" VALUES(3,1002,'',1.79601820607414841652e+09,1);
INSERT INTO "inbox" VALUES(4,1003,'',1.79601820607414841652e+09,1);
INSERT INTO "inbox" VALUES(5,1004,'',1.79601820751980471605e+09,1);
INSERT INTO "inbox" VALUES(6,1005,'{"update_id": 1005, "message": {"message_id": 10, "date": 1796018209, "chat": {"id": 8, "type": "private", "first_name": "User 8"}, "from": {"id": 8, "is_bot": false, "first_name": "User 8", "language_code": "ru"}, "text": "/new", "entities": [{"type": "bot_command", "offset": 0, "length": 4}]}}',1.79601820913668465615e+09,0);
INSERT INTO "inbox" VALUES(7,1006,'',1.79601820919181346886e+09,1);
INSERT INTO "inbox" VALUES(8,1007,'',1.79601820924544477468e+09,1);
INSERT INTO "inbox" VALUES(9,1008,'',1.796018209355073452e+09,1);
INSERT INTO "inbox" VALUES(10,1009,'',1.79601820940887928006e+09,1);
INSERT INTO "inbox" VALUES(11,1010,'{"update_id": 1010, "message": {"message_id": 18, "date": 1796018210, "chat": {"id": 7, "type": "private", "first_name": "User"}, "from": {"id": 7, "is_bot": false, "first_name": "User 7", "language_code": "ru"}, "text": "кладовщик Норд3 заведует складом Зюйд3"}}',1.79601821105681347845e+09,0);
CREATE TABLE invitation (
    code TEXT PRIMARY KEY,
    user INTEGER NOT NULL UNIQUE,
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    number INTEGER NOT NULL,
    made REAL NOT NULL
) WITHOUT ROWID;
INSERT INTO "invitation" VALUES('909739',9,'User 9','en',4,1.79601820608409380912e+09);
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "meta" VALUES('menus','{"": "82dd54975e6d6f7f4a57a6c90468bfba1afab8f4317425e4d8d446fab2626225", "1": "82dd54975e6d6f7f4a57a6c90468bfba1afab8f4317425e4d8d446fab2626225"}');
CREATE TABLE moved (new INTEGER PRIMARY KEY, old INTEGER NOT NULL);
CREATE TABLE part (
    answer INTEGER NOT NULL REFERENCES answer ON DELETE CASCADE,
    number INTEGER NOT NULL,
    message INTEGER,
    text TEXT,
    entities TEXT NOT NULL DEFAULT '[]',
    shown INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (answer, number)
) WITHOUT ROWID;
INSERT INTO "part" VALUES(8,0,14,'📄 Модель сейчас не отвечает. Вот цитаты из документов:

«Складом Зюйд2 заведует кладовщик Норд2.»
— note2.txt','[{"length": 9, "offset": 101, "type": "code"}]',0);
CREATE TABLE person (user INTEGER PRIMARY KEY, name TEXT NOT NULL, added REAL NOT NULL);
INSERT INTO "person" VALUES(8,'User 8',1.7960182065852684975e+09);
INSERT INTO "person" VALUES(10,'User 10',1.79601821023450136183e+09);
CREATE TABLE turn (
    answer INTEGER PRIMARY KEY,
    chat INTEGER NOT NULL,
    thread INTEGER NOT NULL,
    user INTEGER NOT NULL,
    question TEXT NOT NULL,
    text TEXT NOT NULL
);
INSERT INTO "turn" VALUES(1,7,0,7,'кладовщик Норд1 заведует складом Зюйд1','«Складом Зюйд1 заведует кладовщик Норд1.»
— note1.txt');
INSERT INTO "turn" VALUES(5,8,0,8,'кладовщик Норд3 заведует складом Зюйд3','«Складом Зюйд3 заведует кладовщик Норд3.»
— note3.txt');
INSERT INTO "turn" VALUES(8,7,0,7,'кладовщик Норд2 заведует складом Зюйд2','«Складом Зюйд2 заведует кладовщик Норд2.»
— note2.txt');
CREATE TABLE upload (
    id INTEGER PRIMARY KEY,
    chat INTEGER NOT NULL,
    sent INTEGER NOT NULL,
    language TEXT NOT NULL,
    file TEXT NOT NULL,
    path TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('new', 'placed', 'final')),
    sha256 TEXT NOT NULL DEFAULT '',
    pages INTEGER,
    message INTEGER,
    said TEXT NOT NULL DEFAULT '',
    due REAL NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0
);
INSERT INTO "upload" VALUES(10,1,16,'ru','file1','telegram/note4-unique1.txt','new','',NULL,17,'',0.0,0);
CREATE TABLE welcome (user INTEGER PRIMARY KEY, language TEXT NOT NULL);
INSERT INTO "welcome" VALUES(10,'ru');
CREATE INDEX inbox_open ON inbox (id) WHERE NOT done;
CREATE INDEX inbox_done ON inbox (received) WHERE done;
CREATE INDEX answer_open ON answer (id) WHERE state != 'done';
CREATE INDEX answer_open_user ON answer (user, id) WHERE state != 'done';
CREATE INDEX answer_final ON answer (id) WHERE state = 'final';
CREATE INDEX answer_due ON answer (due) WHERE state != 'done';
CREATE INDEX answer_user ON answer (user, asked);
CREATE INDEX answer_chat ON answer (chat, user, id);
CREATE INDEX turn_dialogue ON turn (chat, thread, answer);
CREATE INDEX turn_user ON turn (user);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('inbox',11);
COMMIT;
