"""The application: its routes, the API key, and errors in TGI's two families."""

import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict

from aiohttp import web

from localtgi import __version__, chat, native
from localtgi.context import CONTEXT, Context, json_response, read_json
from localtgi.errors import BadBody, told, unhealthy
from localtgi.model import Piece
from localtgi.parameters import read_generate
from localtgi.validation import MAX_BEST_OF, MAX_STOP_SEQUENCES

BODY_LIMIT = 2_000_000  # bytes, TGI's default PAYLOAD_LIMIT
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_app(context: Context) -> web.Application:
    """The application of a loaded model."""
    app = web.Application(middlewares=[_errors, _api_key], client_max_size=BODY_LIMIT)
    app[CONTEXT] = context
    app.on_response_prepare.append(_no_type_without_body)
    app.add_routes(
        [
            web.post("/", native.either),
            web.post("/generate", native.generate),
            web.post("/generate_stream", native.generate_stream),
            web.post("/v1/chat/completions", chat.completions),
            web.post("/tokenize", tokenize),
            *[web.get(path, health) for path in ("/", "/health", "/ping")],
            web.get("/info", info),
            web.get("/v1/models", models),
            web.get("/metrics", metrics),
        ]
    )
    return app


async def health(request: web.Request) -> web.Response:
    """GET /, /health, /ping: the port opens only when the model is ready."""
    if not await request.app[CONTEXT].service.healthy():
        raise unhealthy()
    return web.Response()


async def info(request: web.Request) -> web.Response:
    """GET /info: the model and the limits."""
    context = request.app[CONTEXT]
    about = {
        "model_id": context.model_id,
        "model_sha": None,
        "model_pipeline_tag": None,
        **asdict(context.service.limits),
        "max_best_of": MAX_BEST_OF,
        "max_stop_sequences": MAX_STOP_SEQUENCES,
        "validation_workers": 1,
        "max_client_batch_size": 1,
        "router": "localtgi",
        "version": __version__,
        "sha": None,
        "docker_label": None,
    }
    return json_response(about)


async def models(request: web.Request) -> web.Response:
    """GET /v1/models: the one model, as in TGI never its adapters."""
    name = request.app[CONTEXT].model_id
    entry = {"id": name, "object": "model", "created": 0, "owned_by": name}
    return json_response({"object": "list", "data": [entry]})


async def metrics(request: web.Request) -> web.Response:
    """GET /metrics."""
    return web.Response(text=request.app[CONTEXT].service.metrics.text())


async def tokenize(request: web.Request) -> web.Response:
    """POST /tokenize: the tokens of `inputs`, BOS included."""
    asked = read_generate(await read_json(request))
    service = request.app[CONTEXT].service
    body = await service.aside(lambda: _tokens(service.model.pieces(asked.inputs)))
    return web.Response(body=body, content_type="application/json")


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
        allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
        return web.Response(status=error.status, headers=allow)  # 404 and 405 are empty
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


async def _no_type_without_body(request: web.Request, response: web.StreamResponse) -> None:
    if isinstance(response, web.Response) and not response.body:
        response.headers.pop("Content-Type", None)
