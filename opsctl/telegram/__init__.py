"""Telegram as the operator meets it: the token, whether it answers, the first administrator."""
