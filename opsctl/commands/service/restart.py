"""opsctl restart: stop the model server and the bot, and start them again."""

from core import settings
from opsctl.commands.service.start import Minutes, Model, ServerKind, bring, start_bot


def restart(server: ServerKind = "auto", model: Model = None, timeout: Minutes = 15) -> None:
    """Start the model server and the bot anew: the same kind of server unless --server says so.

    What can be checked is checked first: until the new ones can be started, the old ones run.
    """
    from opsctl.keeper.process import BotProcess
    from opsctl.telegram.ready import check_ready

    config = settings.load()
    check_ready(config)
    bring(server, model, timeout, anew=True)
    BotProcess(config).stop()
    start_bot(config)
