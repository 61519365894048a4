"""How the bot is, for `opsctl status`."""

from typing import Any

from assistant.settings import Settings
from indexer.text import counted
from opsctl import output
from opsctl.bot_process import BotProcess

KEEPERS = {
    "systemd": "systemd user unit",
    "supervisor": "background process",
    "terminal": "in a terminal, process {pid}",
}


def bot_status(config: Settings) -> dict[str, Any]:
    """The bot as a JSON object; `state`: running, connecting, deaf, exited, absent.

    It is connecting until Telegram has answered a poll, and deaf when that was long ago (see
    Assembly.health). `kept_by`: systemd, supervisor, or terminal; `restarts`: how often it was
    started again. What it says of itself stands beside: the age of its last good poll in seconds,
    its queues, and the `trouble` with the line to Telegram: cause, sentence and fix, or null.
    """
    bot = BotProcess(config)
    health, kept = bot.health(), bot.keeper()
    found: dict[str, Any] = {}
    if kept is not None:
        found = {"kept_by": kept[0].kind, "restarts": kept[1].restarts}
    if health is None:
        if kept is None:
            return {"state": "absent"}
        return {"state": "connecting" if kept[1].running else "exited", **found}
    if kept is None or not kept[1].running:
        found = {"kept_by": "terminal", "restarts": 0}
    state = "running" if health.pop("ok") else "deaf" if health["polled"] else "connecting"
    return {"state": state, **found, **health}


def show_bot(bot: dict[str, Any]) -> None:
    """Print a line about the bot; none where there is none."""
    if bot["state"] == "absent":
        return
    words = [f"bot: {bot['state']}", KEEPERS[bot["kept_by"]].format(**bot)]
    if bot["restarts"]:
        words.append(f"started again {counted(bot['restarts'], 'time')}")
    if "poll_age" in bot:
        poll = f"last poll {bot['poll_age']:.0f} s ago" if bot["polled"] else "no poll answered yet"
        writing = counted(bot["writing"], "answer")
        words.append(f"{poll}, {writing} being written, {bot['waiting']} waiting")
    output.write(", ".join(words))
    if trouble := bot.get("trouble"):
        output.write(f"  {trouble['sentence']}")
        output.note(f"hint: {trouble['fix']}")
    if bot["state"] == "exited":
        output.note("hint: opsctl logs bot")
