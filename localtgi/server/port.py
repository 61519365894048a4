"""The port: taken before the model is loaded, opened when it is ready."""

import socket

from localtgi.model.errors import StartError


def reserve(host: str, port: int) -> socket.socket:
    """Bind a port without listening yet: taken ports are named before the model is loaded."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise not_opened(host, port, error) from error
    return sock


def not_opened(host: str, port: int, error: OSError) -> StartError:
    """Say why a port cannot be opened."""
    return StartError(f"port {port} on {host} cannot be opened ({error.strerror})")
