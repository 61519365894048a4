"""Whether Telegram answers, and as whom, asked as the bot asks it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from core.settings import Settings, load_with_origins
from opsctl.terminal.check import Check

if TYPE_CHECKING:
    from telegram import Bot

    from bot.telegram.diagnosis import Diagnosis
    from bot.telegram.line import Line

T = TypeVar("T")
ANSWER_SECONDS = 8


def check_telegram(config: Settings) -> Check:
    """getMe and getWebhookInfo by the bot's own line, and what a running bot says of polls."""
    from opsctl.keeper.process import BotProcess

    found = asyncio.run(_ask(config))
    trouble = (BotProcess(config).health() or {}).get("trouble")
    if found.result == "ok" and trouble:
        return Check("telegram", "failed", trouble["sentence"], trouble["fix"])
    return found


def name_of(config: Settings) -> "str | Diagnosis":
    """The name of the token's bot, without the @, or why Telegram does not say it."""
    from bot.telegram.diagnosis import Diagnosis

    line = _line(config)
    found = asyncio.run(_call(config, line, lambda bot: bot.get_me()))
    return found if isinstance(found, Diagnosis) else found.username or ""


async def _ask(config: Settings) -> Check:
    from bot.telegram.diagnosis import Diagnosis

    line = _line(config)
    found = await _call(config, line, _about)
    if isinstance(found, Diagnosis):
        return Check("telegram", "failed", found.sentence, found.fix)
    name, webhook = found
    by = f" by the proxy {line.place}" if line.place else ""
    if webhook:
        detail = f"answers{by}, but a webhook is set: what is written to the bot goes there"
        return Check("telegram", "warning", detail, "opsctl start removes it")
    return Check("telegram", "ok", f"answers as @{name}{by}")


def _line(config: Settings) -> "Line":
    from bot.telegram.line import Line

    place = load_with_origins().token_place
    return Line(config.telegram_api_url, config.telegram_proxy, token_place=place)


async def _about(bot: "Bot") -> tuple[str | None, str]:
    return (await bot.get_me()).username, (await bot.get_webhook_info()).url


async def _call(
    config: Settings, line: "Line", ask: "Callable[[Bot], Awaitable[T]]"
) -> "T | Diagnosis":
    """What Telegram answers by the bot's own line, or why it does not."""
    from telegram import Bot
    from telegram.error import TelegramError

    from bot.telegram.connections import Connections

    logging.getLogger("telegram.request").setLevel(logging.CRITICAL)
    request = Connections(line, lambda: None, read_timeout=ANSWER_SECONDS)
    bot = Bot(
        config.telegram_token,
        config.telegram_api_url,
        request=request,
        get_updates_request=request,
    )
    try:
        async with asyncio.timeout(ANSWER_SECONDS * len(line.routes) + 2):
            return await ask(bot)
    except (TelegramError, TimeoutError) as error:
        return request.trouble or line.diagnose(error)
    finally:
        with suppress(Exception):
            await request.shutdown()
