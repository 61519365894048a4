"""The bot as a process: python tests/bot/run_bot.py config.json. The token stands in the file."""

import json
import os
import sys
import warnings
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bot import log
from bot.app import run
from bot.base.config import BotConfig
from core.errors import UserError
from core.settings import Settings

PATHS = ("documents", "state")


def main(path: str) -> int:
    given = json.loads(Path(path).read_text())
    level = given.pop("log_level", "INFO")
    os.environ["PATH"] = given.pop("path", os.defpath)
    own = {one.name for one in fields(BotConfig)}
    others = {name: given.pop(name) for name in list(given) if name not in own}
    settings: dict[str, Any] = {
        name: Path(value) if name in PATHS else tuple(value) if isinstance(value, list) else value
        for name, value in (given.pop("settings") | others).items()
    }
    config = BotConfig(
        settings=Settings(**settings),
        database=Path(given.pop("database")),
        lock=Path(given.pop("lock")),
        **given,
    )
    log.set_up(level, [config.settings.telegram_token])
    try:
        return run(config)
    except UserError as error:
        sys.stderr.write(f"error: {error.message}\nhint: {error.hint}\n")
        return error.exit_code


def forked(config: Path, log: Path) -> NoReturn:
    """The same in a forked process, with its output in a file and warnings as errors."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for output in (1, 2):
        os.dup2(file, output)
    warnings.simplefilter("error")
    sys.exit(main(str(config)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
