"""The bot as a process: how it starts and how it ends."""

import asyncio
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack

from bot.assembly import Assembly
from bot.base.config import BotConfig
from bot.store.store import Store
from core.files import private_folder
from core.lock import writer_lock

THREADS = 16  # beside those that search: for names of hosts, files and the like


def run(config: BotConfig) -> int:
    """Run the bot until SIGTERM or SIGINT; 0 then. Raises UserError.

    A thread that is still searching then has nobody to tell: the process ends at once.
    """
    private_folder(config.lock.parent)
    sentence = "the bot is running already ({holder})"
    with writer_lock(config.lock, sentence, "opsctl status shows it; opsctl stop ends it"):
        store = Store(config.database)
        try:
            config.check()
            asyncio.run(_run(config, store))
        finally:
            store.close()
    if threading.active_count() > 1:
        sys.stderr.flush()
        os._exit(0)
    return 0


async def _run(config: BotConfig, store: Store) -> None:
    """Run until a signal comes, or until something fails that cannot be mended here."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.set_default_executor(_Threads(config.parallel + THREADS))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        bot = await Assembly.make(config, store, stack)
        work = [
            asyncio.ensure_future(step)
            for step in (bot.talk(), bot.poll(), bot.look_after(), bot.sweep())
        ]
        ended = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait({ended, *work}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
            for task in work:
                task.cancel()
            results = await asyncio.gather(*work, return_exceptions=True)
            await bot.close()
        for result in results:
            if isinstance(result, Exception):
                raise result


class _Threads(ThreadPoolExecutor):
    """Does not wait for its threads: loading a model for the first question takes long."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Give up what has not begun."""
        super().shutdown(wait=False, cancel_futures=True)
