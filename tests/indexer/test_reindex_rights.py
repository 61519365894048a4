"""Folders and files that an ordinary user may not read or write."""

from tests.workspace import Workspace, note, question


def fill(workspace: Workspace) -> None:
    for number in (1, 2):
        workspace.write(f"note{number}.txt", note(number))
    workspace.write("folder/note3.txt", note(3))


def test_a_file_without_permission_is_named_and_the_others_are_indexed(
    plain_user: Workspace,
) -> None:
    fill(plain_user)
    (plain_user.documents / "note1.txt").chmod(0)
    report = plain_user.reindex()
    assert report["added"] == ["folder/note3.txt", "note2.txt"]
    assert [item["path"] for item in report["failed"]] == ["note1.txt"]
    assert "permission" in report["failed"][0]["reason"]
    (plain_user.documents / "note1.txt").chmod(0o644)
    assert plain_user.reindex()["added"] == ["note1.txt"]


def test_a_document_whose_permission_is_taken_away_stays_as_it_was(plain_user: Workspace) -> None:
    fill(plain_user)
    plain_user.reindex()
    plain_user.write("note1.txt", note(10)).chmod(0)
    report = plain_user.reindex()
    assert [item["path"] for item in report["failed"]] == ["note1.txt"]
    assert plain_user.source(question(1)) == "note1.txt"


def test_a_folder_without_permission_is_named_and_its_documents_stay(
    plain_user: Workspace,
) -> None:
    fill(plain_user)
    plain_user.reindex()
    (plain_user.documents / "folder").chmod(0)
    report = plain_user.reindex()
    assert report["removed"] == []
    assert [item["path"] for item in report["skipped"]] == ["folder"]
    assert "permission" in report["skipped"][0]["reason"]
    assert plain_user.source(question(3)) == "folder/note3.txt"


def test_a_folder_that_may_be_listed_but_not_entered_stops_nothing(plain_user: Workspace) -> None:
    fill(plain_user)
    plain_user.reindex()
    (plain_user.documents / "folder").chmod(0o444)
    plain_user.write("note1.txt", note(10))
    report = plain_user.reindex()
    assert report["changed"] == ["note1.txt"]
    assert report["removed"] == []
    assert plain_user.source(question(3)) == "folder/note3.txt"


def test_a_documents_folder_without_permission_leaves_the_index_as_it_was(
    plain_user: Workspace,
) -> None:
    fill(plain_user)
    plain_user.reindex()
    plain_user.documents.chmod(0)
    assert f"no permission to read the folder {plain_user.documents}" in plain_user.fails(
        1, "reindex"
    )
    assert plain_user.source(question(1)) == "note1.txt"


def test_a_state_folder_without_permission_is_named_with_a_way_to_look_at_it(
    plain_user: Workspace,
) -> None:
    fill(plain_user)
    plain_user.state.mkdir(mode=0o500)
    told = plain_user.fails(1, "reindex")
    assert str(plain_user.state) in told
    assert "ls -ld" in told
    checks = {item["name"]: item for item in plain_user.json("doctor", code=1)}
    assert checks["state"]["result"] == "failed"


def test_a_state_folder_that_may_not_be_read_is_told_by_every_command(
    plain_user: Workspace,
) -> None:
    fill(plain_user)
    plain_user.reindex()
    plain_user.state.chmod(0)
    for args in (("ask", question(1)), ("status",), ("reindex",), ("reindex", "--rebuild")):
        told = plain_user.fails(1, *args)
        assert str(plain_user.state) in told
        assert "permission" in told.lower()
    assert "Traceback" not in plain_user.run("doctor").stderr


def test_a_reindex_of_an_index_that_may_not_be_written_is_refused_and_loses_nothing(
    plain_user: Workspace,
) -> None:
    fill(plain_user)
    plain_user.reindex()
    plain_user.write("note4.txt", note(4))
    paths = [plain_user.state, *plain_user.state.rglob("*")]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    assert str(plain_user.state) in plain_user.fails(1, "reindex")
    for path in paths:
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert plain_user.source(question(1)) == "note1.txt"
    assert plain_user.reindex()["added"] == ["note4.txt"]


def test_status_says_that_files_cannot_be_read_and_why_and_offers_no_reindex(
    plain_user: Workspace,
) -> None:
    fill(plain_user)
    (plain_user.documents / "note1.txt").chmod(0)
    (plain_user.documents / "folder").chmod(0)
    plain_user.run("reindex")
    done = plain_user.run("status")
    assert "out of date" not in done.stdout
    for name, mode in (("note1.txt", "----------"), ("folder", "d---------")):
        line = next(line for line in done.stdout.splitlines() if f"not read: {name}: " in line)
        assert "no permission to read it (" in line and f" owns it, {mode})" in line
    assert "hint: sudo chmod a+rX folder" in done.stderr
    assert plain_user.json("status")["index"]["stale"] == {"new": 0, "changed": 0, "gone": 0}
    again = plain_user.reindex()
    assert [item["path"] for item in again["failed"]] == ["note1.txt"], "it is told again"
    (plain_user.documents / "note1.txt").chmod(0o644)
    assert "out of date: 1 new" in plain_user.run("status").stdout
