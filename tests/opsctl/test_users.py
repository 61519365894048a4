"""opsctl users: who may ask, who waits, and ids that can not be people's or groups'."""

import re
from contextlib import closing

import pytest

from bot.people import MOST_CODES, People
from bot.store import Store
from tests.workspace import Workspace

IDS = {"OPSCTL_ALLOWED_USERS": "5,7", "OPSCTL_ADMINS": "7"}


def ask_for_code(workspace: Workspace, user: int, name: str) -> str:
    """What the bot does when a stranger says /start; the code."""
    with closing(Store(workspace.state / "bot.sqlite")) as store:
        return People(store).make_code(user, user, name, "ru")


def test_the_list_tells_how_each_person_comes_in(workspace: Workspace) -> None:
    assert workspace.json("users", "list") == []
    assert "nobody is let in" in workspace.run("users", "list").stderr
    first, second = (ask_for_code(workspace, user, f"Имя {user}") for user in (11, 12))
    approved = workspace.run("users", "approve", first[:3], first[3:])
    assert "approved: Имя 11 (11)" in approved.stderr
    found = workspace.json("users", "list", env=IDS)
    assert [(row["user"], row["how"], row["admin"]) for row in found] == [
        (7, "settings", True),
        (5, "settings", False),
        (11, "approved", False),
        (12, "waiting", False),
    ]
    table = workspace.run("users", "list", env=IDS).stdout
    assert re.search(r"12\s+Имя 12\s+waiting for 0 min", table)
    assert second not in table and second not in str(found)
    public = workspace.run("users", "list", env={"OPSCTL_PUBLIC": "1"})
    assert "everybody may ask" in public.stderr


def test_a_code_may_be_written_with_a_gap(workspace: Workspace) -> None:
    code = ask_for_code(workspace, 11, "x")
    assert workspace.run("users", "approve", f" {code[:3]} {code[3:]}").returncode == 0


def test_people_who_wait_can_be_taken_off_the_list(workspace: Workspace) -> None:
    for user in range(11, 11 + MOST_CODES):
        assert ask_for_code(workspace, user, "x")
    assert not ask_for_code(workspace, 99, "x")
    assert "opsctl users clear" in workspace.run("users", "list").stderr
    assert workspace.run("users", "remove", "12").stderr == "removed: 12\n"
    waiting = [row["user"] for row in workspace.json("users", "list")]
    assert 12 not in waiting and len(waiting) == MOST_CODES - 1
    assert workspace.run("users", "clear").stderr == f"codes taken back: {len(waiting)}\n"
    assert workspace.json("users", "list") == []
    assert ask_for_code(workspace, 11, "x")


def test_who_is_in_the_settings_is_taken_out_there(workspace: Workspace) -> None:
    told = workspace.run("users", "remove", "5", env=IDS)
    assert told.returncode == 1
    assert "5 is in OPSCTL_ALLOWED_USERS" in told.stderr and "opsctl restart" in told.stderr
    assert "OPSCTL_ADMINS" in workspace.run("users", "remove", "7", env=IDS).stderr
    assert "does not wait" in workspace.fails(1, "users", "remove", "99")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("OPSCTL_ALLOWED_USERS", "5,-1001234567890", "OPSCTL_ALLOWED_GROUPS"),
        ("OPSCTL_ADMINS", "0", "OPSCTL_ALLOWED_GROUPS"),
        ("OPSCTL_ALLOWED_GROUPS", "-5,7", "OPSCTL_ALLOWED_USERS"),
        ("OPSCTL_HEALTH_PORT", "99999", "from 1 to 65535"),
    ],
)
def test_numbers_that_can_not_be_meant_are_refused(
    workspace: Workspace, name: str, value: str, words: str
) -> None:
    told = workspace.fails(2, "status", env={name: value})
    assert name in told and words in told
