"""The Telegram bot: knows the dialogue and the messenger; answers come from assistant."""

import os

# Otherwise python-telegram-bot warns whenever it makes a RetryAfter, which is at every 429.
os.environ["PTB_TIMEDELTA"] = "true"  # noqa: TID251
