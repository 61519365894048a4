"""Runs the bot in this process, as the settings say."""

from assistant.settings import Settings
from indexer.errors import UserError


def run_bot(config: Settings) -> int:
    """Run it until SIGTERM or Ctrl-C; return the exit code. Raises UserError."""
    if not config.telegram_token:
        hint = "put it into telegram_token.txt, or set OPSCTL_TELEGRAM_TOKEN"
        raise UserError("there is no Telegram token", hint)
    from bot import log
    from bot.app import run
    from bot.config import BotConfig

    log.set_up("INFO", config.secrets)
    return run(
        BotConfig(
            token=config.telegram_token,
            settings=config,
            database=config.bot_database,
            lock=config.state / "run" / "bot.lock",
            api_url=config.telegram_api_url,
            allowed_users=frozenset(config.allowed_users),
            admins=frozenset(config.admins),
            groups=frozenset(config.allowed_groups),
            public=config.public,
            health_port=config.health_port,
            deadline=config.answer_seconds,
        )
    )
