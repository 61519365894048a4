"""Whether a bot could be started with the settings as they are, looked at before one is stopped."""

from core.errors import UserError
from core.settings import Settings
from opsctl.keeper.process import BotProcess


def check_ready(config: Settings) -> None:
    """Raise UserError where a new bot would not start, or be worse off than the one that runs.

    A line that fails is no reason to keep a bot that does not get through either.
    """
    if not config.telegram_token:
        return
    health = BotProcess(config).health()
    try:
        _look(config, is_well=bool(health and health["ok"] and not health["trouble"]))
    except UserError as error:
        if health is None:
            raise UserError(error.message, error.hint) from error
        sentence = f"the bot was not restarted and runs as before: {error.message}"
        raise UserError(sentence, error.hint) from error


def _look(config: Settings, is_well: bool) -> None:
    from bot.telegram.diagnosis import Diagnosis
    from bot.texts.about import read_notice
    from opsctl.telegram.check import name_of

    read_notice(config.notice)
    found = name_of(config)
    if isinstance(found, Diagnosis) and (is_well or found.cause == "token"):
        raise UserError(found.sentence, found.fix)
