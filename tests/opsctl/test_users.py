"""opsctl users: who may ask, who waits, who decides, and ids that cannot be people's or groups'."""

import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.gate.invites import Invites
from bot.gate.requests import Requests
from bot.people.people import People
from bot.store.store import Store
from tests.terminal import on_a_terminal
from tests.workspace import Workspace, said

TOKEN = "123456789:AAE-not_a_real_token_but_of_its_form"
IDS = {"OPSCTL_ALLOWED_USERS": "5,7", "OPSCTL_ADMINS": "7"}


def in_store(workspace: Workspace, do: Callable[[Store], Any]) -> Any:
    """What the bot does in its file."""
    with closing(Store(workspace.state / "bot.sqlite")) as store:
        return do(store)


def ask(workspace: Workspace, user: int, name: str = "x") -> str:
    """What the bot does when a stranger says /start; the code."""
    made = in_store(workspace, lambda store: Requests(store).ask(user, user, name, "nick", "ru"))
    return str(made.code)


def person(workspace: Workspace, user: int) -> dict[str, Any]:
    """The person's row of the list."""
    rows = workspace.json("users", "list")
    return next((row for row in rows if row["user"] == user), {})


def test_the_list_tells_how_each_person_comes_in(workspace: Workspace) -> None:
    assert workspace.json("users", "list") == []
    assert "nobody is let in" in workspace.run("users", "list").stderr
    first, second = (ask(workspace, user, f"Имя {user}") for user in (11, 12))
    approved = workspace.run("users", "approve", first[:3], first[3:])
    assert "approved: Имя 11 (11)" in approved.stderr
    found = workspace.json("users", "list", env=IDS)
    assert [(row["user"], row["how"], row["admin"]) for row in found] == [
        (7, "settings", True),
        (5, "settings", False),
        (11, "approved", False),
        (12, "waiting", False),
    ]
    listed = workspace.run("users", "list", env=IDS)
    assert re.search(rf"12\s+Имя 12\s+nick\s+waits since .*, code {second}", listed.stdout)
    assert "let in: 3 (administrators 1, editors 0), waiting: 1" in listed.stderr
    doors = {"OPSCTL_PUBLIC": "1", "OPSCTL_MEMBERS_OF": "-5", "OPSCTL_ALLOWED_GROUPS": "-6"}
    said = workspace.run("users", "list", env=doors).stderr
    assert "everybody may ask\n" in said and "members of -5" in said and "ask in -6" in said


def test_people_are_let_in_by_ids_and_codes_together(workspace: Workspace) -> None:
    code = ask(workspace, 1111)
    ask(workspace, 2222)
    done = workspace.run("users", "approve", code, "2222", "123456789", "--days", "7")
    assert done.stderr.count("approved:") == 3, done
    row = person(workspace, 123456789)
    assert row["how"] == "approved" and 6.9 < (row["until"] - row["since"]) / 86_400 < 7.1
    assert in_store(workspace, lambda store: Requests(store).to_tell())[0] == (1111, "ru", "let_in")
    assert workspace.run("users", "approve", "2222").returncode == 0
    assert person(workspace, 2222)["until"] is None
    wrong = "111111" if code != "111111" else "222222"
    assert "no such code" in workspace.fails(1, "users", "approve", wrong)
    assert "not a numeric id" in workspace.fails(2, "users", "approve", "@anna")


@pytest.mark.parametrize(
    ("command", "more"),
    [
        *((name, ()) for name in ("approve", "reject", "remove", "export", "erase")),
        ("role", ("admin",)),
        ("limit", ("--day", "5")),
    ],
)
def test_the_id_of_a_group_is_no_person(
    workspace: Workspace, command: str, more: tuple[str, ...]
) -> None:
    told = workspace.fails(2, "users", command, "-1001234567890", *more)
    assert "-1001234567890 is the id of a group" in told and "OPSCTL_MEMBERS_OF" in told
    assert "not a numeric id" in workspace.fails(2, "users", command, "@anna", *more)
    assert "no such option" in workspace.fails(2, "users", command, "--why", "5", *more)


def test_people_are_refused_and_may_be_let_in_later(workspace: Workspace) -> None:
    ask(workspace, 1111, "Анна")
    assert "refused: Анна (1111)" in workspace.run("users", "reject", "1111").stderr
    assert person(workspace, 1111)["how"] == "refused"
    assert "not waiting: 1111" in workspace.run("users", "reject", "1111").stderr
    assert workspace.run("users", "approve", "1111").returncode == 0
    assert [row["how"] for row in workspace.json("users", "list")] == ["approved"]


@pytest.mark.parametrize(
    "content",
    [
        "id,name,role\n1001,Анна Иванова,editor\n1002,,\n".encode(),
        "\ufeffФИО;ID;Роль\r\nАнна Иванова;1001;editor\r\n;1002;\r\n\r\n".encode(),
        "1001;Анна Иванова;editor\r\n1002\r\n".encode("cp1251"),
        "ID\tФИО\tРоль\r\n1001\tАнна Иванова\teditor\r\n1002\t\t\r\n".encode("utf-16"),
        b"\xfe\xff" + "1001;Анна Иванова;editor\n1002".encode("utf-16-be"),
    ],
)
def test_a_list_lets_everybody_in(workspace: Workspace, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(content)
    ask(workspace, 1002, "Пётр")
    for words in ("let in: 2", "let in: 2, 2 of them before"):
        done = workspace.run("users", "add", str(file))
        assert done.returncode == 0 and done.stderr.strip() == words, done
    rows = {row["user"]: row for row in workspace.json("users", "list")}
    assert (rows[1001]["name"], rows[1001]["role"]) == ("Анна Иванова", "editor")
    assert (rows[1002]["name"], rows[1002]["role"], rows[1002]["how"]) == ("Пётр", "person", "list")


def test_what_a_list_has_wrong_is_told_by_line(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("id,role\n1001,\nИванова Анна,\n-100500,\n1002,boss\n", encoding="utf-8")
    done = workspace.run("users", "add", str(file))
    assert done.returncode == 1
    for words in (
        "line 3: 'Иванова Анна' is not",
        "line 4: -100500 is the id of a group",
        "line 5: the role is 'boss' (choose one of: person, editor, admin)",
    ):
        assert words in done.stderr
    assert "nobody is let in by 3 lines of" in done.stderr
    assert [row["user"] for row in workspace.json("users", "list")] == [1001]
    for content, words in ((b"PK\0\0", "not a csv"), (b"\xff\xfe1", "UTF-16")):
        file.write_bytes(content)
        assert words in workspace.fails(2, "users", "add", str(file))


def test_a_list_that_is_not_there_is_told_by_its_whole_path(workspace: Workspace) -> None:
    told = workspace.fails(1, "users", "add", "new people.csv")
    assert f"{workspace.root / 'new people.csv'} cannot be read (No such file" in told
    assert f"ls -l '{workspace.root / 'new people.csv'}'" in told


def test_somebody_who_is_in_a_list_twice_is_asked_about(workspace: Workspace) -> None:
    file = workspace.root / "people.csv"
    file.write_text("id,role\n1001,admin\n1002,\n01001,person\n1003,boss\n", encoding="utf-8")
    done = workspace.run("users", "add", "people.csv")
    assert done.returncode == 1 and "1001 is in lines 2, 4" in done.stderr
    assert "nobody was let in" in said(done)
    assert workspace.json("users", "list") == []


def test_roles_are_given_and_taken(workspace: Workspace) -> None:
    assert "not let in" in workspace.fails(1, "users", "role", "1001001", "editor")
    assert workspace.run("users", "approve", "1001001", "--role", "editor").returncode == 0
    assert workspace.run("users", "role", "1001001", "admin").returncode == 0
    assert person(workspace, 1001001)["admin"]
    assert "choose one of" in workspace.fails(2, "users", "role", "1001001", "boss")
    assert workspace.run("users", "role", "5", "editor", env=IDS).returncode == 0
    rows = workspace.json("users", "list", env=IDS)
    assert next(row for row in rows if row["user"] == 5)["role"] == "editor"
    assert not in_store(workspace, lambda store: People(store).knows(5))
    assert "OPSCTL_ADMINS" in workspace.fails(1, "users", "role", "7", "person", env=IDS)


@pytest.mark.parametrize(
    "command",
    [
        ("remove", "1001001"),
        ("role", "1001001", "editor"),
        ("erase", "1001001", "--yes"),
        ("approve", "1001001", "--role", "person"),
        ("approve", "1001001", "--days", "7"),
        ("add", "people.csv"),
    ],
)
def test_somebody_stays_administrator(workspace: Workspace, command: tuple[str, ...]) -> None:
    (workspace.root / "people.csv").write_text("id,role\n1001001,person\n1001002,\n")
    assert workspace.run("users", "approve", "1001001", "--role", "admin").returncode == 0
    told = workspace.fails(1, "users", *command)
    assert "nobody would be an administrator" in told and "--role admin" in told
    (row,) = workspace.json("users", "list")
    assert row["admin"] and row["until"] is None
    if "--force" in told:
        assert workspace.run("users", *command, "--force").returncode == 0
        assert not person(workspace, 1001001).get("admin")
        workspace.run("users", "approve", "1001001", "--role", "admin")
    workspace.run("users", "approve", "1001003", "--role", "admin")
    assert workspace.run("users", *command).returncode == 0


def test_who_is_administrator_by_the_settings_counts(workspace: Workspace) -> None:
    workspace.run("users", "approve", "1001001", "--role", "admin")
    assert workspace.run("users", "remove", "1001001", env=IDS).returncode == 0


def test_links_are_made_listed_and_revoked(workspace: Workspace) -> None:
    assert "no bot yet" in workspace.fails(1, "users", "invite")
    workspace.env["OPSCTL_TELEGRAM_TOKEN"] = TOKEN
    in_store(workspace, lambda store: store.set_username(TOKEN, "docs_bot"))
    link = workspace.run("users", "invite", "--limit", "3", "--days", "2").stdout.strip()
    assert re.fullmatch(r"https://t\.me/docs_bot\?start=[\w-]{20,64}", link)
    (row,) = workspace.json("users", "invites")
    assert (row["link"], row["limit"], row["role"], row["open"]) == (link, 3, "person", True)
    assert "links that let people in: 1" in workspace.run("users", "list").stderr
    assert workspace.run("users", "revoke", str(row["number"])).returncode == 0
    assert "revoked" in workspace.run("users", "invites").stdout
    assert "no link 99" in workspace.fails(1, "users", "revoke", "99")


def test_who_was_removed_comes_in_by_no_link_that_there_was(workspace: Workspace) -> None:
    used = in_store(workspace, lambda store: Invites(store).make(most=2).secret)

    def opens(number: int, user: int) -> Any:
        return in_store(workspace, lambda store: Invites(store).use(used, number, user, "A", ""))[0]

    assert workspace.run("users", "approve", "1001001").returncode == 0
    assert workspace.run("users", "remove", "1001001").returncode == 0
    assert opens(1, 1001001) == "twice"
    assert [opens(2, 1001002), opens(3, 1001003), opens(4, 1001004)] == ["in", "in", "used up"]


def test_a_link_that_makes_administrators_is_for_one_person(workspace: Workspace) -> None:
    workspace.env["OPSCTL_TELEGRAM_TOKEN"] = TOKEN
    in_store(workspace, lambda store: store.set_username(TOKEN, "docs_bot"))
    made = workspace.run("users", "invite", "--role", "admin")
    assert "for one person" in made.stderr
    (row,) = workspace.json("users", "invites")
    assert row["limit"] == 1
    secret = made.stdout.strip().partition("=")[2]
    in_store(workspace, lambda store: Invites(store).use(secret, 1, 1001001, "A", ""))
    assert workspace.run("users", "revoke", str(row["number"])).returncode == 0
    assert re.search(r"admin\s+1 of 1\s+used\s", workspace.run("users", "invites").stdout)


def test_codes_of_administrators_are_no_links_and_links_without_a_name_are_shown_as_typed(
    workspace: Workspace,
) -> None:
    in_store(workspace, lambda store: (Invites(store).claim(), Invites(store).make()))
    (row,) = workspace.json("users", "invites")
    shown = workspace.run("users", "invites")
    assert row["role"] == "person" and row["link"].startswith("/start ")
    assert row["link"] in shown.stdout and "t.me/" not in shown.stdout
    assert "not known" in shown.stderr


def test_the_code_of_the_first_administrator_stays_the_same(workspace: Workspace) -> None:
    workspace.env["OPSCTL_TELEGRAM_TOKEN"] = TOKEN
    in_store(workspace, lambda store: store.set_username(TOKEN, "docs_bot"))
    said = workspace.run("users", "claim").stdout
    code = re.findall(r"/start ((?:\d{4}-){3}\d{4})$", said, re.MULTILINE)[0]
    assert f"https://t.me/docs_bot?start={code}" in said
    assert workspace.run("users", "claim").stdout == said
    assert "has an administrator" in workspace.fails(1, "users", "claim", env=IDS)


def test_people_who_wait_can_be_taken_off_the_list(workspace: Workspace) -> None:
    for user in (1011, 1012, 1013):
        ask(workspace, user)
    assert workspace.run("users", "remove", "1012").stderr == "removed: 1012\n"
    assert {row["user"] for row in workspace.json("users", "list")} == {1011, 1013}
    assert "--yes" in workspace.fails(2, "users", "clear")
    assert {row["user"] for row in workspace.json("users", "list")} == {1011, 1013}
    assert workspace.run("users", "clear", "--yes").stderr == "requests forgotten: 2\n"
    assert workspace.json("users", "list") == []
    assert workspace.run("users", "clear").stderr == "requests forgotten: 0\n"


@pytest.mark.parametrize(("answer", "left"), [("n\n", [1011]), ("y\n", [])])
def test_requests_are_forgotten_when_that_is_meant(
    workspace: Workspace, answer: str, left: list[int]
) -> None:
    ask(workspace, 1011)
    answers = [answer]

    def typing(shown: str) -> str:
        return answers.pop() if answers and "[y/N]" in shown else ""

    done = on_a_terminal(workspace, "users", "clear", typing=typing)
    assert "all who wait (1)?" in done.stdout and done.returncode == (130 if left else 0), done
    assert [row["user"] for row in workspace.json("users", "list")] == left


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
        ("OPSCTL_MEMBERS_OF", "7", "OPSCTL_ALLOWED_USERS"),
        ("OPSCTL_HEALTH_PORT", "99999", "from 1 to 65535"),
    ],
)
def test_numbers_that_can_not_be_meant_are_refused(
    workspace: Workspace, name: str, value: str, words: str
) -> None:
    told = workspace.fails(2, "status", env={name: value})
    assert name in told and words in told
