"""The image of deploy/Dockerfile: its opsctl answers, and its bot runs and ends as Docker asks."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.bot_api import TOKEN
from tests.opsctl.telegram import USER, eventually
from tests.real.docker import bot_image
from tests.real.docker.conftest import missing
from tests.real.docker.engine import Engine
from tests.real.docker.mission import telegram
from tests.real.parts import MissingPartError
from tests.workspace import note, question

pytestmark = pytest.mark.process

BOT = "opsctl-bot"
ENV = """OPSCTL_TELEGRAM_TOKEN={token}
OPSCTL_TELEGRAM_API_URL={api}/bot
OPSCTL_ALLOWED_USERS={user}
"""
# As in deploy/compose.yaml, but for the pace of its health.
OPTIONS = (
    "--read-only", "--tmpfs=/tmp", "--cap-drop=ALL",
    "--security-opt=no-new-privileges:true", "--health-interval=1s",
)  # fmt: skip


@pytest.fixture(scope="module")
def built(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The engine, when it has the image."""
    try:
        bot_image.build(engine, tmp_path_factory.mktemp("image") / "context")
    except MissingPartError as error:
        missing(str(error))
    return engine


@pytest.fixture
def mounts(built: Engine, tmp_path: Path) -> Iterator[list[str]]:
    """Options that mount a document and an empty state."""
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "note1.txt").write_text(note(1))
    yield [f"--volume={documents}:/srv/opsctl/documents:ro", "--volume=var:/srv/opsctl/var"]
    for container in built.containers():
        built.docker("rm", "--force", container)
    built.docker("volume", "rm", "var")


def test_opsctl_answers_from_mounted_documents(built: Engine, mounts: list[str]) -> None:
    run = ("run", "--rm", *mounts, bot_image.NAME)
    assert built.docker(*run, "--version").startswith("opsctl ")
    built.docker(*run, "reindex")
    answer = json.loads(built.docker(*run, "ask", "--json", question(1)))
    assert answer["citations"][0]["file"] == "note1.txt"


def test_the_bot_answers_and_stops(built: Engine, mounts: list[str], tmp_path: Path) -> None:
    with telegram(tmp_path / "unused") as person:
        settings = tmp_path / ".env"
        settings.write_text(ENV.format(token=TOKEN, api=person.url, user=USER))
        run = ("run", "--detach", "--name", BOT, "--network=host", f"--env-file={settings}")
        built.docker(*run, *OPTIONS, *mounts, bot_image.NAME)
        eventually(lambda: _state(built)["Health"]["Status"] == "healthy")
        built.docker("exec", BOT, "opsctl", "reindex")
        person.write(question(1))
        eventually(lambda: "note1.txt" in "\n".join(person.replies()))
        begun = time.monotonic()
        built.docker("stop", "--time=15", BOT)
        assert time.monotonic() - begun < 15
        assert _state(built)["ExitCode"] == 0


def _state(engine: Engine) -> Any:
    [found] = json.loads(engine.docker("container", "inspect", BOT))
    return found["State"]
