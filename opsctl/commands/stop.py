"""opsctl stop: end the bot and the model server."""

from core import settings
from opsctl import output


def stop() -> None:
    """Stop the bot and the model server; they may finish the answers they are at."""
    from opsctl.bot_process import BotProcess
    from opsctl.reindex_timer import ReindexTimer
    from opsctl.server.launch import bring_down

    config = settings.load()
    bot = BotProcess(config).stop()
    timer = ReindexTimer(config).stop()
    output.note("stopped" if bring_down(config) or bot or timer else "nothing is running")
