"""opsctl stop: end the bot and the model server."""

from core import settings
from opsctl.terminal import output


def stop() -> None:
    """Stop the bot and the model server; answers that are being written are finished first."""
    from opsctl.keeper.process import BotProcess
    from opsctl.keeper.reindex_timer import ReindexTimer
    from opsctl.launch.bring_up import bring_down

    config = settings.load()
    bot = BotProcess(config).stop()
    timer = ReindexTimer(config).stop()
    output.note("stopped" if bring_down(config) or bot or timer else "nothing is running")
