"""The server: its port, its five routes, and one answer at a time."""
