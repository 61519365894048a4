CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- One row a readable file. While it is being read it is not live; the version before it stays so.
CREATE TABLE document (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    indexed_at REAL NOT NULL,
    live INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX live_document ON document (path) WHERE live;

-- Files that gave no text, kept so that they are neither forgotten nor read again in vain.
CREATE TABLE problem (
    path TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    reason TEXT NOT NULL,
    passing INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE page (
    id INTEGER PRIMARY KEY,
    document_id INTEGER NOT NULL REFERENCES document ON DELETE CASCADE,
    number INTEGER,
    heading TEXT,
    text TEXT NOT NULL
);
CREATE INDEX page_document ON page (document_id);

-- What stands above the rows of a table, and is read before those that begin a passage.
CREATE TABLE grid (
    id INTEGER PRIMARY KEY,
    page_id INTEGER NOT NULL REFERENCES page ON DELETE CASCADE,
    name TEXT NOT NULL,
    header TEXT NOT NULL
);
CREATE INDEX grid_page ON grid (page_id);

-- The pieces that a page is made of: page.text[start:stop], with the kinds of readers/page.py.
CREATE TABLE block (
    page_id INTEGER NOT NULL REFERENCES page ON DELETE CASCADE,
    start INTEGER NOT NULL,
    stop INTEGER NOT NULL,
    kind TEXT NOT NULL,
    level INTEGER NOT NULL,
    grid_id INTEGER REFERENCES grid,
    PRIMARY KEY (page_id, start)
) WITHOUT ROWID;

-- Equal passages share a vector; data is empty until the embedder has been at it.
CREATE TABLE vector (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL UNIQUE,
    data BLOB
);
CREATE INDEX vector_missing ON vector (id) WHERE data IS NULL;

-- A passage is page.text[start:stop]; the text itself is stored once, in the page. `lead` is what
-- is read before it: name and header of the table in whose rows it begins.
CREATE TABLE chunk (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document_id INTEGER NOT NULL REFERENCES document ON DELETE CASCADE,
    page_id INTEGER NOT NULL REFERENCES page ON DELETE CASCADE,
    vector_id INTEGER NOT NULL REFERENCES vector,
    start INTEGER NOT NULL,
    stop INTEGER NOT NULL,
    lead TEXT NOT NULL
);
CREATE INDEX chunk_document ON chunk (document_id);
CREATE INDEX chunk_page ON chunk (page_id);
CREATE INDEX chunk_vector ON chunk (vector_id);

-- Contentless: they hold the posting lists only; a row's id is the chunk's. Only live documents.
-- How often a stem occurs counts, so its occurrences are read through fts5vocab; of letter groups
-- only whether they occur, which MATCH tells three times as fast.
CREATE VIRTUAL TABLE stems USING fts5 (
    terms, content = '', tokenize = "unicode61 remove_diacritics 0 tokenchars '_'"
);
CREATE VIRTUAL TABLE grams USING fts5 (
    terms, content = '', detail = none, tokenize = "unicode61 remove_diacritics 0 tokenchars '_'"
);
CREATE VIRTUAL TABLE stems_posting USING fts5vocab (stems, instance);
