"""How the bot is, for `opsctl status`."""

from typing import Any

from assistant.settings import Settings
from opsctl import output
from opsctl.bot_process import BotProcess


def bot_status(config: Settings) -> dict[str, Any]:
    """The bot as a JSON object; `state`: running, deaf (no poll answered lately), exited, absent.

    What it says of itself stands beside: the age of its last good poll in seconds, and its queues.
    """
    bot = BotProcess(config)
    health = bot.health()
    if health is not None:
        word = "running" if health.pop("ok") else "deaf"
        return {"state": word, **health}
    return {"state": "exited" if bot.was_started() else "absent"}


def show_bot(bot: dict[str, Any]) -> None:
    """Print a line about the bot; none where there is none."""
    if bot["state"] == "exited":
        output.write("bot: exited")
        output.note("hint: opsctl logs bot")
    elif bot["state"] != "absent":
        output.write(
            f"bot: {bot['state']}, last poll {bot['poll_age']:.0f} s ago,"
            f" {bot['writing']} answers being written, {bot['waiting']} waiting"
        )
