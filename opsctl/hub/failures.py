"""Why a download failed, in one sentence, with the next step."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import UserError
from core.files import access_hint

GO_ON = "what was fetched is kept; the same command goes on with it"
AGAIN = "look at the network, then the same command"
NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
TRY_LATER = (429, 500, 502, 503, 504)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Tell a full disk and a folder without the right to write in words."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise on_disk(error, folder) from error


def on_disk(error: OSError, folder: Path) -> UserError:
    reason = error.strerror or type(error).__name__
    if error.errno in NO_ROOM:
        return UserError(
            f"no room for the download in {folder} ({reason})", f"free some space (df -h); {GO_ON}"
        )
    place = error.filename or folder
    return UserError(f"{place} cannot be written ({reason})", access_hint(folder))


def explain(error: Exception, host: str, repo: str, revision: str, folder: Path) -> UserError:
    """Turn what huggingface_hub raised into words; nothing of its own text is repeated."""
    from huggingface_hub.errors import FileMetadataError, OfflineModeIsEnabled

    error = root(error)
    response = getattr(error, "response", None)
    if response is not None:
        return _refused(response, host, repo, revision)
    if isinstance(error, OSError) and error.errno is not None:
        return on_disk(error, folder)
    if "SOCKS" in str(error):  # InvalidSchema of requests, ValueError of urllib3
        return UserError(
            f"the Hub's client does not speak to the SOCKS proxy of the environment, so {host} is"
            " not asked",
            "pip install PySocks, and socks5h:// in HTTPS_PROXY; or an HTTP proxy there; or a"
            " mirror without one: OPSCTL_HF_ENDPOINT and NO_PROXY",
        )
    if isinstance(error, OfflineModeIsEnabled):
        return UserError("HF_HUB_OFFLINE forbids asking the Hub", "unset HF_HUB_OFFLINE")
    if isinstance(error, (FileMetadataError, ValueError, KeyError, TypeError)):
        return UserError(
            f"{host} does not answer as the Hub does ({type(error).__name__})",
            "check that no proxy or login page is in between; opsctl doctor --settings shows"
            " OPSCTL_HF_ENDPOINT",
        )
    return UserError(f"{_network(error, host)}", f"look at the network; {GO_ON}")


def root(error: Exception) -> Exception:
    """What happened, without the wrapper that speaks of the cache."""
    from huggingface_hub.errors import LocalEntryNotFoundError

    if isinstance(error, LocalEntryNotFoundError) and isinstance(error.__cause__, Exception):
        return error.__cause__
    return error


def is_passing(error: BaseException) -> bool:
    """Whether a failed question to the Hub may be asked again: it was busy or broke off."""
    response = getattr(error, "response", None)
    if response is not None:
        return response.status_code in TRY_LATER
    return is_cut(error)


def is_cut(error: BaseException) -> bool:
    """Whether the connection broke while it was in use."""
    from requests import exceptions

    if not isinstance(error, Exception):
        return False
    error = root(error)
    if isinstance(error, exceptions.ConnectionError):
        return _reason(error) is ConnectionResetError
    if isinstance(error, exceptions.RequestException):
        return isinstance(error, (exceptions.ChunkedEncodingError, exceptions.Timeout))
    return type(error) is OSError and error.errno is None  # the file has not the promised length


def _refused(response: object, host: str, repo: str, revision: str) -> UserError:
    status = getattr(response, "status_code", 0)
    code = getattr(response, "headers", {}).get("X-Error-Code")
    sent = "Authorization" in getattr(getattr(response, "request", None), "headers", {})
    if code == "GatedRepo" or status == 403:
        return UserError(
            f"{repo} on {host} is closed to this account ({status})",
            f"accept its terms at https://{host}/{repo}, then set OPSCTL_HF_TOKEN in .env",
        )
    if status == 401:
        told = "the token is not accepted" if sent else "it is closed, or does not exist"
        return UserError(
            f"{host} does not give {repo}: {told} (401)", "set OPSCTL_HF_TOKEN in .env"
        )
    if code == "RevisionNotFound":
        hint = "take what there is now: opsctl download --upgrade"
        return UserError(f"{repo} on {host} has no revision {revision} any more", hint)
    if status == 404:
        return UserError(
            f"{host} has no {repo} ({code or status})",
            "opsctl doctor --settings shows OPSCTL_HF_ENDPOINT; or: opsctl download --upgrade",
        )
    if status in TRY_LATER:
        return UserError(f"{host} is busy or broken now ({status})", f"try later; {GO_ON}")
    return UserError(f"{host} refuses {repo} ({status})", GO_ON)


def _network(error: Exception, host: str) -> str:
    from requests import exceptions

    if isinstance(error, exceptions.SSLError):
        return f"{host} has no certificate that this machine trusts"
    if isinstance(error, exceptions.ProxyError):
        return f"the proxy on the way to {host} does not answer"
    if isinstance(error, exceptions.Timeout):
        return f"{host} does not answer in time"
    if is_cut(error):
        return f"the connection to {host} broke off"
    reason = _reason(error)
    if reason is socket.gaierror:
        return f"the name {host} cannot be found: no network, or no DNS"
    if reason is ConnectionRefusedError:
        return f"nothing answers at {host}"
    return f"{host} cannot be reached ({type(error).__name__})"


def _reason(error: BaseException | None) -> type[OSError] | None:
    """The kind of socket error at the bottom of a chain of network errors."""
    while error is not None:
        for kind in (socket.gaierror, ConnectionRefusedError, ConnectionResetError):
            if isinstance(error, kind):
                return kind
        error = error.__cause__ or error.__context__
    return None
