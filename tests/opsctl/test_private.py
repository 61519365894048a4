"""The state folder holds people's words: it is for the user alone that runs opsctl."""

import os
import stat
from pathlib import Path

import pytest

from tests.fakes.systemd import Scenario
from tests.opsctl.telegram import telegram_for
from tests.workspace import Workspace, note


def modes(state: Path) -> dict[str, int]:
    folders = [path for path in (state, *state.iterdir()) if path.is_dir()]
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folders}


def widen(state: Path, mode: int = 0o755) -> None:
    for folder in (state, *state.rglob("*")):
        if folder.is_dir():
            folder.chmod(mode)


def test_every_folder_that_is_made_is_for_the_owner_alone(indexed: Workspace) -> None:
    with telegram_for(indexed, Scenario(manager="")):
        assert indexed.run("start", "--server", "none").returncode == 0
        names = ("var", "index", "run", "logs", "uploads")
        assert modes(indexed.state) == dict.fromkeys(names, 0o700)


def test_a_state_of_an_older_opsctl_is_narrowed(indexed: Workspace) -> None:
    for args in (("reindex",), ("setup", "--yes"), ("start", "--server", "none")):
        (indexed.state / "logs").mkdir(exist_ok=True)
        widen(indexed.state)
        assert indexed.run(*args).returncode == 0, args
        assert set(modes(indexed.state).values()) == {0o700}, args


def test_a_group_that_is_let_in_on_purpose_stays(indexed: Workspace) -> None:
    widen(indexed.state, 0o2775)
    indexed.reindex()
    assert set(modes(indexed.state).values()) == {0o2770}


def test_documents_that_are_in_the_state_folder_stay_open(indexed: Workspace) -> None:
    indexed.documents.rename(indexed.state / "documents")
    indexed.env["OPSCTL_DOCUMENTS"] = str(indexed.state / "documents")
    widen(indexed.state)
    indexed.reindex()
    assert modes(indexed.state) == {"var": 0o755, "index": 0o700, "documents": 0o755}


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a folder to another user")
def test_a_state_folder_of_another_user_is_used_as_it_is(plain_user: Workspace) -> None:
    plain_user.write("note1.txt", note(1))
    plain_user.state.mkdir()
    plain_user.state.chmod(0o777)
    os.chown(plain_user.state, 1, 1)
    plain_user.reindex()
    assert modes(plain_user.state) == {"var": 0o777, "index": 0o700}


def test_models_are_read_by_the_containers_user(downloaded: Path) -> None:
    found = modes(downloaded)
    assert found["var"] == 0o700
    for name in ("models", "adapters"):
        assert found[name] == 0o755
        for path in (downloaded / name).rglob("*"):
            assert path.stat().st_mode & 0o004, path
