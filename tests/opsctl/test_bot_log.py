"""The bot's log: one file that stays short while the bot runs."""

import subprocess
import sys
from pathlib import Path

from opsctl.keeper.log import mark_start, said_since_start

PROGRAM = """
import logging, sys
from pathlib import Path
from opsctl.keeper.log import Rotation
logging.basicConfig()
logging.getLogger().addHandler(Rotation(Path(sys.argv[1]), most=5000))
for number in range(1000):
    logging.warning("line %d", number)
"""


def write(path: Path, log: Path) -> str:
    """Log 1000 lines to `path` by a process that takes `log` for its log; what is in `path`."""
    with path.open("a") as stream:
        subprocess.run([sys.executable, "-c", PROGRAM, str(log)], stderr=stream, check=True)
    return path.read_text()


def test_a_long_log_goes_on_in_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "bot.log"
    now, before = write(path, path), path.with_suffix(".log.1").read_text()
    assert now.endswith("WARNING:root:line 999\n")
    assert len(now) < 6000
    assert len(before) < 6000
    numbers = [int(line.split()[-1]) for line in (before + now).splitlines()]
    assert numbers == list(range(numbers[0], 1000))


def test_the_words_of_a_start_are_found_where_the_log_was_emptied_since(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "bot.log"
    mark_start(path)
    with path.open("a") as stream:
        stream.write("error: of the first\n")
    mark_start(path)
    assert "of the first" not in said_since_start(path)
    path.rename(path.with_suffix(".log.1"))
    path.write_text("error: of the second\n")
    assert said_since_start(path).endswith("\nerror: of the second\n")
    assert "of the first" not in said_since_start(path)


def test_another_file_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "bot.log").touch()
    assert write(tmp_path / "elsewhere.txt", tmp_path / "bot.log").count("\n") == 1000


def test_without_a_log_of_its_own_there_is_nothing_to_empty(tmp_path: Path) -> None:
    assert write(tmp_path / "elsewhere.txt", tmp_path / "bot.log").count("\n") == 1000
