"""From the settings to a searcher and an embedder."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from assistant.settings import Settings, search_with_one_thread
from indexer import extras
from indexer.models import AUTO, BUILTIN, DEFAULT_MODEL, choose, downloaded, is_model

if TYPE_CHECKING:
    from indexer.embedders import Embedder
    from indexer.search import Searcher


def make_searcher(settings: Settings) -> "Searcher":
    """A searcher over the index of the settings; loads its embedder at the first question."""
    search_with_one_thread()
    from indexer.search import Searcher

    def open_named(name: str) -> "Embedder":
        from indexer.embedders import open_embedder

        return open_embedder(name, settings.models, settings.dense_weight)

    wanted = None if settings.embedder == AUTO else settings.embedder
    return Searcher(settings.index, open_named, embedder=wanted, threshold=settings.threshold)


def embedder_for_indexing(
    settings: Settings, rebuild: bool, say: Callable[[str], None]
) -> "Embedder":
    """The embedder to index with; says so when it is not the one a person would expect."""
    from indexer.embedders import open_embedder
    from indexer.folder import recorded_embedder

    recorded = None if rebuild else recorded_embedder(settings.index)
    name = choose(settings.embedder, recorded, settings.models)
    if settings.embedder == AUTO and name == BUILTIN:
        if not is_model(downloaded(DEFAULT_MODEL, settings.models)):
            say("using the built-in embedder; one that finds by meaning: opsctl download embedder")
        elif not extras.is_installed("neural"):
            command = extras.install_command("neural")
            say(f"using the built-in embedder; to use {DEFAULT_MODEL}: {command}")
        else:
            say(f"the index has no vectors; to use {DEFAULT_MODEL}: opsctl reindex --rebuild")
    return open_embedder(name, settings.models, settings.dense_weight)
