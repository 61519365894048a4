"""The checks of `doctor`: each looks at one thing and says how to mend it."""

import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from core import extras
from core.errors import UserError
from core.files import access_hint, private_folder
from core.settings import Loaded, Settings
from core.text import counted
from opsctl.doctor.unknown import in_words
from opsctl.hub.folders import free_bytes
from opsctl.terminal.check import Check, Result, guarded

FREE_BYTES = 1 << 30


def run_checks(loaded: Loaded) -> list[Check]:
    """Run all checks; one that raises has failed."""
    config = loaded.settings
    probes: list[tuple[str, Callable[[Settings], Check]]] = [
        ("documents", _documents),
        ("state", _state),
        ("disk", _disk),
        ("embedder", _embedder),
        ("index", _index),
        ("files", _files),
        ("programs", _programs),
        ("token", lambda _: _token(loaded)),
        ("telegram", _telegram),
        ("people", _people),
        ("service", _service),
        ("reindex", _reindex),
    ]
    return [
        _python(),
        _sqlite(),
        _project(loaded),
        *_settings(loaded),
        *(guarded(name, probe, config) for name, probe in probes),
        *_server(config),
    ]


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    if (3, 11) <= sys.version_info < (3, 15):
        return Check("python", "ok", version)
    return Check(
        "python", "failed", f"{version}, not 3.11 to 3.14", "make install PYTHON=python3.11"
    )


def _sqlite() -> Check:
    try:
        sqlite3.connect(":memory:").execute("SELECT value FROM json_each('[1]')")
    except sqlite3.OperationalError:
        fix = "use a Python whose SQLite has JSON (Debian's and python.org's have)"
        return Check("sqlite", "failed", f"{sqlite3.sqlite_version} without JSON", fix)
    return Check("sqlite", "ok", f"{sqlite3.sqlite_version} with JSON")


def _project(loaded: Loaded) -> Check:
    above = Path.cwd().is_relative_to(loaded.root)
    return Check("project", "ok", f"{loaded.root}{'' if above else ', not the current folder'}")


def _settings(loaded: Loaded) -> list[Check]:
    """One for each kind of fault, or the one that says that there is none."""
    found = []
    if loaded.passed_over:
        fix = "for Telegram: OPSCTL_TELEGRAM_PROXY in .env; for downloads: export it in the shell"
        found.append((f"not read from .env: {', '.join(loaded.passed_over)}", fix))
    if loaded.unknown:
        found.append((f"unknown: {in_words(loaded.unknown)}", "opsctl doctor --settings"))
    if told := loaded.ignored_lines():
        found.append((told, "write NAME=value, or # before a comment"))
    if unusable := _notice(loaded.settings):
        found.append((unusable.message, unusable.hint))
    if found:
        return [Check("settings", "warning", *words) for words in found]
    given = sum(origin != "default" for origin in loaded.origins.values())
    count = "1 setting is set" if given == 1 else f"{given} settings are set"
    return [Check("settings", "ok", f"{count}, the rest are defaults")]


def _notice(config: Settings) -> UserError | None:
    """What is wrong with the operator's own words, without which the bot does not start."""
    if config.notice is None:
        return None
    from bot.texts.about import read_notice

    try:
        read_notice(config.notice)
    except UserError as error:
        return error
    return None


def _documents(config: Settings) -> Check:
    from indexer.sync.documents import PUT_FILES, list_documents

    listing = list_documents(config.documents)
    detail = f"{counted(len(listing.files), 'file')} in {config.documents}"
    if not listing.files:
        return Check(
            "documents",
            "failed",
            detail,
            PUT_FILES,
        )
    return Check("documents", "ok", detail)


def _state(config: Settings) -> Check:
    try:
        private_folder(config.state)
        probe = config.state / ".doctor"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        return Check(
            "state", "failed", f"{config.state} cannot be written ({error.strerror})",
            access_hint(config.state),
        )  # fmt: skip
    return Check("state", "ok", f"{config.state} can be written")


def _disk(config: Settings) -> Check:
    free = free_bytes(config.state)
    detail = f"{free / (1 << 30):.1f} GiB free for {config.state}"
    if free < FREE_BYTES:
        return Check("disk", "failed", detail, "free some space, or move it: OPSCTL_STATE=DIR")
    return Check("disk", "ok", detail)


def _embedder(config: Settings) -> Check:
    from assistant.retrieve import asks_a_server, open_named
    from indexer.embedders.models import (
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


def _index(config: Settings) -> Check:
    from indexer.embedders.models import AUTO, SERVER
    from indexer.store.folder import IndexFolder
    from indexer.store.vector_rows import FAILED
    from indexer.sync.documents import list_documents
    from indexer.sync.plan import make_plan

    with closing(IndexFolder(config.index).open()) as store:
        damage = store.damage()
        if damage:
            return Check("index", "failed", f"damaged: {damage}", "opsctl reindex --rebuild")
        made = store.identity().embedder
        if config.embedder not in (AUTO, made.removeprefix(f"{SERVER}:")):
            detail = f"made with {made}, and OPSCTL_EMBEDDER is {config.embedder}"
            return Check("index", "failed", detail, "opsctl reindex --rebuild")
        counts = store.counts()
        detail = f"{counted(counts.documents, 'document')}, {counted(counts.chunks, 'passage')}"
        plan = make_plan(config.documents, list_documents(config.documents), store)
        _, waiting = store.count_vectors()
        failed = store.meta().get(FAILED)
    behind = plan.work + len(plan.removed)
    if behind:
        return Check(
            "index", "warning", f"{detail}, {counted(behind, 'file')} behind", "opsctl reindex"
        )
    if waiting:
        rows = counted(waiting, "row or sentence", "rows and sentences")
        why = f" ({failed})" if failed else ""
        return Check(
            "index", "warning", f"{detail}, {rows} without a vector{why}", "opsctl reindex"
        )
    return Check("index", "ok", f"{detail}, up to date")


def _files(config: Settings) -> Check:
    from indexer.store.folder import IndexFolder
    from indexer.sync.documents import list_documents
    from opsctl.index import unread

    folder = IndexFolder(config.index)
    if not folder.store_path():
        return Check("files", "warning", "none was read yet", "opsctl reindex")
    with closing(folder.open()) as store:
        failed = {path: row[1] for path, row in store.problems().items()}
        problems, gaps = _not_waiting(failed), _not_waiting(store.gaps())
    if problems:
        path, reason = next(iter(sorted(problems.items())))
        detail = f"{len(problems)} could not be read, such as {path}: {reason}"
        return Check("files", "warning", detail, "opsctl status lists them")
    if kinds := unread.without_reader(list_documents(config.documents).skipped):
        return Check("files", "warning", f"no reader for {unread.in_words(kinds)}", unread.FIX)
    if gaps:
        path, reason = next(iter(gaps.items()))
        detail = f"{len(gaps)} could be read in part only, such as {path}: {reason}"
        return Check("files", "warning", detail, "opsctl status lists them")
    return Check("files", "ok", "every document could be read")


def _not_waiting(reasons: dict[str, str]) -> dict[str, str]:
    from indexer.readers import waiting

    return {path: reason for path, reason in reasons.items() if not waiting.is_all(reason)}


def _programs(config: Settings) -> Check:
    """Whether all is installed that the documents need to be read."""
    from indexer.readers import waiting
    from indexer.store.folder import IndexFolder

    folder = IndexFolder(config.index)
    if not folder.store_path():
        return Check("programs", "ok", "no document was read yet")
    with closing(folder.open()) as store:
        failed = ((path, row[1]) for path, row in store.problems().items())
        told = waiting.told((*failed, *store.gaps().items()))
    if told:
        what = ", ".join(map(str, told.values()))
        return Check("programs", "warning", f"waiting: {what}", " && ".join(told))
    return Check("programs", "ok", "no document waits for one")


def _server(config: Settings) -> list[Check]:
    """What TGI needs where there is a GPU for it, else its settings; whether a server answers."""
    from assistant.server.record import is_foreign, read_record
    from opsctl.launch.checks import can_run_tgi, checks

    record = read_record(config)
    wanted = record.wanted if record else ""
    no_gpu = can_run_tgi()
    if not is_foreign(config) and (wanted == "docker" or (wanted != "local" and not no_gpu)):
        needs = checks(config)
        return [*needs, _answers(config, no_gpu)] if wanted == "docker" else needs
    if not is_foreign(config) and config.tgi_env.is_file():
        return [*checks(config, {"tgi.env"}), _answers(config, no_gpu)]
    return [_answers(config, no_gpu)]


def _answers(config: Settings, no_gpu: str) -> Check:
    """Whether the model server answers, where there should be one."""
    from assistant.server.record import is_expected
    from assistant.server.state import look

    found = look(config)
    if found.error is None:
        return Check("server", "ok", f"answers at {config.server_url}")
    if found.lives or config.engine == "server" or is_expected(config):
        result: Result = "warning" if found.lives else "failed"
        return Check("server", result, found.error.message, found.error.hint)
    detail = f"none on this machine ({no_gpu}): answers are quotes from the documents"
    return Check("server", "ok", detail)


def _token(loaded: Loaded) -> Check:
    """The bot's token: whether there is one, and whether others can read the file it is in."""
    if not loaded.settings.telegram_token:
        return Check("token", "ok", "no Telegram token, so no bot (opsctl setup asks for it)")
    origin = loaded.origins["telegram_token"]
    path = loaded.root / origin
    if path.is_file() and path.stat().st_mode & 0o077:
        return Check("token", "warning", f"others can read {path}", f"chmod 600 {path}")
    return Check("token", "ok", f"from {origin}")


def _reindex(config: Settings) -> Check:
    """Whether the index keeps itself up to date, and whether that works."""
    from opsctl.index.freshness import BY, freshness
    from opsctl.keeper.process import BotProcess

    found = freshness(
        config, bool(config.reindex_every) and BotProcess(config).health() is not None
    )
    if not found["every"]:
        return Check(
            "reindex", "ok", "by hand: opsctl reindex (OPSCTL_REINDEX_EVERY=15m: by itself)"
        )
    detail = f"every {found['every']}, {BY[found['by']]}"
    if found["error"]:
        return Check(
            "reindex", "failed", f"{detail}; it failed: {found['error']}", "opsctl reindex"
        )
    if not found["by"]:
        return Check("reindex", "warning", detail, "opsctl start")
    return Check("reindex", "ok", detail)


def _telegram(config: Settings) -> Check:
    """Whether Telegram answers."""
    if not config.telegram_token:
        return Check("telegram", "ok", "not asked without a token")
    from opsctl.telegram.check import check_telegram

    return check_telegram(config)


def _people(config: Settings) -> Check:
    """Who may ask the bot, and who lets them in."""
    from opsctl.telegram.people import check_people

    return check_people(config)


def _service(config: Settings) -> Check:
    """What keeps the bot running on this machine, and whether a logout ends it."""
    from opsctl.keeper.systemd import ends_at_logout, is_usable

    if not config.telegram_token:
        return Check("service", "ok", "no bot to keep running")
    if not is_usable():
        return Check("service", "ok", "no systemd for this user: the bot is a background process")
    if ends_at_logout():
        detail = "the bot, a systemd user unit, ends when you log out"
        return Check("service", "warning", detail, "loginctl enable-linger")
    return Check("service", "ok", "the bot is a systemd user unit")
