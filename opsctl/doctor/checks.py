"""The checks of `doctor`: each looks at one thing and says how to mend it."""

from collections.abc import Callable

from core.settings import Loaded, Settings
from opsctl.doctor import bot, configuration, documents, embedder, index, installation, server
from opsctl.terminal.check import Check, guarded


def run_checks(loaded: Loaded) -> list[Check]:
    """Run all checks; one that raises has failed."""
    config = loaded.settings
    probes: list[tuple[str, Callable[[Settings], Check]]] = [
        ("documents", documents.documents),
        ("state", installation.state),
        ("disk", installation.disk),
        ("embedder", embedder.embedder),
        ("index", index.index),
        ("files", documents.files),
        ("programs", documents.programs),
        ("token", lambda _: bot.token(loaded)),
        ("telegram", bot.telegram),
        ("people", bot.people),
        ("service", bot.service),
        ("reindex", index.reindex),
    ]
    return [
        installation.python(),
        installation.sqlite(),
        configuration.project(loaded),
        *configuration.settings(loaded),
        *(guarded(name, probe, config) for name, probe in probes),
        *server.server(config),
    ]
