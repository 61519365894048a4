"""What every route needs: the service, the name of the model, and how to read a body."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from aiohttp import web

from localtgi.errors import BadBody
from localtgi.service import Service

CONTEXT: web.AppKey["Context"] = web.AppKey("context")


@dataclass(frozen=True)
class Context:
    """The running server."""

    service: Service
    model_id: str
    api_key: str | None = None

    @property
    def compute_type(self) -> str:
        """TGI's name for the hardware: how many of what."""
        device = self.service.model.device
        name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
        return "1-" + name.lower().replace(" ", "-")


async def read_json(request: web.Request) -> Any:
    """The JSON of a body. Raise BadBody as TGI's framework does."""
    kind = request.content_type
    if kind != "application/json" and not (kind.startswith("application/") and "+json" in kind):
        raise BadBody(415, "Expected request with `Content-Type: application/json`")
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        text = "Failed to buffer the request body: length limit exceeded"
        raise BadBody(413, text) from None
    try:
        value = json.loads(body, parse_constant=_no_constant)
        json.dumps(value, ensure_ascii=False).encode()  # a lone surrogate is a ValueError
        return value
    except (ValueError, RecursionError) as error:
        raise BadBody(400, f"Failed to parse the request body as JSON: {error}") from error


def json_response(
    data: Any, headers: Mapping[str, str] | None = None, status: int = 200
) -> web.Response:
    """JSON as TGI writes it: UTF-8, no \\u escapes."""
    body = json.dumps(data, ensure_ascii=False).encode()
    kind = {"Content-Type": "application/json"}
    return web.Response(body=body, status=status, headers={**kind, **(headers or {})})


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
