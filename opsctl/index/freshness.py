"""How the index is kept up to date, for `opsctl start`, `status` and `doctor`."""

import time
from typing import Any

from core.setting_values import seconds_of
from core.settings import Settings
from opsctl.keeper.reindex_timer import ReindexTimer
from opsctl.terminal import output

BY = {"systemd": "by a systemd timer", "bot": "by the bot", "": "but nothing does it"}


def freshness(config: Settings, bot_runs: bool) -> dict[str, Any]:
    """`every` as it was set, `by` whom, the time of the `next` run, and the `error` of the last."""
    from bot.index.last_run import LastRun

    if not config.reindex_every:
        return {"every": "", "by": "", "next": None, "error": ""}
    by = "systemd" if ReindexTimer(config).is_in_charge() else "bot" if bot_runs else ""
    last, period = LastRun(config).read(), seconds_of(config.reindex_every)
    due = min(last.ended, time.time()) + period if by and last.ended else None
    return {"every": config.reindex_every, "by": by, "next": due, "error": last.error}


def show_freshness(found: dict[str, Any]) -> None:
    """Print a line about it; none where it was not asked for."""
    if not found["every"]:
        return
    words = f"  brings itself up to date every {found['every']}, {BY[found['by']]}"
    if found["next"] is not None:
        minutes = max(0, round((found["next"] - time.time()) / 60))
        words += f", next in {minutes} min"
    output.tell(words)
    if not found["by"]:
        output.note("hint: opsctl start")
    if found["error"]:
        output.tell(f"  the last time it failed: {found['error']}")


def keep_fresh(config: Settings) -> None:
    """Start the timer, or take it away, as the settings say; without one the bot does its work."""
    timer = ReindexTimer(config)
    timer.keep()
    if not config.reindex_every:
        return
    every = f"the index is brought up to date every {config.reindex_every}"
    if timer.is_in_charge():
        output.note(f"{every} by a systemd timer")
    elif config.telegram_token:
        output.note(f"{every} by the bot")
    else:
        output.note(
            "OPSCTL_REINDEX_EVERY needs systemd or a bot, and here is neither: opsctl reindex"
        )
