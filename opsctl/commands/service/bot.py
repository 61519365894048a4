"""opsctl bot: the bot in this terminal, for containers and whoever has a supervisor of its own."""

from core import settings
from opsctl.commands.service.start import start_bot


def bot() -> None:
    """Run the Telegram bot in this terminal until Ctrl-C; the model server is left as it is."""
    start_bot(settings.load(), foreground=True)
