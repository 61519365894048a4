"""The bot through opsctl where there is no systemd: start, status, logs, users, stop."""

import re
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.fakes.bot_api import TOKEN
from tests.fakes.systemd import Scenario
from tests.gpu_server import free_port
from tests.opsctl.telegram import STRANGER, USER, Telegram, eventually, telegram_for
from tests.workspace import Workspace, question


@pytest.fixture
def telegram(indexed: Workspace) -> Iterator[Telegram]:
    """A workspace with three notes, a token and one allowed person; systemctl finds no bus."""
    with telegram_for(indexed, Scenario(manager="")) as made:
        yield made


def test_start_answer_status_logs_stop(telegram: Telegram) -> None:
    workspace = telegram.workspace
    started = workspace.run("start", "--server", "none")
    assert started.returncode == 0, started
    assert "the bot is running" in started.stderr
    telegram.write(question(1))
    assert "note1.txt" in "".join([telegram.reply_with("Складом Зюйд1"), *telegram.replies()])
    bot = workspace.json("status")["bot"]
    assert bot["state"] == "running"
    assert bot["poll_age"] < 60
    assert "the bot is already running" in workspace.run("start", "--server", "none").stderr
    assert "health: http://127.0.0.1" in workspace.run("logs", "bot").stdout
    assert "answering as bot" in workspace.run("logs", "bot", "--since", "10m").stdout
    assert workspace.run("logs", "bot", "--since", "2999-01-01").stdout == ""
    assert workspace.run("stop").stderr == "stopped\n"
    assert workspace.json("status")["bot"]["state"] == "absent"


def test_a_bot_that_is_started_elsewhere_is_that_of_its_project(telegram: Telegram) -> None:
    workspace = telegram.workspace
    workspace.options["cwd"] = workspace.documents
    workspace.env["OPSCTL_STATE"] = "../var"
    assert workspace.run("start", "--server", "none").returncode == 0
    telegram.write(question(1))
    assert telegram.reply_with("Складом Зюйд1")
    assert telegram.status()["state"] == "running"
    workspace.options["cwd"] = "/"
    workspace.env["OPSCTL_STATE"] = ""
    assert workspace.run("-C", str(workspace.root), "stop").stderr == "stopped\n"


def test_status_finds_a_bot_that_was_started_with_another_health_port(telegram: Telegram) -> None:
    workspace = telegram.workspace
    workspace.run("start", "--server", "none")
    elsewhere = {"OPSCTL_HEALTH_PORT": str(free_port())}
    assert workspace.json("status", env=elsewhere)["bot"]["state"] == "running"
    again = workspace.run("start", "--server", "none", env=elsewhere)
    assert "the bot is already running" in again.stderr


def test_the_token_is_in_no_argv_log_or_output(telegram: Telegram) -> None:
    workspace = telegram.workspace
    shown = [workspace.run("start", "--server", "none")]
    supervisor, bot = sorted(telegram.processes())
    argv = "".join(Path(f"/proc/{pid}/cmdline").read_text() for pid in (supervisor, bot))
    shown += [
        workspace.run(*words) for words in (("status", "--json"), ("doctor",), ("logs", "bot"))
    ]
    assert TOKEN not in argv + "".join(done.stdout + done.stderr for done in shown)
    files = [path for path in workspace.state.rglob("*") if path.is_file()]
    assert [path for path in files if TOKEN.encode() in path.read_bytes()] == []


def test_the_log_is_for_the_owner_alone(telegram: Telegram) -> None:
    """It holds the ids of people; the one before it too."""
    for _ in range(2):
        telegram.workspace.run("start", "--server", "none")
        telegram.workspace.run("stop")
    logs = sorted((telegram.workspace.state / "logs").iterdir())
    assert [path.name for path in logs] == ["bot.log", "bot.log.1"]
    assert [stat.S_IMODE(path.stat().st_mode) for path in logs] == [0o600, 0o600]


def test_a_killed_bot_comes_back_and_loses_nothing(telegram: Telegram) -> None:
    workspace = telegram.workspace
    assert workspace.run("start", "--server", "none").returncode == 0
    assert workspace.run("start", "--server", "none").stderr.count("already running") == 1
    first = telegram.status()
    assert (first["kept_by"], first["restarts"]) == ("supervisor", 0)
    psutil.Process(first["pid"]).kill()
    telegram.write(question(2))
    assert telegram.reply_with("Складом Зюйд2")
    again = telegram.status()
    assert (again["state"], again["restarts"]) == ("running", 1)
    assert again["pid"] != first["pid"]
    assert "background process, started again 1 time," in workspace.run("status").stdout
    log = workspace.run("logs", "bot").stdout
    assert log.index("answering as bot") < log.index("SIGKILL") < log.rindex("answering as bot")


def test_a_killed_supervisor_takes_the_bot_with_it(telegram: Telegram) -> None:
    workspace = telegram.workspace
    assert workspace.run("start", "--server", "none").returncode == 0
    bot = psutil.Process(telegram.status()["pid"])
    [supervisor] = [pid for pid in telegram.processes() if pid != bot.pid]
    psutil.Process(supervisor).kill()
    eventually(lambda: not telegram.processes())
    assert workspace.json("status", code=3)["bot"]["state"] == "exited"
    assert workspace.run("start", "--server", "none").returncode == 0
    assert telegram.status()["state"] == "running"


def test_a_bot_in_a_terminal_is_seen_and_stopped(telegram: Telegram) -> None:
    workspace = telegram.workspace
    process = workspace.start("start", "--server", "none", "--foreground", fresh=True)
    eventually(lambda: telegram.status()["state"] == "running")
    assert f"in a terminal, process {process.pid}" in workspace.run("status").stdout
    assert "already running" in workspace.run("start", "--server", "none").stderr
    assert workspace.run("stop").stderr == "stopped\n"
    process.communicate()
    assert process.returncode == 0


def test_the_bot_of_another_folder_on_the_port_is_not_ours(
    telegram: Telegram, tmp_path: Path
) -> None:
    workspace = telegram.workspace
    assert workspace.run("start", "--server", "none").returncode == 0
    elsewhere = {"OPSCTL_STATE": str(tmp_path / "other")}
    assert workspace.json("status", env=elsewhere, code=3)["bot"]["state"] == "absent"
    told = workspace.run("start", "--server", "none", env=elsewhere)
    assert told.returncode == 1
    assert "OPSCTL_HEALTH_PORT" in told.stderr
    assert workspace.run("stop", env=elsewhere).stderr == "nothing is running\n"
    assert telegram.status()["state"] == "running"


def test_logs_follow_the_bot(telegram: Telegram) -> None:
    workspace = telegram.workspace
    assert workspace.run("start", "--server", "none").returncode == 0
    with workspace.start("logs", "bot", "-f", fresh=True) as process:
        psutil.Process(telegram.status()["pid"]).kill()
        assert process.stdout
        assert any("SIGKILL" in line for line in process.stdout)
        process.send_signal(signal.SIGINT)


def test_the_bots_own_start_leaves_the_model_server_alone(telegram: Telegram) -> None:
    record = telegram.workspace.state / "run" / "server.json"
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text('{"wanted": "none"}')
    done = telegram.workspace.run("start", "--server", "auto")
    assert done.returncode == 0, done
    assert record.is_file()


def test_a_stranger_is_let_in_by_a_code(telegram: Telegram) -> None:
    workspace = telegram.workspace
    assert workspace.run("start", "--server", "none").returncode == 0
    telegram.write("/start", STRANGER)
    told = telegram.reply_with("ваш код", STRANGER)
    [code] = re.findall(r"\b\d{6}\b", told)
    wrong = "111111" if code != "111111" else "222222"
    assert "no such code" in workspace.fails(1, "users", "approve", wrong)
    assert workspace.run("users", "approve", code).returncode == 0
    assert [person["user"] for person in workspace.json("users", "list")] == [USER, STRANGER]
    assert telegram.reply_with("Доступ открыт", STRANGER)
    telegram.write(question(3), STRANGER)
    assert telegram.reply_with("Складом Зюйд3", STRANGER)
    assert workspace.run("users", "remove", str(STRANGER)).returncode == 0
    assert [person["user"] for person in workspace.json("users", "list")] == [USER]


def test_an_empty_list_of_people_is_where_everybody_begins(telegram: Telegram) -> None:
    env = {"OPSCTL_ALLOWED_USERS": ""}
    started = telegram.workspace.run("start", "--server", "none", env=env)
    assert started.returncode == 0 and "opsctl users claim" in started.stderr
    telegram.write("/start", STRANGER)
    assert telegram.reply_with("ваш код", STRANGER)


def test_a_rejected_token_is_told_and_nothing_tries_again(telegram: Telegram) -> None:
    wrong = "123456789:AAE-wrong-token-of-the-right-form-000000"
    (telegram.workspace.root / "telegram_token.txt").write_text(wrong)
    for option in ([], ["--foreground"]):
        done = telegram.workspace.run("start", "--server", "none", *option)
        assert done.returncode == 1
        errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        assert len(errors) == 1 and "Telegram does not accept the bot's token" in errors[0]
        assert wrong not in done.stderr
        assert telegram.processes() == []
    assert telegram.status() == {"state": "absent"}


def test_a_start_while_telegram_is_away_says_so(telegram: Telegram) -> None:
    away = {"OPSCTL_TELEGRAM_API_URL": "http://127.0.0.1:1/bot"}
    done = telegram.workspace.run("start", "--server", "none", env=away)
    assert done.returncode == 0
    assert "does not answer it yet: nothing listens at 127.0.0.1:1" in done.stderr


def test_without_a_token_there_is_no_bot_and_the_foreground_says_so(indexed: Workspace) -> None:
    assert "no bot" in indexed.run("start", "--server", "none").stderr
    done = indexed.run("start", "--server", "none", "--foreground")
    assert done.returncode == 1
    assert "telegram_token.txt" in done.stderr


def test_ids_are_numbers(workspace: Workspace) -> None:
    told = workspace.fails(2, "status", env={"OPSCTL_ALLOWED_USERS": "@somebody"})
    assert "numeric ids" in told
