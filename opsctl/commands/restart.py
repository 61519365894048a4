"""opsctl restart: stop the model server and start it again."""

from assistant import settings
from opsctl import output
from opsctl.commands.start import Minutes, Model, ServerKind, start


def restart(server: ServerKind = "auto", model: Model = None, timeout: Minutes = 15) -> None:
    """Stop the model server, then start it: the same kind as before unless --server says so."""
    from opsctl.server.launch import bring_down
    from opsctl.server.services import read_record

    config = settings.load()
    record = read_record(config)
    if record and record.wanted != "none" and server == "auto":
        server = record.wanted
        model = (model or record.model or None) if server == "local" else None
    if bring_down(config):
        output.note("stopped")
    start(server=server, model=model, timeout=timeout, dry_run=False)
