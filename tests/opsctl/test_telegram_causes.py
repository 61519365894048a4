"""Why Telegram is not reached: log, `start`, `status` and `doctor` say the same, and what helps."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.fakes import broken_servers
from tests.fakes.systemd import Scenario
from tests.opsctl.telegram import ROOT, Telegram, telegram_for
from tests.workspace import Workspace

SECRET = "s3cret-w0rd"
NOBODY = "127.0.0.1:1"
API, PROXY = "OPSCTL_TELEGRAM_API_URL", "OPSCTL_TELEGRAM_PROXY"
RESOLVER = """
import socket
found = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **named: found(
    "127.0.0.1" if host in ("api.telegram.org", b"api.telegram.org") else host, *rest, **named
)
"""
Setting = Callable[[Telegram, ExitStack], dict[str, str]]


@pytest.fixture
def telegram(indexed: Workspace) -> Iterator[Telegram]:
    """A workspace with a token and one allowed person; there is no systemd."""
    with telegram_for(indexed, Scenario(manager="")) as made:
        yield made


@dataclass(frozen=True)
class Case:
    """A fault: how it is made, and the cause and words by which it is told."""

    cause: str
    words: str
    fix: str
    make: Setting
    ends: bool = False  # the bot does not stay
    passes: bool = False  # getMe is well: only a bot that runs can see it
    name: str = field(default="")


def at(url: str) -> Setting:
    return lambda telegram, stack: {API: url}


def by(proxy: str) -> Setting:
    return lambda telegram, stack: {PROXY: proxy}


def server(make: Callable[[], AbstractContextManager[int]]) -> Setting:
    return lambda telegram, stack: {API: f"http://127.0.0.1:{stack.enter_context(make())}"}


def blocked(make: Callable[[], AbstractContextManager[int]]) -> Setting:
    """Telegram's name leads to a port of this machine, as a provider's filter would have it."""

    def setting(telegram: Telegram, stack: ExitStack) -> dict[str, str]:
        folder = telegram.workspace.root / "resolver"
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(RESOLVER)
        api = f"https://api.telegram.org:{stack.enter_context(make())}/bot"
        return {API: api, "PYTHONPATH": f"{folder}:{ROOT}"}

    return setting


def certificate(days: int) -> Setting:
    def make(telegram: Telegram, stack: ExitStack) -> dict[str, str]:
        path = telegram.workspace.root / "certificate.pem"
        port = stack.enter_context(broken_servers.with_certificate(path, days))
        known = {"SSL_CERT_FILE": str(path)} if days < 0 else {}
        return {API: f"https://127.0.0.1:{port}/bot", **known}

    return make


def wrong_password(kind: str, secure: bool = False) -> Setting:
    def make(telegram: Telegram, stack: ExitStack) -> dict[str, str]:
        port = stack.enter_context(proxy_process("ann:right"))
        api = {API: "https://127.0.0.1:9/bot"} if secure else {}
        return {PROXY: f"{kind}://ann:{SECRET}@127.0.0.1:{port}", **api}

    return make


@contextmanager
def proxy_process(password: str) -> Iterator[str]:
    """A proxy; its port."""
    argv = [sys.executable, "-m", "tests.fakes.proxy", "--password", password]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def reply(method: str, **fault: Any) -> Setting:
    def make(telegram: Telegram, stack: ExitStack) -> dict[str, str]:
        body = json.dumps({"method": method, "times": -1, **fault}).encode()
        urllib.request.urlopen(f"{telegram.url}/_fault", body).close()
        return {}

    return make


CASES = (
    Case("dns", "no-such.invalid cannot be found",
         f"getent hosts no-such.invalid; if it is misspelt: correct {API}", at("https://no-such.invalid:8443")),
    Case("no tls", "speaks no TLS: is it http://?", f"http:// into {API}",
         lambda telegram, stack: {API: telegram.url.replace("http:", "https:") + "/bot"}),
    Case("refused", f"nothing listens at {NOBODY}", API, at(f"http://{NOBODY}/bot")),
    Case("timeout", "does not answer in time", API, server(broken_servers.silent)),
    Case("reset", "is broken off", API, server(broken_servers.resetting)),
    Case("blocked", "seems to be blocked here", PROXY, blocked(broken_servers.resetting),
         name="blocked, reset"),
    Case("blocked", "seems to be blocked here", PROXY, blocked(broken_servers.silent),
         name="blocked, timeout"),
    Case("certificate", "certificate that is not trusted", "SSL_CERT_FILE", certificate(9)),
    Case("clock", "which this machine's clock shows", "timedatectl", certificate(-1)),
    Case("proxy refused", f"the proxy {NOBODY} does not run", PROXY, by(f"socks5://{NOBODY}")),
    Case("proxy dns", "the proxy no.invalid:1 cannot be found", PROXY, by("http://no.invalid:1")),
    Case("proxy password", "wants a name and a password", PROXY, wrong_password("http")),
    Case("proxy password", "wants a name and a password", PROXY, wrong_password("http", True),
         name="proxy password, https"),
    Case("proxy password", "wants a name and a password", PROXY, wrong_password("socks5"),
         name="proxy password, socks5"),
    Case("foreign", "not as the Bot API (200)", API, reply("*", foreign=(200, "<html>"))),
    Case("busy", "busy or broken now (502)", "opsctl status", reply("*", says="bad_gateway")),
    Case("token", "does not accept the bot's token", "@BotFather", reply("*", says="unauthorized"),
         ends=True),
    Case("conflict", "another program answers as this bot", "stop the other one",
         reply("getUpdates", says="conflict"), ends=True, passes=True),
    Case("webhook", "a webhook is set for this bot", "the bot deletes it",
         reply("getUpdates", says="webhook"), passes=True),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name or case.cause)
def test_four_places_tell_the_same_cause_and_fix(telegram: Telegram, case: Case) -> None:
    workspace = telegram.workspace
    with ExitStack() as stack:
        workspace.env |= case.make(telegram, stack)
        doctor = checked(workspace) if not case.passes else None
        started = workspace.run("start", "--server", "none")
        status = telegram.status()
        log = workspace.run("logs", "bot").stdout
        if case.ends:
            assert started.returncode == 1
            assert (status["state"], status["trouble"]["cause"]) == ("stopped", "ended")
        else:
            assert started.returncode == 0
            assert (status["state"], status["trouble"]["cause"]) == ("connecting", case.cause)
            doctor = doctor or checked(workspace)
        shown = workspace.run("status")
        assert shown.returncode == 3
        told = [started.stderr, log, shown.stdout + shown.stderr]
        told += [f"{doctor['detail']} {doctor['fix']}"] if doctor else []
        for text in told:
            assert case.words in text and case.fix in text, text
        assert "Traceback" not in log and SECRET not in log + "".join(told)


def checked(workspace: Workspace) -> dict[str, str]:
    """What doctor says of Telegram: it has failed."""
    checks = {check["name"]: check for check in workspace.json("doctor", code=1)}
    found: dict[str, str] = checks["telegram"]
    assert found["result"] == "failed", found
    return found
