"""The embedder."""

from core import extras
from core.settings import Settings
from opsctl.terminal.check import Check


def embedder(config: Settings) -> Check:
    """Which embedder is used, and whether it can be."""
    from assistant.retrieve import asks_a_server, open_named
    from indexer.models import (
        BUILTIN,
        DEFAULT_MODEL,
        NANO,
        SERVER,
        choose,
        engine,
        locate,
        not_here,
    )
    from indexer.store.folder import recorded_identity

    made_by = recorded_identity(config.index)
    recorded = made_by.embedder if made_by else None
    name = choose(config.embedder, recorded, config.models)
    if asks_a_server(config) or name == NANO or name.startswith(f"{SERVER}:"):
        made = open_named(name, config)
        detail = f"{made.name}, {made.dimension} numbers a text"
        if recorded in (BUILTIN, NANO) and asks_a_server(config):
            detail = f"{detail}; OPSCTL_EMBEDDER_URL is not used: {recorded} made the index"
            return Check("embedder", "warning", detail, "opsctl reindex --rebuild")
        return Check("embedder", "ok", detail)
    if name == BUILTIN:
        why = f"because {DEFAULT_MODEL} is not on this machine"
        if locate(DEFAULT_MODEL, config.models):
            why = f"for {DEFAULT_MODEL}: {extras.install_command('neural')}"
        if BUILTIN in (recorded, config.embedder):
            made_with = recorded == BUILTIN
            why = "with which the index was made" if made_with else "as OPSCTL_EMBEDDER says"
        return Check("embedder", "ok", f"built-in, {why}")
    folder = locate(name, config.models)
    if folder is None:
        raise not_here(name)
    extras.check(engine(folder))
    return Check("embedder", "ok", f"{name} in {folder}")
