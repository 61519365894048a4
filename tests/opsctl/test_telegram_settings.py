"""OPSCTL_TELEGRAM_API_URL and OPSCTL_TELEGRAM_PROXY: their forms, and the password in them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.systemd import Scenario
from tests.opsctl.telegram import Telegram, telegram_for
from tests.opsctl.test_telegram_causes import proxy_process
from tests.workspace import Workspace, question

API, PROXY = "OPSCTL_TELEGRAM_API_URL", "OPSCTL_TELEGRAM_PROXY"
TOKEN = "123456789:AAE-some-token-of-the-right-form-0000000"
SECRET = "s3cret-w0rd"


def shown(workspace: Workspace, name: str, env: dict[str, str]) -> str:
    """The setting as `doctor --settings` shows it."""
    rows = workspace.json("doctor", "--settings", env=env)
    return str({row["name"]: row["value"] for row in rows}[name])


@pytest.mark.parametrize("end", ["", "/", "/bot", "/bot/", "/bot{token}", f"/bot{TOKEN}/"])
@pytest.mark.parametrize("start", ["https://api.telegram.org", "http://127.0.0.1:8081/relay"])
def test_the_api_url_is_the_same_in_all_its_forms(
    workspace: Workspace, start: str, end: str
) -> None:
    assert shown(workspace, API, {API: start + end}) == f"{start}/bot"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("api.telegram.org/bot", "is not the address of a Bot API server"),
        ("127.0.0.1:8081", "is not the address of a Bot API server"),
        ("https://u:s3cret-w0rd@h/bot", "holds a user name or password"),
        (f"https://h/bot{TOKEN}/getMe", "continues after /bot"),
        ("https://h/bot?x=1", "continues after /bot"),
    ],
)
def test_an_api_url_of_another_form_is_refused(workspace: Workspace, url: str, words: str) -> None:
    told = workspace.fails(2, "status", env={API: url})
    assert words in told and "https://api.telegram.org/bot" in told
    assert SECRET not in told and TOKEN not in told


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ("http://h:3128", "http://h:3128"),
        ("socks5h://ann:s3cret-w0rd@h", "socks5h://********@h:1080"),
        ("socks5://ann:s3@cret-w0rd@h:1, https://h", "socks5://********@h:1,https://h:443"),
        ("http://ann:s3cret-w0rd%2F@[::1]:8", "http://********@[::1]:8"),
    ],
)
def test_a_proxy_is_shown_without_its_password(workspace: Workspace, given: str, seen: str) -> None:
    assert shown(workspace, PROXY, {PROXY: given}) == seen


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("h:3128", "does not say its kind"),
        ("socks4://ann:s3cret-w0rd@h:1", "is of the kind socks4://"),
        ("tg://proxy?server=h&secret=s3cret-w0rd", "an MTProto proxy is for Telegram's apps"),
        ("https://t.me/proxy?server=h&secret=s3cret-w0rd", "an MTProto proxy is for"),
        ("socks5://ann:s3cret-w0rd/@h:1", "has an address that is not valid"),
        ("socks5://ann:s3cret-w0rd@h:port", "has an address that is not valid"),
    ],
)
def test_a_proxy_that_none_can_be_is_refused(workspace: Workspace, given: str, words: str) -> None:
    told = workspace.fails(2, "status", env={PROXY: f"http://good:1,{given}"})
    assert words in told and "socks5://NAME:PASSWORD@HOST:PORT" in told
    assert SECRET not in told


@pytest.fixture
def telegram(indexed: Workspace) -> Iterator[Telegram]:
    """A workspace with three notes, a token and one allowed person; systemctl finds no bus."""
    with telegram_for(indexed, Scenario(manager="")) as made:
        yield made


def test_a_proxy_of_dot_env_serves_the_bot_and_its_password_is_nowhere_else(
    telegram: Telegram,
) -> None:
    workspace = telegram.workspace
    with proxy_process(f"ann:{SECRET}") as port:
        (workspace.root / ".env").write_text(
            f"{PROXY}=socks5://ann:{SECRET}@127.0.0.1:{port}\nHTTPS_PROXY=http://127.0.0.1:1\n"
        )
        started = workspace.run("start", "--server", "none")
        assert "the bot is running: write to it" in started.stderr
        assert "not read from .env: HTTPS_PROXY; set OPSCTL_TELEGRAM_PROXY" in started.stderr
        telegram.write(question(1))
        assert telegram.reply_with("Складом Зюйд1")
        argv = "".join(Path(f"/proc/{pid}/cmdline").read_text() for pid in telegram.processes())
        doctor = workspace.run("doctor")
        assert f"by the proxy 127.0.0.1:{port}" in doctor.stdout
        assert "not read from .env: HTTPS_PROXY" in doctor.stdout
        told = [started, doctor, workspace.run("status"), workspace.run("logs", "bot")]
        assert SECRET not in argv + "".join(done.stdout + done.stderr for done in told)
        files = [path for path in workspace.state.rglob("*") if path.is_file()]
        assert [path for path in files if SECRET.encode() in path.read_bytes()] == []


def test_a_webhook_left_behind_is_told_by_doctor_and_taken_away(telegram: Telegram) -> None:
    workspace = telegram.workspace
    telegram.set_webhook()
    checks = {check["name"]: check for check in workspace.json("doctor")}
    assert checks["telegram"]["result"] == "warning"
    assert "a webhook is set" in checks["telegram"]["detail"]
    assert "the bot is running: write to it" in workspace.run("start", "--server", "none").stderr
    assert "it is taken away" in workspace.run("logs", "bot").stdout
    checks = {check["name"]: check for check in workspace.json("doctor")}
    assert checks["telegram"]["result"] == "ok"
