"""Whether Telegram answers, asked as the bot asks it: for `opsctl doctor`."""

import asyncio
import logging
from contextlib import suppress

from assistant.settings import Settings
from opsctl.checks import Check

ANSWER_SECONDS = 8


def check_telegram(config: Settings) -> Check:
    """getMe and getWebhookInfo by the bot's own line, and what a running bot says of polls."""
    from opsctl.bot_process import BotProcess

    found = asyncio.run(_ask(config))
    trouble = (BotProcess(config).health() or {}).get("trouble")
    if found.result == "ok" and trouble:
        return Check("telegram", "failed", trouble["sentence"], trouble["fix"])
    return found


async def _ask(config: Settings) -> Check:
    from telegram import Bot
    from telegram.error import TelegramError

    from bot.transport.connections import Connections
    from bot.transport.line import Line

    logging.getLogger("telegram.request").setLevel(logging.CRITICAL)
    line = Line(config.telegram_api_url, config.telegram_proxy)
    request = Connections(line, lambda: None, read_timeout=ANSWER_SECONDS)
    bot = Bot(
        config.telegram_token,
        config.telegram_api_url,
        request=request,
        get_updates_request=request,
    )
    try:
        async with asyncio.timeout(ANSWER_SECONDS * len(line.ways) + 2):
            me, webhook = await bot.get_me(), (await bot.get_webhook_info()).url
    except (TelegramError, TimeoutError) as error:
        trouble = request.trouble or line.trouble(error)
        return Check("telegram", "failed", trouble.sentence, trouble.fix)
    finally:
        with suppress(Exception):
            await request.shutdown()
    by = f" by the proxy {line.place}" if line.place else ""
    if webhook:
        detail = f"answers{by}, but a webhook is set: what is written to the bot goes there"
        return Check("telegram", "warning", detail, "opsctl start takes it away")
    return Check("telegram", "ok", f"answers as @{me.username}{by}")
