"""The fake Bot API as a process, and the workspace whose bot talks to it."""

import json
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.fakes import systemd
from tests.fakes.bot_api import TOKEN
from tests.gpu_server import free_port
from tests.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
USER, STRANGER = 7, 8


@dataclass
class Telegram:
    """What people write and read, from outside."""

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
        eventually(lambda: any(text in reply for reply in self.replies(user)))
        return next(reply for reply in self.replies(user) if text in reply)

    def set_webhook(self) -> None:
        """As an earlier program that used this bot did."""
        urllib.request.urlopen(f"{self.url}/bot{TOKEN}/setWebhook?url=https://bot.example").close()

    @contextmanager
    def polled_by_another(self) -> Iterator[None]:
        """Another program asks for the updates of the same bot, as often as it can."""
        ended = threading.Event()

        def poll() -> None:
            while not ended.is_set():
                with suppress(OSError):
                    url = f"{self.url}/bot{TOKEN}/getUpdates?timeout=1"
                    urllib.request.urlopen(url, timeout=5).close()

        thread = threading.Thread(target=poll)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def status(self) -> dict[str, Any]:
        """The bot, by `opsctl status`."""
        found: dict[str, Any] = self.workspace.json("status", code=None)["bot"]
        return found

    def processes(self) -> list[int]:
        """Every process of this workspace's bot: supervisors and bots."""
        return [process.pid for process in psutil.process_iter() if self._is_bot(process)]

    def _is_bot(self, process: psutil.Process) -> bool:
        try:
            argv = process.cmdline()
            ours = process.cwd() == str(self.workspace.root)
        except psutil.Error:
            return False
        return ours and "--foreground" in argv


@contextmanager
def telegram_for(workspace: Workspace, scenario: systemd.Scenario) -> Iterator[Telegram]:
    """Serve the Bot API; systemd is as the scenario says. Leaves no process behind."""
    argv = [sys.executable, "-m", "tests.fakes.bot_api"]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        (workspace.root / "telegram_token.txt").write_text(TOKEN + "\n")
        workspace.env |= systemd.install(workspace.root, scenario) | {
            "OPSCTL_TELEGRAM_API_URL": url,
            "OPSCTL_ALLOWED_USERS": str(USER),
            "OPSCTL_HEALTH_PORT": str(free_port()),
        }
        try:
            yield Telegram(url.removesuffix("/bot"), workspace)
        finally:
            workspace.run("stop")
            process.kill()  # it would wait for a bot that still polls


def eventually(happened: Callable[[], object], seconds: float = 60) -> None:
    """Wait until it is so."""
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, f"did not happen in {seconds} s"
        time.sleep(0.1)
