"""opsctl restart: stop the model server and start it again."""

from opsctl.commands.start import Minutes, Model, ServerKind, bring


def restart(server: ServerKind = "auto", model: Model = None, timeout: Minutes = 15) -> None:
    """Start the model server anew: the same kind as before unless --server says so."""
    bring(server, model, timeout, anew=True)
