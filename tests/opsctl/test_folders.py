"""Documents and state folders that are missing, empty, or something else."""

import pytest

from tests.workspace import Workspace, note, question


def test_a_missing_documents_folder_is_named_with_what_to_do(workspace: Workspace) -> None:
    workspace.documents.rmdir()
    for args in (("reindex",), ("reindex", "--dry-run"), ("reindex", "--rebuild")):
        told = workspace.fails(1, *args)
        assert f"the documents folder {workspace.documents} does not exist" in told
        assert "OPSCTL_DOCUMENTS" in told
    assert not workspace.state.exists()


def test_a_file_in_place_of_the_documents_folder_is_named(workspace: Workspace) -> None:
    workspace.documents.rmdir()
    workspace.documents.write_text("text")
    assert f"{workspace.documents} is not a folder" in workspace.fails(1, "reindex")


def test_an_empty_documents_folder_is_told(workspace: Workspace) -> None:
    told = workspace.fails(1, "reindex")
    assert f"there are no documents in {workspace.documents}" in told


def test_a_folder_with_unknown_types_only_says_why_they_do_not_count(
    workspace: Workspace,
) -> None:
    workspace.write("photo.raw", b"\xff\xd8")
    told = workspace.fails(1, "reindex")
    assert "photo.raw" in told
    assert "no reader for .raw" in told


@pytest.mark.parametrize("flags", [(), ("--rebuild",)])
def test_a_folder_that_lost_all_its_documents_does_not_empty_the_index(
    indexed: Workspace, flags: tuple[str, ...]
) -> None:
    """As when the disk with the documents is not mounted."""
    for path in indexed.documents.iterdir():
        path.unlink()
    indexed.fails(1, "reindex", *flags)
    assert indexed.source(question(1)) == "note1.txt"
    indexed.documents.rmdir()
    indexed.fails(1, "reindex", *flags)
    assert indexed.source(question(1)) == "note1.txt"
    assert indexed.json("status", code=3)["index"]["documents"] == 3


def test_a_folder_with_nothing_but_unreadable_files_is_no_reason_to_fail_in_python(
    workspace: Workspace,
) -> None:
    workspace.write("broken.pdf", b"%PDF-1.7")
    done = workspace.run("reindex")
    assert "Traceback" not in done.stderr
    assert "broken.pdf: damaged PDF" in done.stderr
    told = workspace.fails(1, "ask", question(1))
    assert told == "error: no document could be read\nhint: opsctl status names each, and why"


def test_a_file_in_place_of_the_state_folder_is_told(workspace: Workspace) -> None:
    workspace.write("note.txt", note(1))
    workspace.state.write_text("text")
    assert str(workspace.state) in workspace.fails(1, "reindex")


def test_the_documents_folder_may_be_a_link(workspace: Workspace) -> None:
    workspace.write("note.txt", note(1))
    real = workspace.root / "real"
    workspace.documents.rename(real)
    workspace.documents.symlink_to(real)
    assert workspace.reindex()["added"] == ["note.txt"]
    assert workspace.source(question(1)) == "note.txt"


def test_folders_with_spaces_and_cyrillic_work(workspace: Workspace) -> None:
    workspace.write("note.txt", note(1))
    folder = workspace.root / "Мои документы"
    workspace.documents.rename(folder)
    env = {"OPSCTL_DOCUMENTS": str(folder), "OPSCTL_STATE": str(workspace.root / "с остояние")}
    workspace.reindex(env=env)
    assert workspace.source(question(1), env=env) == "note.txt"
