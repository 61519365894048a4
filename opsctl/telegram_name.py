"""What Telegram calls the bot of a token, asked before the bot is started."""

import asyncio
import logging
from contextlib import suppress

from assistant.settings import Settings

SECONDS = 8


def ask(config: Settings) -> tuple[str, str]:
    """The bot's name without the @, or why there is none: "rejected", or that nobody answers."""
    logging.getLogger("telegram.request").setLevel(logging.CRITICAL)
    return asyncio.run(_ask(config))


async def _ask(config: Settings) -> tuple[str, str]:
    from telegram import Bot
    from telegram.error import InvalidToken, TelegramError
    from telegram.request import HTTPXRequest

    request = HTTPXRequest(connect_timeout=SECONDS, read_timeout=SECONDS)
    bot = Bot(config.telegram_token, config.telegram_api_url, request=request)
    try:
        return (await asyncio.wait_for(bot.get_me(), SECONDS)).username or "", ""
    except InvalidToken:
        return "", "rejected"
    except (TelegramError, TimeoutError) as error:
        return "", type(error).__name__  # the text may hold the token
    finally:
        with suppress(Exception):
            await request.shutdown()
