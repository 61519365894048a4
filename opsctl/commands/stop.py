"""opsctl stop: end the model server."""

from assistant import settings
from opsctl import output


def stop() -> None:
    """Stop the model server; it may finish the answers it is at."""
    from opsctl.server.launch import bring_down

    config = settings.load()
    output.note("stopped" if bring_down(config) else "nothing is running")
