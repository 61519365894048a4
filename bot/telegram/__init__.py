"""To and from Telegram: polls, calls, their limits, and what is tried again."""
