"""The bot as a systemd user unit: what opsctl writes and asks for, and that it comes back."""

import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.fakes import systemd
from tests.fakes.bot_api import TOKEN
from tests.fakes.systemd import Scenario
from tests.opsctl.telegram import Telegram, eventually, telegram_for
from tests.workspace import Workspace, question

NAME = "opsctl-bot.service"


@pytest.fixture
def telegram(indexed: Workspace) -> Iterator[Telegram]:
    """A workspace with a token, on a machine where systemd works for its user."""
    with telegram_for(indexed, Scenario()) as made:
        yield made


def unit_of(workspace: Workspace) -> Path:
    return workspace.root / "home" / ".config" / "systemd" / "user" / NAME


def test_start_answer_status_logs_stop(telegram: Telegram) -> None:
    workspace = telegram.workspace
    started = workspace.run("start", "--server", "none")
    assert started.returncode == 0, started
    assert "the bot is running" in started.stderr
    assert "enable-linger" not in started.stderr
    unit = unit_of(workspace)
    wants = unit.parent / "default.target.wants" / NAME
    assert wants.resolve() == unit
    telegram.write(question(1))
    assert telegram.reply_with("Складом Зюйд1")
    bot = telegram.status()
    assert (bot["state"], bot["kept_by"], bot["restarts"]) == ("running", "systemd", 0)
    assert bot["pid"] == systemd.service(workspace.root)["MainPID"]
    assert "bot: running, systemd user unit, last poll" in workspace.run("status").stdout
    assert "answering as bot" in workspace.run("logs", "bot", "-n", "50").stdout
    assert "already running" in workspace.run("start", "--server", "none").stderr
    assert workspace.run("stop").stderr == "stopped\n"
    assert not unit.exists()
    assert not wants.is_symlink()
    assert telegram.status()["state"] == "stopped"
    assert systemd.calls(workspace.root) == [
        ["systemctl", "--user", *words]
        for words in (
            ("daemon-reload",),
            ("reset-failed", NAME),
            ("enable", NAME),
            ("restart", NAME),
            ("disable", "--now", NAME),
            ("daemon-reload",),
        )
    ]


def test_the_unit_does_not_depend_on_where_it_was_started(telegram: Telegram) -> None:
    workspace = telegram.workspace
    workspace.options["cwd"] = workspace.documents
    workspace.env["OPSCTL_STATE"] = "../var"
    assert workspace.run("start", "--server", "none").returncode == 0
    assert f"\nWorkingDirectory={workspace.root}\n" in unit_of(workspace).read_text()
    telegram.write(question(1))
    assert telegram.reply_with("Складом Зюйд1")
    assert telegram.status()["kept_by"] == "systemd"
    assert workspace.run("stop").stderr == "stopped\n"


def test_a_killed_bot_comes_back_and_loses_nothing(telegram: Telegram) -> None:
    workspace = telegram.workspace
    assert workspace.run("start", "--server", "none").returncode == 0
    first = telegram.status()["pid"]
    psutil.Process(first).kill()
    telegram.write(question(2))
    assert telegram.reply_with("Складом Зюйд2")
    again = telegram.status()
    assert (again["state"], again["restarts"]) == ("running", 1)
    assert again["pid"] != first


def test_settings_of_the_shell_go_with_it_and_no_secret_is_shown(telegram: Telegram) -> None:
    workspace = telegram.workspace
    (workspace.root / "telegram_token.txt").unlink()
    odd = 'a "b" $HOME \\n `c` %h\nd\\'
    env = {"OPSCTL_TELEGRAM_TOKEN": TOKEN, "OPSCTL_IMAGE": odd, "LESS": "not for the bot"}
    assert workspace.run("start", "--server", "none", env=env).returncode == 0
    file = workspace.state / "run" / "bot.env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    bot = psutil.Process(telegram.status()["pid"])
    given = bot.environ()
    assert (given["OPSCTL_TELEGRAM_TOKEN"], given["OPSCTL_IMAGE"]) == (TOKEN, odd)
    assert "LESS" not in given
    log = (workspace.state / "logs" / "bot.log").read_text()
    asked = str(systemd.calls(workspace.root))
    assert TOKEN not in unit_of(workspace).read_text() + " ".join(bot.cmdline()) + log + asked
    workspace.run("stop")
    assert not file.exists()


def test_a_rejected_token_is_told_and_nothing_tries_again(telegram: Telegram) -> None:
    workspace = telegram.workspace
    (workspace.root / "telegram_token.txt").write_text(
        "123456789:AAE-wrong-token-of-the-right-form"
    )
    done = workspace.run("start", "--server", "none")
    assert done.returncode == 1
    assert done.stderr.count("Telegram does not accept the bot's token") == 1
    assert not unit_of(workspace).exists()
    assert telegram.processes() == []
    assert telegram.status()["state"] == "stopped"


def test_a_bot_that_can_not_start_again_is_exited(telegram: Telegram) -> None:
    workspace = telegram.workspace
    assert workspace.run("start", "--server", "none").returncode == 0
    bot = psutil.Process(telegram.status()["pid"])
    (workspace.root / "telegram_token.txt").write_text("two words")
    bot.kill()
    eventually(lambda: systemd.service(workspace.root)["SubState"] == "failed")
    (workspace.root / "telegram_token.txt").write_text(TOKEN)
    assert workspace.json("status", code=3)["bot"]["state"] == "exited"
    assert workspace.run("start", "--server", "none").returncode == 0
    assert telegram.status()["state"] == "running"


def test_another_checkout_leaves_the_unit_alone(telegram: Telegram, tmp_path: Path) -> None:
    workspace = telegram.workspace
    assert workspace.run("start", "--server", "none").returncode == 0
    state = tmp_path / "other state"
    elsewhere = {"OPSCTL_STATE": str(state), "OPSCTL_HEALTH_PORT": "1"}
    told = workspace.run("start", "--server", "none", env=elsewhere)
    assert told.returncode == 1
    assert f"{NAME} is there already, with the state in {workspace.state}" in told.stderr
    assert workspace.run("stop", env=elsewhere).stderr == "nothing is running\n"
    assert telegram.status()["state"] == "running"


def test_a_unit_whose_folder_is_gone_is_replaced(telegram: Telegram) -> None:
    unit = unit_of(telegram.workspace)
    unit.parent.mkdir(parents=True)
    unit.write_text("[Unit]\nX-OpsctlState=/nonexistent/var\n")
    assert telegram.workspace.run("start", "--server", "none").returncode == 0
    assert telegram.status()["kept_by"] == "systemd"


def test_odd_folders_are_written_as_systemd_reads_them(telegram: Telegram) -> None:
    state = telegram.workspace.root / 'it\'s [50%] "of" $it'
    telegram.workspace.env["OPSCTL_STATE"] = str(state)
    telegram.workspace.reindex()
    assert telegram.workspace.run("start", "--server", "none").returncode == 0
    assert telegram.status()["kept_by"] == "systemd"
    assert (state / "logs" / "bot.log").read_text()
    assert telegram.workspace.run("stop").stderr == "stopped\n"


def test_the_end_at_logout_is_told(indexed: Workspace) -> None:
    with telegram_for(indexed, Scenario(manager="degraded", linger="no")) as telegram:
        done = telegram.workspace.run("start", "--server", "none")
        assert "loginctl enable-linger" in done.stderr
        checks = {check["name"]: check for check in telegram.workspace.json("doctor")}
        assert checks["service"]["fix"] == "loginctl enable-linger"
        assert telegram.status()["kept_by"] == "systemd"


def test_systemctl_without_a_manager_is_as_none(indexed: Workspace) -> None:
    with telegram_for(indexed, Scenario(manager="offline")) as telegram:
        assert telegram.workspace.run("start", "--server", "none").returncode == 0
        assert telegram.status()["kept_by"] == "supervisor"
        assert systemd.calls(indexed.root) == []
