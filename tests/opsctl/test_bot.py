"""The bot through opsctl: start, status, logs, users, stop, with a fake Bot API as a process."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.bot_api import TOKEN
from tests.gpu_server import free_port
from tests.workspace import Workspace, question

ROOT = Path(__file__).resolve().parents[2]
USER, STRANGER = 7, 8


@dataclass
class Telegram:
    """The fake Bot API and the workspace whose bot talks to it."""

    url: str
    workspace: Workspace

    def write(self, text: str, user: int = USER) -> None:
        """Let a person write to the bot."""
        body = json.dumps({"user": user, "text": text}).encode()
        urllib.request.urlopen(f"{self.url}/_user", body).close()

    def replies(self, user: int = USER) -> list[str]:
        """What the bot's messages to a person say now."""
        with urllib.request.urlopen(f"{self.url}/_chats") as reply:
            chats: dict[str, list[dict[str, Any]]] = json.load(reply)
        return [
            message["text"] for message in chats.get(str(user), []) if message["from"]["is_bot"]
        ]

    def reply_with(self, text: str, user: int = USER) -> str:
        """The first reply that holds a text; waits for it."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            found = [reply for reply in self.replies(user) if text in reply]
            if found:
                return found[0]
            time.sleep(0.1)
        raise AssertionError(self.replies(user))


@pytest.fixture
def telegram(indexed: Workspace) -> Iterator[Telegram]:
    """A workspace with three notes, a token and one allowed person."""
    argv = [sys.executable, "-m", "tests.fakes.bot_api"]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        (indexed.root / "telegram_token.txt").write_text(TOKEN + "\n")
        indexed.env |= {
            "OPSCTL_TELEGRAM_API_URL": url,
            "OPSCTL_ALLOWED_USERS": str(USER),
            "OPSCTL_HEALTH_PORT": str(free_port()),
        }
        yield Telegram(url.removesuffix("/bot"), indexed)
        indexed.run("stop")
        process.terminate()


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
    assert workspace.run("stop").stderr == "stopped\n"
    assert workspace.json("status")["bot"]["state"] == "absent"


def test_the_token_is_in_no_argv_log_or_output(telegram: Telegram) -> None:
    workspace = telegram.workspace
    shown = [workspace.run("start", "--server", "none")]
    [pid] = [json.loads((workspace.state / "run" / "bot.json").read_text())["pid"]]
    argv = Path(f"/proc/{pid}/cmdline").read_text()
    shown += [
        workspace.run(*words) for words in (("status", "--json"), ("doctor",), ("logs", "bot"))
    ]
    assert TOKEN not in argv + "".join(done.stdout + done.stderr for done in shown)
    assert TOKEN not in (workspace.state / "logs" / "bot.log").read_text()


def test_a_bot_that_was_killed_is_exit_3_and_loses_nothing(telegram: Telegram) -> None:
    workspace = telegram.workspace
    assert workspace.run("start", "--server", "none").returncode == 0
    os.kill(json.loads((workspace.state / "run" / "bot.json").read_text())["pid"], signal.SIGKILL)
    telegram.write(question(2))
    assert workspace.json("status", code=3)["bot"]["state"] == "exited"
    assert workspace.run("start", "--server", "none").returncode == 0
    assert telegram.reply_with("Складом Зюйд2")


def test_a_stranger_is_let_in_by_a_code(telegram: Telegram) -> None:
    workspace = telegram.workspace
    assert workspace.run("start", "--server", "none").returncode == 0
    telegram.write("/start", STRANGER)
    told = telegram.reply_with("Ваш код", STRANGER)
    [code] = [word for word in told.split() if word.isdigit() and len(word) == 6]
    assert "no such code" in workspace.fails(
        1, "users", "approve", "000000" if code != "000000" else "1"
    )
    assert workspace.run("users", "approve", code).returncode == 0
    assert [person["user"] for person in workspace.json("users", "list")] == [STRANGER]
    telegram.write(question(3), STRANGER)
    assert telegram.reply_with("Складом Зюйд3", STRANGER)
    assert workspace.run("users", "remove", str(STRANGER)).returncode == 0
    assert workspace.json("users", "list") == []


def test_an_empty_list_of_people_is_refused(telegram: Telegram) -> None:
    env = {"OPSCTL_ALLOWED_USERS": ""}
    told = telegram.workspace.run("start", "--server", "none", env=env)
    assert told.returncode == 1
    assert "nobody may use the bot" in told.stderr
    assert "OPSCTL_ALLOWED_USERS" in told.stderr


def test_a_rejected_token_is_told_and_not_shown(telegram: Telegram) -> None:
    wrong = "123456789:AAE-wrong-token-of-the-right-form-000000"
    (telegram.workspace.root / "telegram_token.txt").write_text(wrong)
    done = telegram.workspace.run("start", "--server", "none", "--foreground")
    assert done.returncode == 1
    assert "Telegram does not accept the bot's token" in done.stderr
    assert wrong not in done.stderr


def test_without_a_token_there_is_no_bot_and_the_foreground_says_so(indexed: Workspace) -> None:
    assert "no bot" in indexed.run("start", "--server", "none").stderr
    done = indexed.run("start", "--server", "none", "--foreground")
    assert done.returncode == 1
    assert "telegram_token.txt" in done.stderr


def test_ids_are_numbers(workspace: Workspace) -> None:
    told = workspace.fails(2, "status", env={"OPSCTL_ALLOWED_USERS": "@somebody"})
    assert "numeric ids" in told
