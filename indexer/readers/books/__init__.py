"""Readers of books, notes and records."""
