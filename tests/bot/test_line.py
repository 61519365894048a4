"""The line to Telegram: through proxies, from one to the next and back, whatever they do."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from telegram.error import NetworkError
from telegram.ext import ExtBot

from bot.telegram.connections import Connections
from bot.telegram.line import Line
from core.errors import UsageError
from tests.bot.bot_process import BotProcess, eventually, settled
from tests.bot.clients import NO_FLOOD, failure, run
from tests.bot.test_chaos import check_chat
from tests.bot.upload_files import send
from tests.fakes import broken_servers
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_play import Flood
from tests.fakes.proxy import TELEGRAM, FakeProxy
from tests.fakes.tgi import FakeTGI
from tests.workspace import note, question

KINDS = ("http", "socks5", "socks5h")
NOBODY = "http://127.0.0.1:1"
PACE = 0.01
VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


Through = tuple[ExtBot[Any], Line, FakeProxy, FakeProxy]


@asynccontextmanager
async def through(first: FakeProxy, kind: str) -> AsyncIterator[Through]:
    """A bot that calls through this proxy, without a password, or through a sound second one."""
    async with FakeBotAPI() as api, first, FakeProxy() as second:
        line = Line(hidden(api), [first.url(kind, ""), second.url(kind)], PACE)
        request = Connections(line, lambda: None, read_timeout=1)
        looking = asyncio.ensure_future(line.run())
        try:
            yield (
                ExtBot(api.token, hidden(api), request=request, get_updates_request=request),
                line,
                first,
                second,
            )
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
            await request.shutdown()


def hidden(api: FakeBotAPI) -> str:
    """The API's address, by a name that only the proxy knows: nothing reaches it directly."""
    return api.url.replace("127.0.0.1", TELEGRAM)


@pytest.mark.parametrize("kind", KINDS)
def test_polls_calls_and_files_go_by_the_proxy_and_the_model_does_not(
    tmp_path: Path, notes: Path, kind: str
) -> None:
    async def go() -> None:
        async with (
            FakeBotAPI(flood=Flood(NO_FLOOD)) as api,
            FakeTGI() as tgi,
            FakeProxy("ann:p@ss,word") as proxy,
        ):
            settings = {
                "telegram_proxy": [proxy.url(kind, "ann:p%40ss%2Cword")],
                "engine": "auto",
                "server_url": tgi.url,
                "adapter": "hackatone",
            }
            bot = BotProcess(tmp_path, api, notes, settings=settings, telegram_api_url=hidden(api))
            async with bot:
                api.user(2, question(3))
                assert await bot.replied(2)
                sent = send(api, "a.txt", note(9).encode())
                await eventually(lambda: api.count("file"))
                assert sent and tgi.log.requests and proxy.hosts == {TELEGRAM}

    asyncio.run(go())


@pytest.mark.parametrize("kind", KINDS)
def test_the_next_proxy_takes_over_and_the_first_is_returned_to(kind: str) -> None:
    async def main() -> None:
        async with through(FakeProxy(), kind) as (bot, line, first, second):
            await bot.get_me()
            assert (first.passed, second.passed) == (1, 0)
            await first.stop()
            with pytest.raises(NetworkError):  # what was under way is lost
                while not second.passed:
                    await bot.get_me()
                raise NetworkError("by the second")
            await bot.get_me()
            assert line.place.endswith(str(second.port))
            await first.start()
            await eventually(lambda: line.place.endswith(str(first.port)))
            passed = second.passed
            await bot.get_me()
            assert second.passed == passed

    run(main)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", [{"password": "ann:word"}, {"refusal": 503}])
def test_one_that_does_not_let_us_through_is_passed_over(kind: str, fault: dict[str, Any]) -> None:
    """A 503 to a request that is handed on as it is may be Telegram's: then it is asked again."""

    async def main() -> None:
        async with through(FakeProxy(**fault), kind) as (bot, line, first, second):
            await eventually_answered(bot)
            assert line.place.endswith(str(second.port)) and first.passed == 0

    run(main)


async def eventually_answered(bot: ExtBot[Any]) -> None:
    """Call until it is answered."""
    while await failure(bot.get_me()):
        await asyncio.sleep(0.05)


def test_one_that_takes_everything_and_says_nothing_is_passed_over() -> None:
    """Each kind at once: it takes ten seconds to be sure."""

    async def call(kind: str) -> None:
        async with through(FakeProxy(mute=True), kind) as (bot, _, _, second):
            await eventually_answered(bot)
            assert second.passed

    async def main() -> None:
        await asyncio.gather(*map(call, KINDS))

    run(main)


@pytest.mark.parametrize("kind", KINDS)
def test_chaos_of_a_proxy_loses_and_doubles_nothing(tmp_path: Path, notes: Path, kind: str) -> None:
    async def go() -> None:
        async with FakeBotAPI(flood=Flood(NO_FLOOD)) as api, FakeProxy() as proxy:
            settings = {"telegram_proxy": [proxy.url(kind)]}
            bot = BotProcess(tmp_path, api, notes, settings=settings, telegram_api_url=hidden(api))
            async with bot:
                trouble = asyncio.ensure_future(spoil(proxy, random.Random(kind)))
                for number in range(12):
                    api.user(2 + number % 3, f"{question(number % 9)} {number}")
                    await asyncio.sleep(0.2)
                await trouble
                for user in (2, 3, 4):
                    await bot.replied(user, 4, 120)
                await settled(bot)
                for user in (2, 3, 4):
                    check_chat(api, bot, user)

    asyncio.run(go())


async def spoil(proxy: FakeProxy, chance: random.Random) -> None:
    """Cut replies, be slow, end and come back, want another password for a moment."""
    for _ in range(4):
        proxy.half, proxy.delay = 2, chance.random() / 4
        await asyncio.sleep(0.4)
        proxy.password = "other:word"
        await proxy.stop()
        await asyncio.sleep(chance.random() / 2)
        await proxy.start()
        await asyncio.sleep(0.2)
        proxy.password, proxy.delay = "", 0


@pytest.mark.parametrize(
    ("variables", "place"),
    [
        ({"all_proxy": "socks5://u:p@h:1"}, "h:1"),
        ({"all_proxy": "socks://h:1/"}, "h:1"),
        ({"https_proxy": "h:1", "all_proxy": "socks5://i:2"}, "h:1"),
        ({"http_proxy": "http://h:1"}, ""),
        ({"https_proxy": "http://h:1", "no_proxy": "x, telegram.org"}, ""),
        ({}, ""),
    ],
)
def test_the_proxy_of_the_environment_is_used(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], place: str
) -> None:
    for name in VARIABLES:
        for form in (name, name.upper()):
            monkeypatch.delenv(form, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert Line("https://api.telegram.org/bot").place == place
    assert Line("https://api.telegram.org/bot", ["socks5://set:3"]).place == "set:3"


def test_one_of_the_environment_that_nothing_speaks_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("all_proxy", "socks4://u:secret@h:1")
    monkeypatch.delenv("https_proxy", raising=False)
    with pytest.raises(UsageError, match="ALL_PROXY is of the kind socks4://") as told:
        Line("https://api.telegram.org/bot")
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_proxy_does_wrong_is_told(kind: str) -> None:
    async def told(proxy: str) -> str:
        line = Line("https://127.0.0.1:9/bot", [proxy])
        connections = Connections(line, lambda: None)
        bot: ExtBot[Any] = ExtBot("1:x", "https://127.0.0.1:9/bot", request=connections)
        assert await failure(bot.get_me())
        await connections.shutdown()
        assert connections.trouble and "OPSCTL_TELEGRAM_PROXY" in connections.trouble.fix
        return f"{connections.trouble.cause}: {connections.trouble.sentence}"

    async def main() -> None:
        async with FakeProxy(refusal=503) as proxy:
            why = "503 No Way" if kind == "http" else "Connection refused"
            words = f"the proxy 127.0.0.1:{proxy.port} does not connect to 127.0.0.1:9 ({why})"
            assert await told(proxy.url(kind)) == f"proxy refuses: {words}"
        async with FakeProxy("ann:word") as proxy:
            for given in ("", "ann:other"):
                assert (await told(proxy.url(kind, given))).startswith("proxy password: ")
        with broken_servers.resetting() as port:
            assert f"is it one of {kind}://?" in await told(f"{kind}://127.0.0.1:{port}")
        async with FakeProxy() as proxy:  # the proxy is well: what is behind it is not there
            assert "127.0.0.1:9" in await told(proxy.url(kind))

    run(main)


@pytest.mark.parametrize("server", [broken_servers.resetting, broken_servers.silent])
def test_a_telegram_that_takes_connections_and_says_nothing_is_blocked(
    monkeypatch: pytest.MonkeyPatch, server: Callable[[], AbstractContextManager[int]]
) -> None:
    """Where others are found and answer; a server of one's own is never called blocked."""
    look_up = socket.getaddrinfo

    def here(host: Any, *more: Any, **kinds: Any) -> Any:
        return look_up("127.0.0.1" if "telegram" in str(host) else host, *more, **kinds)

    monkeypatch.setattr(socket, "getaddrinfo", here)

    async def main() -> None:
        with server() as port:
            for host, cause in (
                ("api.telegram.org", ["blocked"]),
                ("telegram.own", ["timeout", "reset"]),
            ):
                url = f"https://{host}:{port}/bot"
                connections = Connections(Line(url), lambda: None)
                bot: ExtBot[Any] = ExtBot("1:x", url, request=connections)
                assert await failure(bot.get_me())
                assert connections.trouble and connections.trouble.cause in cause
                assert ("OPSCTL_TELEGRAM_PROXY" in connections.trouble.fix) == ("blocked" in cause)
                await connections.shutdown()

    run(main)
