"""Servers that stand in for real ones: programs on 127.0.0.1, not patches."""
