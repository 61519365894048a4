"""What release 0.1 left on a machine, see first_release/README.txt, is gone on with."""

import base64
import json
import shutil
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.bot_api import TOKEN
from tests.fakes.systemd import Scenario
from tests.gpu_server import GPUServer
from tests.opsctl.telegram import Telegram, telegram_for
from tests.workspace import Workspace, note, question, said

ROOT = Path(__file__).resolve().parents[2]
LEFT = Path(__file__).with_name("first_release")
RECORDED = 1796018211.0  # when bot.sql was
TIMES = {"inbox": "received", "answer": "asked", "invitation": "made", "person": "added"}
FILE = base64.b64encode(note(4).encode()).decode()
# Messages 1 to 18 as they came then, and a button: a number is that of a chat the bot wrote to.
CHATS: list[dict[str, Any] | int] = [
    {"user": 7, "text": question(1)}, 7,
    {"user": 7, "kind": "callback", "message": 2, "data": "like:1"}, {"user": 8, "text": "/start"},
    {"user": 9, "text": "/start", "language": "en"}, 8, 9, 8, {"user": 8, "text": question(3)}, 8,
    {"user": 8, "text": "/new"}, {"user": 10, "text": "/start"}, 10,
    {"user": 7, "text": question(2)}, 7, {"user": 8, "text": question(1)},
    {"user": 1, "kind": "document", "name": "note4.txt", "content": FILE}, 1,
    {"user": 7, "text": question(3)},
]  # fmt: skip
# A bot of that release: it holds the lock, is seen on its port, and ends when it is told to.
RUNNING = """
import json, os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from core.lock import writer_lock

class Health(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(json.loads(sys.argv[3]) | {"pid": os.getpid()}).encode())

with writer_lock(Path(sys.argv[1])):
    server = HTTPServer(("127.0.0.1", int(sys.argv[2])), Health)
    print("listens", flush=True)
    server.serve_forever()
"""


@pytest.fixture
def left(workspace: Workspace) -> Workspace:
    """A workspace with the index and the bot's file of that release."""
    for number in (1, 2, 3):
        workspace.write(f"note{number}.txt", note(number))
    store = workspace.state / "index" / "store-34192d71"
    store.mkdir(parents=True)
    (store.parent / "current").write_text(f"{store.name}\n")
    with closing(sqlite3.connect(store / "store.sqlite")) as index:
        index.executescript((LEFT / "index.sql").read_text(encoding="utf-8"))
    with closing(sqlite3.connect(workspace.state / "bot.sqlite")) as bot, bot:
        bot.executescript((LEFT / "bot.sql").read_text(encoding="utf-8"))
        for table, column in TIMES.items():
            bot.execute(f"UPDATE {table} SET {column} = {column} + ?", (time.time() - RECORDED,))
    workspace.env["OPSCTL_THRESHOLD"] = "0"
    return workspace


@pytest.fixture
def telegram(left: Workspace) -> Iterator[Telegram]:
    """Telegram after all that had been said, most of which the bot has in its inbox."""
    left.env["OPSCTL_ADMINS"] = "1"
    with telegram_for(left, Scenario(manager="")) as made:
        for message in CHATS:
            if isinstance(message, int):
                _post(f"{made.url}/bot{TOKEN}/sendMessage", {"chat_id": message, "text": "…"})
            else:
                _post(f"{made.url}/_user", message)
        yield made


def test_what_people_were_waiting_for_comes_and_what_they_said_stays(telegram: Telegram) -> None:
    workspace = telegram.workspace
    assert workspace.run("start", "--server", "none").returncode == 0
    telegram.reply_with("note3.txt", 7)
    telegram.reply_with("note1.txt", 8)
    telegram.reply_with("Начинаем новый разговор", 8)
    telegram.reply_with("Доступ открыт", 10)
    telegram.reply_with("Добавлено: telegram/note4-unique1.txt", 1)
    assert telegram.replies(7)[:2] == ["…", telegram.reply_with("note2.txt", 7)]
    assert len(telegram.replies(7)) == 3
    assert workspace.source(question(4)) == "telegram/note4-unique1.txt"
    people = {row["user"]: row["how"] for row in workspace.json("users", "list")}
    assert (people[8], people[9], people[10]) == ("approved", "waiting", "approved")
    assert workspace.run("users", "approve", "909739").returncode == 0
    telegram.reply_with("You have access", 9)
    kept = workspace.run("users", "export", "7").stdout
    assert all(question(number) in kept for number in (1, 2, 3))
    telegram.write("/status", user=1)
    assert "👍 1 👎 0" in telegram.reply_with("👍", 1)


def test_its_index_answers_until_a_reindex_has_made_another(left: Workspace) -> None:
    assert left.source(question(2)) == "note2.txt"
    assert left.json("status", code=None)["index"]["documents"] == 3
    done = left.run("reindex")
    assert done.returncode == 0, done
    assert "the index was made by an earlier release: every document is read again" in done.stderr
    assert done.stdout.startswith("added 3, changed 0, removed 0, failed 0"), done
    assert left.source(question(2)) == "note2.txt"
    assert left.run("reindex").stdout.startswith("nothing new")


def test_its_settings_are_settings_still(left: Workspace) -> None:
    shutil.copy(LEFT / "settings.env", left.root / ".env")
    assert "29 settings are set, the rest are defaults" in left.run("doctor").stdout
    assert "no such setting" not in left.run("ask", question(1)).stderr


@pytest.mark.parametrize("command", ["start", "restart"])
def test_its_bot_that_runs_on_is_told_and_replaced(telegram: Telegram, command: str) -> None:
    workspace = telegram.workspace
    with running(workspace) as bot:
        seen = workspace.run("status")
        assert "it was started by another release of opsctl than this one" in seen.stdout
        assert "hint: opsctl restart\n" in seen.stderr
        assert workspace.run("doctor").stderr == ""
        done = workspace.run(command, "--server", "none")
        assert done.returncode == 0, done
        assert bot.wait(10) != 0
    assert "the bot is running" in done.stderr
    assert workspace.json("status")["bot"]["outdated"] is False
    telegram.reply_with("note3.txt", 7)


def test_stop_ends_its_bot(telegram: Telegram) -> None:
    with running(telegram.workspace) as bot:
        assert telegram.workspace.run("stop").stderr == "stopped\n"
        assert bot.wait(10) != 0


def test_its_container_is_seen_and_stopped(server: GPUServer) -> None:
    leave_container(server)
    seen = server.workspace.run("status").stdout
    assert "server: ready, TGI" in seen
    assert "its settings have changed since it was started (opsctl restart)" in seen
    stop_container(server)


def test_its_container_is_stopped_where_the_state_folder_does_not_know_it(
    server: GPUServer,
) -> None:
    leave_container(server)
    (server.workspace.state / "run" / "server.json").unlink()
    stop_container(server)


def stop_container(server: GPUServer) -> None:
    assert server.workspace.run("stop").stderr.endswith("stopped\n")
    assert not (server.world / "container.json").exists()


def test_its_container_makes_room_for_todays(server: GPUServer) -> None:
    leave_container(server)
    before = server.container()["Id"]
    started = server.workspace.run("start")
    assert started.returncode == 0, started
    assert "its settings have changed: restarting it" in started.stderr
    made = server.container()
    assert made["Id"] != before
    assert made["Config"]["Labels"]["opsctl.state"] == str(server.workspace.state)


def test_a_container_of_another_folder_of_that_release_is_left_alone(server: GPUServer) -> None:
    leave_container(server)
    other = Workspace(server.workspace.root / "other", env=dict(server.workspace.env))
    other.documents.mkdir()
    stopped = other.run("stop")
    assert f"another opsctl, whose state is in {server.workspace.state}: left" in stopped.stderr
    hint = f"OPSCTL_STATE={server.workspace.state} opsctl stop"
    assert hint in said(other.run("start", "--server", "docker"))
    assert server.container()["State"]["Status"] == "running"


def leave_container(server: GPUServer) -> None:
    """A container that runs, with the labels that it had in that release."""
    assert server.workspace.run("start").returncode == 0
    path = server.world / "container.json"
    labels = {"opsctl.config": "fe2ed500c002068d"}
    path.write_text(json.dumps(server.container() | {"Config": {"Labels": labels}}))
    shutil.copy(LEFT / "server.json", server.workspace.state / "run")


@contextmanager
def running(workspace: Workspace) -> "Iterator[subprocess.Popen[str]]":
    """A bot of that release that was started before the upgrade."""
    lock = workspace.state / "run" / "bot.lock"
    lock.parent.mkdir()
    health = (LEFT / "health.json").read_text()
    argv = [sys.executable, "-c", RUNNING, str(lock), workspace.env["OPSCTL_HEALTH_PORT"], health]
    with subprocess.Popen(
        argv, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as bot:
        assert bot.stdout and bot.stdout.readline() == "listens\n"
        try:
            yield bot
        finally:
            bot.kill()


def _post(url: str, body: dict[str, Any]) -> None:
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request).close()
