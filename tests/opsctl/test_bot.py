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
from tests.workspace import Workspace, go_on, question

WRONG = "123456789:AAE-wrong-token-of-the-right-form-000000"


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
    stopped = workspace.run("status")
    assert stopped.returncode == 3 and "bot: stopped\n" in stopped.stdout
    assert "hint: opsctl start\n" in stopped.stderr
    (workspace.root / "telegram_token.txt").unlink()
    assert workspace.json("status")["bot"] == {"state": "absent"}


def test_a_restart_that_cannot_work_leaves_the_bot_as_it_is(telegram: Telegram) -> None:
    workspace = telegram.workspace
    assert workspace.run("start", "--server", "none").returncode == 0
    running = telegram.status()["pid"]
    nobody = "http://127.0.0.1:1/bot"
    for env, words in (
        ({"OPSCTL_NOTICE": "missing.txt"}, "missing.txt cannot be read"),
        ({"OPSCTL_TELEGRAM_TOKEN": WRONG}, "does not accept the bot's token"),
        ({"OPSCTL_TELEGRAM_TOKEN": "abc"}, "does not accept the bot's token"),
        ({"OPSCTL_TELEGRAM_API_URL": nobody}, "nothing listens at 127.0.0.1:1"),
        ({}, "docker"),  # which is not there
    ):
        told = workspace.fails(1, "restart", "--server", "none" if env else "docker", env=env)
        assert words in told and WRONG not in told
        assert (telegram.status()["state"], telegram.status()["pid"]) == ("running", running)
    assert workspace.run("restart", "--server", "none").returncode == 0
    assert telegram.status()["pid"] != running


def test_a_restart_with_two_words_in_the_token_file_leaves_the_bot_as_it_is(
    telegram: Telegram,
) -> None:
    workspace = telegram.workspace
    assert workspace.run("start", "--server", "none").returncode == 0
    running, file = telegram.status()["pid"], workspace.root / "telegram_token.txt"
    token = file.read_text()
    file.write_text(f"{WRONG} and-more\n")
    told = workspace.fails(2, "restart", "--server", "none")
    assert (
        told == f"error: {file} holds more than one word\nhint: leave the bot's token in it, alone"
    )
    file.write_text(token)
    assert (telegram.status()["state"], telegram.status()["pid"]) == ("running", running)


def test_doctor_warns_of_a_notice_that_is_not_there(workspace: Workspace) -> None:
    checks = workspace.json("doctor", env={"OPSCTL_NOTICE": "missing.txt"}, code=None)
    [found] = [check for check in checks if check["name"] == "settings"]
    assert found["result"] == "warning" and "missing.txt cannot be read" in found["detail"]


def test_a_token_alone_is_no_reason_to_be_unhealthy(telegram: Telegram) -> None:
    shown = telegram.workspace.run("status")
    assert shown.returncode == 0, shown
    assert "bot: not started\n" in shown.stdout and "hint: opsctl start\n" in shown.stderr


def test_two_programs_that_poll_with_one_token_are_not_healthy(telegram: Telegram) -> None:
    """Each is answered now and then, and ours is started again in between."""
    workspace, words = telegram.workspace, "another program answers as this bot"
    assert workspace.run("start", "--server", "none").returncode == 0
    with telegram.polled_by_another():
        eventually(lambda: (telegram.status().get("trouble") or {}).get("cause") == "conflict")
        restarts = 0
        while restarts == 0:
            shown = workspace.run("status")
            assert shown.returncode == 3, shown
            restarts = telegram.status()["restarts"]
        eventually(lambda: telegram.status()["state"] == "running")
        shown = workspace.run("status")
        assert shown.returncode == 3 and words in shown.stdout
    assert workspace.run("stop").returncode == 0
    assert workspace.run("start", "--server", "none").returncode == 0
    assert workspace.run("status").returncode == 0


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


def test_one_log_holds_all_runs_and_is_for_the_owner_alone(telegram: Telegram) -> None:
    """It holds the ids of people, and why the bot ended the time before the last."""
    workspace = telegram.workspace
    log = workspace.state / "logs" / "bot.log"
    log.parent.mkdir()
    log.write_text("error: of long ago\n")
    log.chmod(0o644)
    for _ in range(2):
        workspace.run("start", "--server", "none")
        workspace.run("stop")
    assert [path.name for path in log.parent.iterdir()] == ["bot.log"]
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    shown = workspace.run("logs", "bot").stdout
    assert shown.startswith("error: of long ago\n")
    parts = shown.split("the bot is started, 20")
    assert len(parts) == 3
    assert all("answering as bot" in part for part in parts[1:])


def test_a_cause_of_an_earlier_run_is_not_told_again(telegram: Telegram) -> None:
    """The second bot is killed while it waits for Telegram, and says nothing."""
    workspace = telegram.workspace
    log = workspace.state / "logs" / "bot.log"
    log.parent.mkdir()
    log.write_text("error: the token is wrong\nhint: another token\n")
    nowhere = {"OPSCTL_TELEGRAM_API_URL": f"http://127.0.0.1:{free_port()}/bot"}
    process = workspace.start("start", "--server", "none", env=nowhere)
    eventually(lambda: len(telegram.processes()) == 2)
    process.send_signal(signal.SIGSTOP)
    supervisor, bot = sorted(telegram.processes())
    assert psutil.Process(bot).ppid() == supervisor
    psutil.Process(bot).kill()
    eventually(lambda: "is started again" in log.read_text())
    assert (
        "the bot does not start: it ended at once\nhint: opsctl logs bot" in go_on(process).stderr
    )


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


@pytest.mark.parametrize("command", ["bot", "start --server none --foreground"])
def test_a_bot_in_a_terminal_is_seen_and_stopped(telegram: Telegram, command: str) -> None:
    workspace = telegram.workspace
    process = workspace.start(*command.split(), fresh=True)
    eventually(lambda: telegram.status()["state"] == "running")
    assert f"in a terminal, process {process.pid}" in workspace.run("status").stdout
    assert "already running" in workspace.run("start", "--server", "none").stderr
    assert workspace.run("stop").stderr == "stopped\n"
    process.communicate()
    assert process.returncode == 0
    assert telegram.status() == {"state": "stopped"}


def test_the_bot_of_another_folder_on_the_port_is_not_ours(
    telegram: Telegram, tmp_path: Path
) -> None:
    workspace = telegram.workspace
    assert workspace.run("start", "--server", "none").returncode == 0
    elsewhere = {"OPSCTL_STATE": str(tmp_path / "other")}
    assert workspace.json("status", env=elsewhere, code=3)["bot"]["state"] == "not started"
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
    (telegram.workspace.root / "telegram_token.txt").write_text(WRONG)
    for option in ([], ["--foreground"]):
        done = telegram.workspace.run("start", "--server", "none", *option)
        assert done.returncode == 1
        errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        assert len(errors) == 1 and "Telegram does not accept the bot's token" in errors[0]
        assert WRONG not in done.stderr
        assert telegram.processes() == []
    shown = telegram.workspace.run("status")
    assert shown.returncode == 3 and "bot: stopped\n" in shown.stdout
    assert "does not accept the bot's token" in shown.stdout and "@BotFather" in shown.stderr


def test_the_hint_for_a_wrong_token_names_where_it_is_read_from(telegram: Telegram) -> None:
    workspace = telegram.workspace
    for place in (".env", "telegram_token.txt"):
        for file in (".env", "telegram_token.txt"):
            (workspace.root / file).unlink(missing_ok=True)
        row = WRONG if place.endswith("txt") else f"OPSCTL_TELEGRAM_TOKEN={WRONG}"
        (workspace.root / place).write_text(row)
        hint = "OPSCTL_TELEGRAM_TOKEN in .env" if place == ".env" else place
        hint = f"compare {hint} with what @BotFather says"
        assert hint in workspace.fails(1, "start", "--server", "none")
        assert hint in workspace.run("status").stderr
        assert hint in workspace.run("doctor").stdout
        assert hint in workspace.run("logs", "bot").stdout
    told = workspace.fails(1, "restart", env={"OPSCTL_TELEGRAM_TOKEN": WRONG})
    assert "OPSCTL_TELEGRAM_TOKEN of the environment" in told


def test_ctrl_c_at_start_says_that_the_bot_goes_on(telegram: Telegram) -> None:
    workspace = telegram.workspace
    process = workspace.start("start", "--server", "none", fresh=True)
    record = workspace.state / "run" / "bot.json"
    eventually(lambda: len(telegram.processes()) == 2 and record.is_file() and record.read_text())
    _, bot = sorted(telegram.processes())
    psutil.Process(bot).suspend()  # so that it does not come up meanwhile
    process.send_signal(signal.SIGINT)
    _, told = process.communicate()
    assert process.returncode == 130, told
    assert told.endswith("is still starting: opsctl status shows it, opsctl stop ends it\n"), told
    psutil.Process(bot).resume()
    eventually(lambda: telegram.status()["state"] == "running")


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
