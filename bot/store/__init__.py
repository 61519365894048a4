"""The database of the bot: one SQLite file, its schema and its migrations."""
