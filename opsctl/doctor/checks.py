"""The checks of `doctor`: each looks at one thing and says how to mend it."""

from collections.abc import Callable

from core.settings import Loaded, Settings
from opsctl.doctor import bot, configuration, documents, embedder, index, installation, server
from opsctl.doctor.corpus import Corpus
from opsctl.terminal.check import Check, guarded


def run_checks(loaded: Loaded) -> list[Check]:
    """Run all checks; one that raises has failed."""
    config = loaded.settings
    corpus = Corpus(config)
    probes: list[tuple[str, Callable[[Settings], Check]]] = [
        ("documents", lambda _: documents.documents(corpus)),
        ("state", installation.state),
        ("disk", installation.disk),
        ("embedder", embedder.embedder),
        ("index", lambda _: index.index(corpus)),
        ("files", lambda _: documents.files(corpus)),
        ("programs", lambda _: documents.programs(corpus)),
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
