"""Makes of an index what an earlier release would have made."""

import sqlite3
from contextlib import closing
from pathlib import Path

from indexer.passages.forms import exact_forms
from indexer.passages.words import grams, stem, words
from indexer.postings.lists import passage_text

# Schema 1: posting lists in FTS5.
_FTS5 = """
DROP TABLE posting; DROP TABLE segment; DROP TABLE gone;
CREATE VIRTUAL TABLE stems USING fts5 (
    terms, content = '', tokenize = "unicode61 remove_diacritics 0 tokenchars '_'"
);
CREATE VIRTUAL TABLE grams USING fts5 (
    terms, content = '', detail = none, tokenize = "unicode61 remove_diacritics 0 tokenchars '_'"
);
CREATE VIRTUAL TABLE stems_posting USING fts5vocab (stems, instance);
"""
# Schema 0, of release 0.1: without blocks, tables and what a document says of itself.
_BARE = """
DROP TABLE block; DROP TABLE grid; ALTER TABLE chunk DROP COLUMN lead;
ALTER TABLE document DROP COLUMN facts;
"""
_PASSAGES = """
SELECT c.id, d.facts, p.heading, c.lead, substr(p.text, c.start + 1, c.stop - c.start)
FROM chunk c JOIN page p ON p.id = c.page_id JOIN document d ON d.id = c.document_id
"""


def make_earlier(store: Path, schema: int) -> None:
    """Take the store of an index back to a schema."""
    with closing(sqlite3.connect(store, isolation_level=None)) as database:
        passages = database.execute(_PASSAGES).fetchall()
        database.executescript(_FTS5 + ("" if schema else _BARE))
        for chunk_id, facts, *texts in passages:
            text = f"{facts}\n{passage_text(*texts)}"
            stems = [*map(stem, words(text)), *exact_forms(text)]
            letters = [gram for word in words(text) for gram in grams(word)]
            for table, terms in (("stems", stems), ("grams", letters)):
                insert = f"INSERT INTO {table} (rowid, terms) VALUES (?, ?)"
                database.execute(insert, (chunk_id, " ".join(terms)))
        database.execute(f"PRAGMA user_version = {schema}")
        made = "UPDATE meta SET value = json_set(value, '$.versions', ?) WHERE key = 'identity'"
        database.execute(made, ("words 1, chunks 1",))
