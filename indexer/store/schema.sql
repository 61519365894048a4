CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- One row a readable file. While it is being read it is not live; the version before it stays so.
CREATE TABLE document (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    indexed_at REAL NOT NULL,
    facts TEXT NOT NULL DEFAULT '',  -- its name, title, author: searched with each of its passages
    gaps TEXT NOT NULL DEFAULT '',  -- what of it could not be read
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
    text TEXT NOT NULL,
    recognised INTEGER  -- by OCR: how sure that is, in per cent
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
    last_page INTEGER,
    PRIMARY KEY (page_id, start)
) WITHOUT ROWID;

-- A passage is page.text[start:stop]; the text itself is stored once, in the page. `lead` is what
-- is read before it: name and header of the table in whose rows it begins.
CREATE TABLE chunk (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document_id INTEGER NOT NULL REFERENCES document ON DELETE CASCADE,
    page_id INTEGER NOT NULL REFERENCES page ON DELETE CASCADE,
    start INTEGER NOT NULL,
    stop INTEGER NOT NULL,
    lead TEXT NOT NULL
);
CREATE INDEX chunk_document ON chunk (document_id);
CREATE INDEX chunk_page ON chunk (page_id);

-- What is encoded of passages, see indexer/store/vector_rows.py: equal units have one digest and one
-- vector. Those that wait for it are encoded newest document first.
CREATE TABLE unit (
    chunk_id INTEGER NOT NULL REFERENCES chunk ON DELETE CASCADE,
    digest BLOB NOT NULL,
    PRIMARY KEY (chunk_id, digest)
) WITHOUT ROWID;
CREATE INDEX unit_digest ON unit (digest);
CREATE TABLE vector (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL,
    cyrillic INTEGER NOT NULL,
    data BLOB NOT NULL
);
CREATE UNIQUE INDEX vector_digest ON vector (digest);
CREATE TABLE waiting (digest BLOB PRIMARY KEY, mtime_ns INTEGER NOT NULL, text TEXT NOT NULL);
CREATE INDEX waiting_newest ON waiting (mtime_ns);

-- Posting lists, in segments, see indexer/postings/lists.py. A segment's passages: id of the first one;
-- ids less the bits that they share, 2 bytes each; documents, 8; lengths in characters, 4.
CREATE TABLE segment (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    first INTEGER NOT NULL,
    ids BLOB NOT NULL,
    documents BLOB NOT NULL,
    lengths BLOB NOT NULL
);

-- kind: 0 for stems and exact forms, 1 for letter groups; ids: as those of the segment; tf: how
-- often the term occurs in each passage, a byte each, NULL where that is once or does not matter.
CREATE TABLE posting (
    segment INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    term TEXT NOT NULL,
    ids BLOB NOT NULL,
    tf BLOB,
    UNIQUE (segment, kind, term)
);

-- Documents that were removed and that segments may still hold.
CREATE TABLE gone (document_id INTEGER PRIMARY KEY);
