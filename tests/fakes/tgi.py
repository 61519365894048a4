"""A fake TGI 3.3.7: python -m tests.fakes.tgi --port 8080 --fault cut --after 5.

Its routes, errors and streams are those of docs/tgi.md; POST /_control changes how it plays,
GET /_requests tells what it saw.
"""

import argparse
import asyncio
import dataclasses
import json
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from aiohttp import web

from tests.fakes.tgi_answers import Answers, BadBody, json_body, json_error, json_reply
from tests.fakes.tgi_checks import template, type_error
from tests.fakes.tgi_model import BOS, tokenize
from tests.fakes.tgi_play import FAULTS, Log, Play

OPEN = ("/_control", "/_requests")
PAYLOAD_LIMIT = 262_144  # of deploy/tgi.env


class FakeTGI:
    """The server, inside the running event loop: `async with FakeTGI(Play()) as server`."""

    def __init__(
        self,
        play: Play | None = None,
        port: int = 0,
        host: str = "127.0.0.1",
        log_file: Path | None = None,
    ) -> None:
        self.port = port
        self._host = host
        self._answers = Answers(play or Play(), log_file)
        self._peers: set[Any] = set()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{self._host}:{self.port}"

    @property
    def play(self) -> Play:
        """What it is told to be; may be set at any time."""
        return self._answers.play

    @play.setter
    def play(self, play: Play) -> None:
        self._answers.play = play

    @property
    def log(self) -> Log:
        """What happened so far."""
        return self._answers.log

    async def __aenter__(self) -> "FakeTGI":
        await self.start()
        return self

    async def __aexit__(self, *reason: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Open the port; until then connections are refused, as at TGI before its warm-up ends."""
        app = web.Application(middlewares=[self._gate], client_max_size=PAYLOAD_LIMIT)
        app.add_routes(self._routes())
        self._runner = web.AppRunner(
            app, handler_cancellation=True, shutdown_timeout=0.05, access_log=None
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self.port, reuse_address=True).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close the port and every connection."""
        await self._runner.cleanup()

    async def until(self, happened: Callable[[Log], bool]) -> None:
        """Wait until the log says so."""
        while not happened(self.log):
            await self._answers.news.wait()

    def _routes(self) -> list[web.RouteDef]:
        answers = self._answers
        return [
            web.get("/", self._health),
            web.get("/health", self._health),
            web.get("/ping", self._health),
            web.get("/info", self._info),
            web.get("/metrics", self._metrics),
            web.get("/v1/models", self._models),
            web.post("/", answers.generate),
            web.post("/generate", answers.generate),
            web.post("/generate_stream", answers.generate),
            web.post("/tokenize", self._tokenize),
            web.post("/v1/chat/completions", answers.chat),
            web.post("/v1/completions", answers.complete),
            web.post("/chat_tokenize", self._chat_tokenize),
            web.post("/_control", self._control),
            web.get("/_requests", self._requests),
        ]

    @web.middleware
    async def _gate(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """API key, then the route; 404 and 405 have empty bodies."""
        assert request.transport
        self._peers.add(request.transport.get_extra_info("peername"))
        self.log.connections = len(self._peers)
        guarded = request.method == "POST" and request.path not in OPEN and self.play.api_key
        expected = f"bearer {self.play.api_key}".lower()
        if guarded and request.headers.get("Authorization", "").lower() != expected:
            return web.Response(status=401)
        try:
            return await handler(request)
        except BadBody as error:
            return web.Response(status=error.status, text=str(error))
        except web.HTTPException as error:
            return web.Response(status=error.status)

    async def _health(self, _: web.Request) -> web.Response:
        await asyncio.sleep(self.play.health_delay)
        return web.Response() if self.play.healthy else json_error(503, "healthcheck", "unhealthy")

    async def _info(self, _: web.Request) -> web.Response:
        return json_reply(
            {
                "model_id": self.play.model_id,
                "model_sha": None,
                "model_pipeline_tag": None,
                "max_concurrent_requests": self.play.max_concurrent,
                "max_best_of": 1,
                "max_stop_sequences": 4,
                "max_input_tokens": self.play.max_input,
                "max_total_tokens": self.play.max_total,
                "validation_workers": 2,
                "max_client_batch_size": 1,
                "router": "text-generation-router",
                "version": "3.3.6-dev0",
                "sha": "dfb3fbe78e0d1d69251bd33065591c61bafdfaa8",
                "docker_label": None,
            }
        )

    async def _metrics(self, _: web.Request) -> web.Response:
        if not self.log.requests:
            return web.Response()
        lines = (
            "# TYPE tgi_request_count counter",
            f"tgi_request_count {len(self.log.requests)}",
            "# TYPE tgi_queue_size gauge",
            "tgi_queue_size 0",
            "# TYPE tgi_batch_current_size gauge",
            f"tgi_batch_current_size {self.log.running}",
            'tgi_request_queue_duration_bucket{le="0.00015"} 0',
        )
        return web.Response(text="\n".join(lines) + "\n")

    async def _models(self, _: web.Request) -> web.Response:
        name = self.play.model_id
        model = {"id": name, "object": "model", "created": 0, "owned_by": name}
        return json_reply({"object": "list", "data": [model]})

    async def _control(self, request: web.Request) -> web.Response:
        try:
            self.play = self.play.changed(**json.loads(await request.text()))
        except (ValueError, TypeError) as error:
            return web.Response(status=400, text=str(error))
        return json_reply(dataclasses.asdict(self.play))

    async def _requests(self, _: web.Request) -> web.Response:
        return json_reply(self.log.wire())

    async def _tokenize(self, request: web.Request) -> web.Response:
        body = await json_body(request)
        if text := type_error(body):
            return web.Response(status=422, text=text)
        spans = [(BOS, "", 0, 0), *tokenize(body["inputs"])]
        if self.play.zero_offsets:
            spans = [(number, "", 0, 0) for number, _, _, _ in spans]
        return json_reply([_span(*span) for span in spans])

    async def _chat_tokenize(self, request: web.Request) -> web.Response:
        prompt, problem = template((await json_body(request))["messages"])
        if problem:
            return json_error(422, "template_error", problem)
        spans = [_span(*span) for span in tokenize(prompt)]
        return json_reply({"tokenize_response": spans, "templated_text": f"<s>{prompt}"})


def _span(number: int, text: str, start: int, stop: int) -> dict[str, Any]:
    return {"id": number, "text": text, "start": start, "stop": stop}


def parse(argv: list[str]) -> argparse.Namespace:
    """The command line: a flag for every field of Play."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ready-after", type=float, default=0, metavar="S")
    parser.add_argument("--fault", choices=FAULTS)
    parser.add_argument("--log", type=Path, help="a file for a line of each answer, as TGI's log")
    for item in dataclasses.fields(Play):
        flag = f"--{item.name.replace('_', '-')}"
        if item.name == "adapters":
            parser.add_argument(flag, default=",".join(Play.adapters), metavar="A,B")
        elif item.name in ("api_key", "model_id", "places"):
            kind = int if item.name == "places" else str
            parser.add_argument(flag, type=kind, default=item.default)
        elif isinstance(item.default, bool):
            action = argparse.BooleanOptionalAction
            parser.add_argument(flag, action=action, default=item.default)
        elif item.name != "fault":
            parser.add_argument(flag, type=type(item.default), default=item.default)
    return parser.parse_args(argv)


async def serve(args: argparse.Namespace) -> None:
    """Run until SIGTERM or Ctrl-C; the first line on stdout is the address."""
    await asyncio.sleep(args.ready_after)
    fields = {item.name: getattr(args, item.name) for item in dataclasses.fields(Play)}
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with FakeTGI(Play().changed(**fields), args.port, args.host, args.log) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(serve(parse(sys.argv[1:])))
