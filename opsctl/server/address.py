"""The port of the model server on this machine, and a GET without a library."""

import http.client
import socket
from urllib.parse import urlsplit

from assistant.server.record import is_of_this_machine
from core.errors import UsageError


def port_of(url: str) -> int:
    """The port that a server of this machine is to listen on; UsageError when it is elsewhere."""
    parts = urlsplit(url)
    if not is_of_this_machine(url):
        raise UsageError(
            f"OPSCTL_SERVER_URL is {url}, which is not a server of this machine",
            "to start none and use that one: opsctl start --server none",
        )
    return parts.port or 80


def is_port_taken(port: int) -> bool:
    """Tell whether something listens on a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """A port of this machine on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(url: str, path: str, seconds: float = 10) -> tuple[int, bytes]:
    """GET without a library: status and body; OSError when nobody answers in time."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=seconds)
    try:
        connection.request("GET", parts.path.rstrip("/") + path)
        reply = connection.getresponse()
        return reply.status, reply.read()
    except http.client.HTTPException as error:
        raise OSError(f"no HTTP there: {error}") from error
    finally:
        connection.close()
