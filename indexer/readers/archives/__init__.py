"""Readers of archives: each file in one is read by its own reader."""
