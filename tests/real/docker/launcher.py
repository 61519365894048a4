"""Stands in for text-generation-launcher as the first process of a container.

It plays a recorded log, serves the fake TGI as the environment says, and drains on SIGTERM.
"""

import asyncio
import json
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from tests.fakes import server_log

LINE_SECONDS = 0.05
DRAIN_SECONDS = 30


def main() -> None:
    """Fail as TGI does where a folder is not in the container, else serve until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    model, adapters = os.environ["MODEL_ID"], _adapters()
    if not Path(model, "config.json").is_file():
        _fail("network")
    if not all(Path(folder, "adapter_config.json").is_file() for folder in adapters.values()):
        _fail("adapter_missing")
    _play("ready")
    asyncio.run(_serve(model, tuple(adapters)))


def _adapters() -> dict[str, str]:
    """The folders by name, as LORA_ADAPTERS has them."""
    entries = os.environ.get("LORA_ADAPTERS", "").split(",")
    return dict(entry.split("=", 1) for entry in entries if entry)


def _fail(name: str) -> NoReturn:
    _play(name)
    sys.exit(1)


def _play(name: str) -> None:
    """Write a recorded log as if it happened now."""
    for line in server_log.lines(name):
        time.sleep(LINE_SECONDS)
        if line.startswith("{"):
            _say(json.loads(line))
        else:
            print(line, file=sys.stderr, flush=True)


def _say(record: dict[str, object]) -> None:
    """Write a line with the time of now in the place of its own."""
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    print(json.dumps({**record, "timestamp": moment}), flush=True)


async def _serve(model: str, adapters: tuple[str, ...]) -> None:
    # Imported this late, because a SIGTERM would be lost before it is handled.
    from tests.fakes.tgi import FakeTGI
    from tests.fakes.tgi_play import Play

    play = Play(
        model_id=model,
        adapters=adapters,
        max_input=int(os.environ["MAX_INPUT_TOKENS"]),
        max_total=int(os.environ["MAX_TOTAL_TOKENS"]),
        max_concurrent=int(os.environ["MAX_CONCURRENT_REQUESTS"]),
        api_key=os.environ.get("API_KEY"),
    )
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    async with FakeTGI(play, int(os.environ["PORT"]), host="0.0.0.0") as server:
        await stopped.wait()
        _say({"level": "INFO", "message": "signal received, starting graceful shutdown"})
        await asyncio.wait_for(server.until(lambda log: not log.running), DRAIN_SECONDS)


if __name__ == "__main__":
    main()
