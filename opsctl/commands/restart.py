"""opsctl restart: stop the model server and the bot, and start them again."""

from assistant import settings
from opsctl.commands.start import Minutes, Model, ServerKind, bring, start_bot


def restart(server: ServerKind = "auto", model: Model = None, timeout: Minutes = 15) -> None:
    """Start the model server and the bot anew: the same kind of server unless --server says so."""
    from opsctl.bot_process import BotProcess

    config = settings.load()
    BotProcess(config).stop()
    bring(server, model, timeout, anew=True)
    start_bot(config)
