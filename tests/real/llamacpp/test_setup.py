"""A new user without a GPU: setup, start, twenty questions, stop, on the real small model."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from opsctl.llamacpp.models import SEED, SMALL
from tests.fakes.hub import FakeHub
from tests.gpu_server import free_port
from tests.real.llamacpp.test_llamacpp import QUESTIONS
from tests.terminal import on_a_terminal
from tests.workspace import Workspace


@pytest.fixture
def user(corpus: Workspace) -> Iterator[Workspace]:
    """The documents, and nothing that runs afterwards."""
    corpus.env |= {
        "OPSCTL_SERVER_URL": f"http://127.0.0.1:{free_port()}",
        "OPSCTL_ANSWER_TOKENS": "40",
    }
    yield corpus
    corpus.run("stop")


def test_setup_start_ask_stop(user: Workspace, smollm: Path) -> None:
    answered: set[str] = set()

    def typing(shown: str) -> str:
        """Yes to the offer, the second model of it, Enter to the questions about the bot."""
        end = shown[shown.rstrip().rfind("\n") :].strip()
        if not end.endswith(":") or end in answered:
            return ""
        answered.add(end)
        return "y\n" if "llama.cpp" in end else "2\n" if end == "Which one? [1]:" else "\n"

    with FakeHub() as hub:
        repo, _, file = SMALL.name.partition(":")
        commit = hub.push(repo, "main", {file: smollm.read_bytes()})
        repo, _, file = SEED.name.partition(":")
        hub.push(repo, "main", {file: b"no model today"})
        user.env["OPSCTL_HF_ENDPOINT"] = hub.url
        done = on_a_terminal(user, "setup", typing=typing, columns=200)
    assert done.returncode == 0, done
    assert re.search(r"quotes from the documents alone +- +- +at once", done.stdout), done
    row = next(line for line in done.stdout.splitlines() if SMALL.about in line)
    assert re.search(r"98\.4 MB +\d+ MB +\d+ s +\d+\.\d", row), row
    assert f"commit {commit[:10]}, licence: apache-2.0" in done.stdout
    assert "not offered: Mistral 7B in 4 bits" in done.stdout
    started = user.run("start")
    assert started.returncode == 0 and "starting llama.cpp" in started.stderr
    asked = [QUESTIONS[number % 3] for number in range(20)]
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(user.answer, asked))
    assert [one["engine"] for one in answers] == ["server"] * 20
    assert user.json("status")["server"]["name"] == "llama.cpp"
    assert user.run("stop").returncode == 0
