"""Posting lists as bytes in segments: written, merged, read."""
