"""Questions through real proxies that are killed, frozen, slow, change their password, cut replies.

24 questions for each kind; with --full 200: pytest tests/real/test_proxies.py --full -s
"""

import asyncio
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.bot_chaos import ask
from bench.bot_people import People, notes, spread, tally
from tests.bot.bot_process import RealBot
from tests.fakes.bot_api import FakeBotAPI
from tests.real.parts import MissingPartError
from tests.real.proxies import RealProxy, Road, trouble

pytestmark = pytest.mark.process
SEED = 12
PATIENCE = 300  # seconds after the last trouble


@pytest.mark.parametrize("kinds", [("http",), ("socks5",), ("socks5", "http")], ids="+".join)
def test_no_question_is_lost_or_doubled(
    kinds: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    size: Callable[[int, int], int],
) -> None:
    certificate = tmp_path / "certificate.pem"
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    try:
        proxies = [RealProxy(kind, tmp_path) for kind in kinds]
    except MissingPartError as missing:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"a real part is missing: {missing}")
    with notes() as (folder, state):
        asyncio.run(go(proxies, certificate, folder, state, size(200, 24), size(15, 5)))


async def go(
    proxies: list[RealProxy],
    certificate: Path,
    folder: Path,
    state: Path,
    questions: int,
    pause: float,
) -> None:
    users = range(1, questions // 8 + 1)
    async with FakeBotAPI() as api, Road(api.port, certificate) as road:
        settings = {"telegram_proxy": [proxy.url for proxy in proxies]}
        address = f"https://127.0.0.1:{road.port}/bot"
        for proxy in proxies:
            await proxy.start()
        people = People(api)
        async with RealBot(folder, api, state, settings=settings, telegram_api_url=address) as bot:
            await bot.health()
            troubling = asyncio.ensure_future(trouble(proxies, road, random.Random(SEED)))
            await asyncio.gather(
                *(ask(people, user, 8, pause, random.Random(user)) for user in users)
            )
            troubling.cancel()
            done = await troubling
            assert await people.answered(PATIENCE), bot.said()[-3000:]
            calls = len(api.calls)
            for proxy in proxies:
                await proxy.kill()
            people.ask(1)
            await asyncio.sleep(2)
            assert len(api.calls) == calls  # there is no other way
            for proxy in proxies:
                await proxy.start()
            assert await people.answered(PATIENCE)
        for proxy in proxies:
            await proxy.kill()
    found, times = tally(people), [people.seconds(one) for one in people.asked]
    sys.stdout.write(
        f"\n{'+'.join(proxy.kind for proxy in proxies)}: {found}, {people.orphans()} placeholders"
        f" left; seconds to the answer {spread(times)}; {dict(done)}, {road.cut} replies cut\n"
    )
    assert found.clean and found.failed == 0
