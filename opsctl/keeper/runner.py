"""Runs the bot in this process, as the settings say."""

import logging
from typing import TYPE_CHECKING

from core.errors import Busy, UserError
from core.setting_values import seconds_of
from core.settings import Settings, load_with_origins
from opsctl import __version__

if TYPE_CHECKING:
    from bot.base.config import BotConfig


def run_bot(config: Settings) -> int:
    """Run it until SIGTERM or Ctrl-C; return the exit code. Raises UserError."""
    if not config.telegram_token:
        hint = "put it into telegram_token.txt, or set OPSCTL_TELEGRAM_TOKEN"
        raise UserError("there is no Telegram token", hint)
    from bot import log
    from bot.app import run
    from opsctl.keeper.log import Rotation
    from opsctl.keeper.record import BotRecord

    log.set_up("INFO", config.secrets)
    logging.getLogger().addHandler(Rotation(config.state / "logs" / "bot.log"))
    record = BotRecord(config)
    record.resumed()
    try:
        code = run(_bot_config(config))
    except UserError as error:
        if not isinstance(error, Busy):  # another one runs, and is well
            record.failed(error)
        raise
    record.started()
    return code


def _bot_config(config: Settings) -> "BotConfig":
    from bot.base.config import BotConfig
    from bot.texts.about import read_notice
    from opsctl.keeper.reindex_timer import ReindexTimer
    from opsctl.keeper.systemd import is_usable

    by_timer = ReindexTimer(config).is_in_charge() and is_usable()
    return BotConfig(
        token_place=load_with_origins().token_place,
        settings=config,
        database=config.bot_database,
        lock=config.state / "run" / "bot.lock",
        notice=read_notice(config.notice),
        release=__version__,
        reindex_every=0 if by_timer else seconds_of(config.reindex_every),
    )
