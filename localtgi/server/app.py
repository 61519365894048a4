"""The application: the routes that opsctl asks, the API key, and errors in TGI's two families."""

import hmac
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

from aiohttp import web

from localtgi.model.language import Piece
from localtgi.server import sse
from localtgi.server.errors import BadBody, told, unhealthy
from localtgi.server.requests import GenerateRequest, read_request
from localtgi.server.service import Answer, Service

BODY_LIMIT = 2_000_000  # bytes, TGI's default PAYLOAD_LIMIT
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Context:
    """The running server."""

    service: Service
    model_id: str
    api_key: str | None = None


CONTEXT: web.AppKey[Context] = web.AppKey("context")


def make_app(context: Context) -> web.Application:
    """The application of a loaded model."""
    app = web.Application(middlewares=[_errors, _api_key], client_max_size=BODY_LIMIT)
    app[CONTEXT] = context
    app.add_routes(
        [
            web.post("/generate_stream", generate_stream),
            web.post("/tokenize", tokenize),
            web.get("/health", health),
            web.get("/info", info),
            web.get("/metrics", metrics),
        ]
    )
    return app


async def generate_stream(request: web.Request) -> web.StreamResponse:
    """POST /generate_stream: an event for each token, the last with the whole text."""
    asked = read_request(await request.read())
    return await sse.respond(request, _events(request.app[CONTEXT].service, asked))


async def tokenize(request: web.Request) -> web.Response:
    """POST /tokenize: the tokens of `inputs`, BOS included."""
    asked = read_request(await request.read())
    service = request.app[CONTEXT].service
    body = await service.aside(lambda: _tokens(service.model.pieces(asked.inputs)))
    return web.Response(body=body, content_type="application/json")


async def health(request: web.Request) -> web.Response:
    """GET /health: the port opens only when the model is ready."""
    if not await request.app[CONTEXT].service.healthy():
        raise unhealthy()
    return web.Response()


async def info(request: web.Request) -> web.Response:
    """GET /info: the model and the limits."""
    context = request.app[CONTEXT]
    limits = asdict(context.service.limits)
    about = {
        "model_id": context.model_id,
        **limits,
        "router": "localtgi",
        "version": version("opsctl"),
    }
    return json_response(about)


async def metrics(request: web.Request) -> web.Response:
    """GET /metrics: how many requests wait and run, in Prometheus' text format."""
    service = request.app[CONTEXT].service
    gauges = {"tgi_queue_size": service.waiting, "tgi_batch_current_size": service.running}
    lines = (f"# TYPE {name} gauge\n{name} {value}\n" for name, value in gauges.items())
    return web.Response(text="".join(lines))


def json_response(data: Any, status: int = 200) -> web.Response:
    """JSON as TGI writes it: UTF-8, no \\u escapes."""
    body = json.dumps(data, ensure_ascii=False).encode()
    return web.Response(body=body, status=status, content_type="application/json")


async def _events(service: Service, asked: GenerateRequest) -> AsyncGenerator[bytes, None]:
    try:
        async with aclosing(service.run(asked)) as steps:
            async for step in steps:
                yield sse.event(
                    {
                        "index": step.index,
                        "token": asdict(step.token),
                        "generated_text": step.answer.text if step.answer else None,
                        "details": _details(step.answer) if asked.details else None,
                    }
                )
    except Exception as error:
        refusal = told(error)
        yield sse.event({"error": refusal.text, "error_type": refusal.kind})


def _details(answer: Answer | None) -> dict[str, Any] | None:
    if answer is None:
        return None
    return {
        "finish_reason": answer.finish_reason,
        "generated_tokens": answer.tokens,
        "seed": None,
        "input_length": answer.input_length,
    }


def _tokens(pieces: list[Piece]) -> bytes:
    # Piece by piece, because a call of json.dumps keeps the event loop waiting until its end.
    tokens = (json.dumps(vars(piece), ensure_ascii=False) for piece in pieces)
    return f"[{', '.join(tokens)}]".encode()


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except BadBody as error:
        return web.Response(text=error.text, status=error.status)
    except web.HTTPException as error:
        return web.Response(status=error.status)  # 404, 405 and 413 are empty
    except Exception as error:
        refusal = told(error)
        body = {"error": refusal.text, "error_type": refusal.kind}
        return json_response(body, status=refusal.status)


@web.middleware
async def _api_key(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Ask for the key on every POST. As TGI compares it: the whole header, in any case."""
    key = request.app[CONTEXT].api_key
    if key is not None and request.method == "POST" and request.match_info.http_exception is None:
        given, wanted = request.headers.get("Authorization", ""), f"bearer {key}"
        if not hmac.compare_digest(_lower(given), _lower(wanted)):
            return web.Response(status=401)
    return await handler(request)


def _lower(text: str) -> bytes:
    # Bytes that are no UTF-8 come as surrogates, from a header as from the environment.
    return text.lower().encode(errors="surrogateescape")
