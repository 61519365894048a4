"""From the settings to a searcher and an embedder."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from core import extras
from core.errors import UserError
from core.settings import Settings, search_with_one_thread, sleep_while_waiting
from indexer.models import (
    AUTO,
    BUILTIN,
    DEFAULT_MODEL,
    NANO,
    SERVER,
    choose,
    downloaded,
    is_model,
)

if TYPE_CHECKING:
    from indexer.embedders import Embedder
    from indexer.readers.programs import Programs
    from indexer.search.searcher import Searcher


PATIENCE = 10.0  # seconds that a question waits for a server of vectors


def make_searcher(
    settings: Settings, tell: Callable[[UserError | None], None] = lambda error: None
) -> "Searcher":
    """A searcher over the index of the settings; loads its embedder at the first question.

    `tell` is told why words alone are searched, see Searcher.
    """
    search_with_one_thread()
    from indexer.search.searcher import Searcher

    wanted = None if settings.embedder == AUTO else settings.embedder
    return Searcher(
        settings.index,
        lambda name: open_named(name, settings, PATIENCE),
        embedder=wanted,
        threshold=settings.threshold,
        weight=settings.dense_weight,
        tell=tell,
    )


def asks_a_server(settings: Settings) -> bool:
    """Tell whether vectors come from a server: one is set, and no embedder of our own is named."""
    return bool(settings.embedder_url) and settings.embedder not in (BUILTIN, NANO)


def open_named(name: str, settings: Settings, patience: float = 30.0) -> "Embedder":
    """The embedder of this name; where the settings name a server, that one's. Raises UserError."""
    sleep_while_waiting()
    from indexer.embedders import EmbedderServer, open_embedder

    server = None
    if asks_a_server(settings):
        model = "" if settings.embedder == AUTO else settings.embedder
        server = EmbedderServer(settings.embedder_url, settings.embedder_key, model, patience)
    return open_embedder(name, settings.models, settings.dense_weight, server)


def embedder_for_indexing(
    settings: Settings, rebuild: bool, say: Callable[[str], None]
) -> "Embedder":
    """The embedder to index with; says so when it is not the one a person would expect.

    Where the one of the index cannot be had, its absence is: words are indexed, vectors wait.
    """
    from indexer.embedders.absent import AbsentEmbedder
    from indexer.store.folder import recorded_identity

    made = None if rebuild else recorded_identity(settings.index)
    name = choose(settings.embedder, made.embedder if made else None, settings.models)
    if settings.embedder == AUTO and name == BUILTIN and not asks_a_server(settings):
        say(_why_builtin(settings))
    try:
        return open_named(name, settings)
    except UserError as error:
        if made is None or not _made_by(made.embedder, name, settings):
            raise
        weight = settings.dense_weight
        return AbsentEmbedder(made.embedder, made.revision, made.dimension, weight, error)


def programs(settings: Settings) -> "Programs":
    """What programs of others may take while documents are read."""
    from indexer.readers.programs import Programs

    cache = settings.state / "recognised"
    return Programs(settings.program_seconds, settings.program_memory, cache)


def _made_by(recorded: str, name: str, settings: Settings) -> bool:
    """Tell whether an index was made with the embedder that the settings ask for."""
    if not asks_a_server(settings):
        return recorded == name
    model = recorded.removeprefix(f"{SERVER}:")
    return model != recorded and settings.embedder in (AUTO, model)


def _why_builtin(settings: Settings) -> str:
    better = choose(AUTO, None, settings.models)
    if better != BUILTIN:
        return f"the index has no vectors; to use {better}: opsctl reindex --rebuild"
    if is_model(downloaded(DEFAULT_MODEL, settings.models)):
        command = extras.install_command("neural")
        return f"using the built-in embedder; to use {DEFAULT_MODEL}: {command}"
    return "using the built-in embedder; one that finds by meaning: opsctl download embedder"
