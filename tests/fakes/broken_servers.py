"""Servers on 127.0.0.1 that are wrong below HTTP: silent, breaking off, with a bad certificate."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: a close is a reset


@contextmanager
def serving(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """Give each connection to `serve`, which returns when it is done with it; the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    serve(server.accept()[0])

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


@contextmanager
def silent() -> Iterator[int]:
    """Takes connections, and says nothing."""
    kept: list[socket.socket] = []
    with serving(kept.append) as port:
        yield port
    for one in kept:
        one.close()


def resetting() -> AbstractContextManager[int]:
    """Reads the beginning of a request, and resets the connection."""

    def reset(connection: socket.socket) -> None:
        with connection:
            connection.recv(1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)

    return serving(reset)


def with_certificate(path: Path, days: int) -> AbstractContextManager[int]:
    """Speaks TLS with a new certificate of its own, written to `path`; valid up to these days."""
    make_certificate(path, days)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)

    def shake(connection: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(1)

    return serving(shake)


def make_certificate(path: Path, days: int) -> None:
    """A certificate for 127.0.0.1 that nobody signed, with its key; one of -1 days has expired."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    end = datetime.now(UTC) + timedelta(days=days)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(end - timedelta(days=10))
        .not_valid_after(end)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(pem))
