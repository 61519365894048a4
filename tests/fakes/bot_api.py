"""A fake Bot API on 127.0.0.1: python -m tests.fakes.bot_api --port 8081 --token 42:fake.

Updates stay queued until a later offset confirms them, flood control answers 429, messages keep
the history of their edits. In one process: `async with FakeBotAPI() as api`. From outside:
POST /_user lets people do something, GET /_chats shows what they read, POST /_fault adds a Fault.
"""

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from aiohttp import web

from tests.fakes.bot_api_methods import Methods, arguments
from tests.fakes.bot_api_play import Fault, Flood, Refusal

TOKEN = "424242:FAKE-token-of-the-bot-for-tests-only0"


class FakeBotAPI:
    """The server, inside the running event loop. Stopping keeps everything; it can start again."""

    def __init__(self, token: str = TOKEN, port: int = 0, flood: Flood | None = None) -> None:
        self.token = token
        self.port = port
        self.flood = flood or Flood()
        self.faults: list[Fault] = []
        self.calls: list[dict[str, Any]] = []
        self.deaf = False
        self.methods = Methods()
        self.chats = self.methods.chats
        self.updates = self.methods.updates
        self._version = 0
        self._news = asyncio.Event()

    @property
    def url(self) -> str:
        """PTB's base_url."""
        return f"http://127.0.0.1:{self.port}/bot"

    @property
    def file_url(self) -> str:
        """PTB's base_file_url."""
        return f"http://127.0.0.1:{self.port}/file/bot"

    async def __aenter__(self) -> "FakeBotAPI":
        await self.start()
        return self

    async def __aexit__(self, *reason: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Open the port."""
        app = web.Application(client_max_size=60_000_000)
        app.add_routes(
            [
                web.route("*", "/bot{token}/{method}", self._call),
                web.get("/file/bot{token}/documents/{name}", self._file),
                web.post("/_user", self._user),
                web.get("/_chats", self._chats),
                web.post("/_fault", self._fault),
            ]
        )
        self._runner = web.AppRunner(
            app, handler_cancellation=True, shutdown_timeout=0.05, access_log=None
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close the port and every connection."""
        await self._runner.cleanup()

    def user(self, user: int, text: str = "", **more: Any) -> dict[str, Any]:
        """Let a person do something; see bot_api_updates.People for kinds and their arguments."""
        action = {"user": user, **({"text": text} if text else {}), **more}
        made = self.methods.people.act(action)
        self._happened()
        return made

    def messages(self, chat: int) -> list[dict[str, Any]]:
        """Every message of a chat, deleted ones too, each with its `history`."""
        return self.chats.listing(chat)

    def count(self, method: str) -> int:
        """How often a method was called."""
        return sum(call["method"] == method for call in self.calls)

    async def until(self, happened: Callable[[], Any], seconds: float = 60) -> None:
        """Wait until it is so. Raises TimeoutError, with the last calls, if it does not get so."""
        end = time.monotonic() + seconds
        while not happened():
            version = self._version
            await self._changed(version, end - time.monotonic())
            if self._version == version:
                last = [(call["method"], call["status"]) for call in self.calls[-10:]]
                raise TimeoutError(f"did not happen in {seconds} s; the last calls: {last}")

    async def _changed(self, version: int, seconds: float) -> None:
        while self._version == version and seconds > 0:
            started = time.monotonic()
            try:
                await asyncio.wait_for(self._news.wait(), seconds)
            except TimeoutError:
                return
            seconds -= time.monotonic() - started

    def _happened(self) -> None:
        self._version += 1
        self._news.set()
        self._news = asyncio.Event()

    async def _call(self, request: web.Request) -> web.StreamResponse:
        """One method of the Bot API."""
        args = await arguments(request)
        call: dict[str, Any] = {
            "at": time.monotonic(),
            "method": request.match_info["method"],
            "args": {key: value for key, value in args.items() if not isinstance(value, bytes)},
            "status": 0,
            "seconds": 0.0,
        }
        self.calls.append(call)
        self._happened()
        try:
            result = await self._result(request, call["method"], args)
            reply = web.json_response({"ok": True, "result": result})
        except Refusal as refusal:
            reply = web.json_response(text=refusal.body(), status=refusal.status)
        call["status"], call["seconds"] = reply.status, time.monotonic() - call["at"]
        self._happened()
        return reply

    async def _result(self, request: web.Request, method: str, args: dict[str, Any]) -> Any:
        """What the method returns. Raises Refusal, or CancelledError when nobody is told."""
        if request.match_info["token"] != self.token:
            raise Refusal("unauthorized")
        if self.deaf:
            await asyncio.Event().wait()
        chat = args.get("chat_id")
        fault = next((one for one in self.faults if one.meets(method, chat)), None)
        if fault and not fault.process:
            await self._play(fault, request)
        if method != "getUpdates":
            self.flood.check(method, chat)
        result = await self.methods.call(method, args)
        if fault and fault.process:
            await self._play(fault, request)
        return result

    async def _play(self, fault: Fault, request: web.Request) -> None:
        self._happened()
        await asyncio.sleep(fault.delay)
        if fault.silent:
            await asyncio.Event().wait()
        if fault.drop:
            assert request.transport
            request.transport.close()
            raise asyncio.CancelledError
        if fault.says or fault.foreign:
            raise fault.refusal()

    async def _file(self, request: web.Request) -> web.Response:
        """The content of a file; faults and the log of calls name it "file"."""
        name = request.match_info["name"]
        begun = time.monotonic()
        call: dict[str, Any] = {"at": begun, "method": "file", "args": {"name": name}, "status": 0}
        self.calls.append(call)
        self._happened()
        fault = next((one for one in self.faults if one.meets("file", None)), None)
        try:
            if fault:
                await self._play(fault, request)
            content = self.methods.files.contents.get(name)
            known = content is not None and request.match_info["token"] == self.token
            reply = web.Response(body=content) if known else web.Response(status=404)
        except Refusal as refusal:
            reply = web.Response(status=refusal.status)
        call["status"], call["seconds"] = reply.status, time.monotonic() - begun
        return reply

    async def _user(self, request: web.Request) -> web.Response:
        made = self.methods.people.act(await request.json())
        self._happened()
        return web.json_response(made)

    async def _chats(self, request: web.Request) -> web.Response:
        chats = {chat: self.chats.listing(chat) for chat in self.chats.history}
        return web.json_response(chats)

    async def _fault(self, request: web.Request) -> web.Response:
        self.faults.append(Fault(**await request.json()))
        return web.Response()


async def main() -> None:
    """Serve until a signal; the base_url is the first line of the output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--speed", type=float, default=1, help="of flood control; 0 is off")
    given = parser.parse_args()
    end = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, end.set)
    async with FakeBotAPI(given.token, given.port, Flood(given.speed)) as api:
        sys.stdout.write(f"{api.url}\n")
        sys.stdout.flush()
        await end.wait()


if __name__ == "__main__":
    asyncio.run(main())
