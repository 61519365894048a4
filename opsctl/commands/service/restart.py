"""opsctl restart: stop the model server and the bot, and start them again."""

from core import settings
from opsctl.commands.service.start import Minutes, Model, ServerKind, bring, start_bot


def restart(server: ServerKind = "auto", model: Model = None, timeout: Minutes = 15) -> None:
    """Restart the model server and the bot, with the same kind of server unless --server is given.

    What can be checked is checked first: the old ones run until new ones can be started.
    """
    from opsctl.keeper.process import BotProcess
    from opsctl.telegram.ready import check_ready

    config = settings.load()
    check_ready(config)
    bring(config, server, model, timeout, again=True)
    BotProcess(config).stop()
    start_bot(config)
