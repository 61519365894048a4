"""The index that keeps itself up to date: by a systemd timer, by the bot, or by nobody."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.store.store import Store
from core.lock import writer_lock
from tests.fakes import systemd
from tests.fakes.systemd import Scenario
from tests.opsctl.telegram import Telegram, eventually, telegram_for
from tests.workspace import Workspace, note, question

ADMIN = 9
EVERY = {"OPSCTL_REINDEX_EVERY": "15m"}
TIMER = "opsctl-reindex"


def units(workspace: Workspace) -> Path:
    return workspace.root / "home" / ".config" / "systemd" / "user"


@pytest.fixture
def telegram(indexed: Workspace) -> Iterator[Telegram]:
    """A workspace with a token on a machine without systemd."""
    with telegram_for(indexed, Scenario(manager="")) as made:
        yield made


def test_a_timer_does_it_where_there_is_no_bot(indexed: Workspace) -> None:
    indexed.env |= systemd.install(indexed.root, Scenario()) | EVERY
    assert "every 15m by a systemd timer" in indexed.run("start", "--server", "none").stderr
    assert systemd.timers(indexed.root) == [TIMER]
    indexed.write("neu.txt", note(77))
    done = systemd.fire(indexed.root, TIMER)
    assert done.returncode == 0 and "added 1," in done.stdout, done
    assert indexed.source(question(77)) == "neu.txt"
    assert systemd.fire(indexed.root, TIMER).stdout == ""
    assert "by a systemd timer, next in 15 min" in indexed.run("status").stdout
    found = indexed.json("status")["reindex"]
    assert (found["every"], found["by"], found["error"]) == ("15m", "systemd", "")
    check = next(row for row in indexed.json("doctor", code=None) if row["name"] == "reindex")
    assert check["result"] == "ok" and "systemd timer" in check["detail"]
    assert indexed.run("stop").stderr == "stopped\n"
    assert systemd.timers(indexed.root) == []
    assert not list(units(indexed).glob("opsctl-reindex*"))


def test_a_failure_of_the_timer_is_told_once_and_shown(indexed: Workspace) -> None:
    indexed.env |= systemd.install(indexed.root, Scenario()) | EVERY
    assert indexed.run("start", "--server", "none").returncode == 0
    indexed.documents.rename(indexed.root / "elsewhere")
    first = systemd.fire(indexed.root, TIMER)
    assert first.returncode != 0 and "error: " in first.stderr, first
    again = systemd.fire(indexed.root, TIMER)
    assert (again.returncode, again.stdout + again.stderr) == (1, "")
    reason = first.stderr.split("error: ")[1].split("\n")[0]
    assert f"the last time it failed: {reason}" in indexed.run("status").stdout
    (indexed.root / "elsewhere").rename(indexed.documents)
    assert systemd.fire(indexed.root, TIMER).returncode == 0
    assert "failed" not in indexed.run("status").stdout


def test_the_timer_leaves_an_index_alone_that_another_program_writes(indexed: Workspace) -> None:
    indexed.env |= systemd.install(indexed.root, Scenario()) | EVERY
    assert indexed.run("start", "--server", "none").returncode == 0
    indexed.write("neu.txt", note(77))
    with writer_lock(indexed.state / "index" / "lock"):
        busy = systemd.fire(indexed.root, TIMER)
    assert (busy.returncode, busy.stdout) == (0, ""), busy
    assert indexed.json("status")["reindex"]["error"] == ""
    assert "added 1," in systemd.fire(indexed.root, TIMER).stdout


def test_another_start_takes_the_timer_away_when_it_is_not_wanted_any_more(
    indexed: Workspace,
) -> None:
    indexed.env |= systemd.install(indexed.root, Scenario())
    assert indexed.run("start", "--server", "none", env=EVERY).returncode == 0
    assert systemd.timers(indexed.root) == [TIMER]
    assert indexed.run("start", "--server", "none").returncode == 0
    assert systemd.timers(indexed.root) == []


def test_systemd_itself_takes_both_units(indexed: Workspace) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze on this machine")
    indexed.env |= systemd.install(indexed.root, Scenario()) | EVERY
    assert indexed.run("start", "--server", "none").returncode == 0
    paths = [str(path) for path in units(indexed).glob(f"{TIMER}.*")]
    assert len(paths) == 2
    argv = ["systemd-analyze", "--user", "verify", *paths]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert TIMER not in done.stderr, done


def test_the_bot_does_it_where_systemd_does_not_work(telegram: Telegram) -> None:
    workspace = telegram.workspace
    workspace.env["OPSCTL_REINDEX_EVERY"] = "10s"
    assert "every 10s by the bot" in workspace.run("start", "--server", "none").stderr
    found = workspace.json("status")["reindex"]
    assert (found["every"], found["by"]) == ("10s", "bot")


@pytest.mark.slow
def test_what_a_timer_changed_the_bot_tells(indexed: Workspace) -> None:
    """In real time: the bot waits until nothing has changed for 15 seconds."""
    with telegram_for(indexed, Scenario()) as telegram:
        indexed.env |= EVERY | {"OPSCTL_ADMINS": str(ADMIN)}
        started = indexed.run("start", "--server", "none")
        assert "every 15m by a systemd timer" in started.stderr, started
        assert indexed.json("status")["reindex"]["by"] == "systemd"
        eventually(lambda: baseline(indexed))
        indexed.write("neu.txt", note(77))
        assert systemd.fire(indexed.root, TIMER).returncode == 0
        assert "Новых: 1 — neu.txt" in telegram.reply_with("Документы обновлены", ADMIN)


def baseline(workspace: Workspace) -> int:
    """How many documents the bot knew when it looked at the index for the first time."""
    with closing(Store(workspace.state / "bot.sqlite")) as store:
        return int(store.db.execute("SELECT count(*) FROM document").fetchone()[0])


def test_nothing_does_it_without_either(indexed: Workspace) -> None:
    indexed.env |= systemd.install(indexed.root, Scenario(manager="")) | EVERY
    assert "neither" in indexed.run("start", "--server", "none").stderr
    assert "but nothing does it" in indexed.run("status").stdout
    assert indexed.json("status")["reindex"]["by"] == ""


@pytest.mark.parametrize("period", ["15", "0s", "5s", "1w", "-1m", "١m", "15 m"])
def test_a_period_that_is_none(indexed: Workspace, period: str) -> None:
    told = indexed.fails(2, "status", env={"OPSCTL_REINDEX_EVERY": period})
    assert "OPSCTL_REINDEX_EVERY is" in told and "15m, 1h or 1d" in told
