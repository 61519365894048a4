"""How the bot is, for `opsctl status`."""

from typing import Any

from core.settings import Settings
from core.text import counted
from opsctl.keeper.process import ENDING, BotProcess, is_of_another_release
from opsctl.keeper.record import BotRecord, Ending
from opsctl.terminal import output

RUNS = ("running", "connecting", "deaf")
HINTS = {
    "exited": "opsctl logs bot, then opsctl start",
    "stopped": "opsctl start",
    "not started": "opsctl start",
}
ENDED = "ended"
KEEPERS = {
    "systemd": "systemd user unit",
    "supervisor": "background process",
    "terminal": "in a terminal, process {pid}",
}


def bot_status(config: Settings) -> dict[str, Any]:
    """The bot as a JSON object; `state`: running, connecting, deaf, exited, stopped, not started,
    absent.

    It is connecting until Telegram has answered a poll, and deaf when that was long ago (see
    Assembly.health). It is exited when nobody told it to end, stopped when `opsctl stop` did or it
    could not be started, and absent when there is no token. `kept_by`: systemd, supervisor, or
    terminal; `restarts`: how often it was started again. What it says of itself stands beside: the
    age of its last good poll in seconds, its queues, and the `trouble`: cause, sentence and fix of
    what is wrong with the line to Telegram, or with cause "ended" why it could not go on; or null.
    `words_alone` likewise: why it searches by words alone, though the index has vectors.
    `model_trouble`: the kind of the error for which people get quotations, or nothing. `outdated`:
    it was started by another release than this one.
    """
    bot, ending = BotProcess(config), BotRecord(config).read()
    health, kept = bot.health(), bot.keeper()
    found: dict[str, Any] = {}
    if kept is not None:
        found = {"kept_by": kept[0].kind, "restarts": kept[1].restarts}
    if health is None:
        runs = kept is not None and kept[1].running
        state = "connecting" if runs else "exited" if kept else _at_rest(config, ending)
        return {"state": state, **found} | (_trouble(ending) if state != "absent" else {})
    if kept is None or not kept[1].running:
        found = {"kept_by": "terminal", "restarts": 0}
    state = "running" if health.pop("ok") else "deaf" if health["polled"] else "connecting"
    if ending and ending.is_recent and not health["trouble"]:
        health |= _trouble(ending)
    return {"state": state, **found, **health, "outdated": is_of_another_release(health)}


def is_down(bot: dict[str, Any]) -> bool:
    """Tell whether a bot that is meant to answer does not, or not for long."""
    if bot["state"] == "running":
        return bool(bot["trouble"]) and bot["trouble"]["cause"] in (*ENDING, ENDED)
    return bot["state"] not in ("absent", "not started")


def show_bot(bot: dict[str, Any]) -> None:
    """Print a line about the bot; none where there is no token for one."""
    if bot["state"] == "absent":
        return
    words = [f"bot: {bot['state']}"]
    if "kept_by" in bot:
        words.append(KEEPERS[bot["kept_by"]].format(**bot))
    if bot.get("restarts"):
        words.append(f"started again {counted(bot['restarts'], 'time')}")
    if "poll_age" in bot:
        poll = f"last poll {bot['poll_age']:.0f} s ago" if bot["polled"] else "no poll answered yet"
        writing = counted(bot["writing"], "answer")
        words.append(f"{poll}, {writing} being written, {bot['waiting']} waiting")
    output.tell(", ".join(words))
    if bot.get("outdated"):
        output.tell("  it was started by another release of opsctl than this one")
        output.note("hint: opsctl restart")
    if trouble := bot.get("trouble"):
        output.tell(f"  {trouble['sentence']}")
        output.note(f"hint: {trouble['fix']}")
    if alone := bot.get("words_alone"):
        output.tell(f"  words alone are searched: {alone['sentence']}")
        output.note(f"hint: {alone['fix']}")
    if fault := bot.get("model_trouble"):
        output.tell(f"  people get quotations: the model does not answer ({fault})")
    if bot["state"] in HINTS:
        output.note(f"hint: {HINTS[bot['state']]}")


def _at_rest(config: Settings, ending: Ending | None) -> str:
    if not config.telegram_token:
        return "absent"
    return "stopped" if ending else "not started"


def _trouble(ending: Ending | None) -> dict[str, Any]:
    """Why it ended, if by itself."""
    if ending is None or not ending.sentence:
        return {}
    return {"trouble": {"cause": ENDED, "sentence": ending.sentence, "fix": ending.fix}}
