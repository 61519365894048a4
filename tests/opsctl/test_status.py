"""opsctl status, help and version: the truth about the index, at once."""

import os

import pytest

from tests.workspace import Workspace, note

HEAVY = {
    "torch", "transformers", "sentence_transformers", "faiss", "numpy", "rich", "telegram",
    "pydantic", "huggingface_hub", "pypdf", "docx", "lxml", "bs4",
}  # fmt: skip


def imported(workspace: Workspace, *args: str) -> set[str]:
    """The top packages that a command imports, as a fresh interpreter tells them."""
    done = workspace.run(*args, python=("-X", "importtime"))
    assert done.returncode == 0, done
    names = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line}
    assert "opsctl.cli" in names
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("args", [("--help",), ("--version",), ("status",), ("reindex", "--help")])
def test_light_commands_import_nothing_heavy(indexed: Workspace, args: tuple[str, ...]) -> None:
    assert not imported(indexed, *args) & HEAVY


def test_status_of_a_good_index(indexed: Workspace) -> None:
    index = indexed.json("status")["index"]
    assert index["state"] == "ready"
    assert (index["documents"], index["chunks"], index["failed"]) == (3, 3, 0)
    assert index["embedder"] == "builtin"
    assert index["stale"] == {"new": 0, "changed": 0, "gone": 0}
    assert index["building"] is False
    assert index["path"] == str(indexed.state / "index")
    written = indexed.store.parent.parent.stat().st_mtime
    assert abs(index["updated"] - written) < 60
    assert index["updated"] - 60 < index["embedder_since"] <= index["updated"]
    done = indexed.run("status")
    assert done.returncode == 0
    assert "index: 3 documents, 3 passages, embedder builtin since 2" in done.stdout
    assert "answers are quotes from the documents" in done.stdout


def test_one_of_anything_is_no_plural(workspace: Workspace) -> None:
    workspace.write("note.txt", note(1))
    assert " 1 passage in " in workspace.run("reindex").stdout
    assert "index: 1 document, 1 passage, embedder" in workspace.run("status").stdout


def test_status_counts_what_changed_since(indexed: Workspace) -> None:
    indexed.write("note1.txt", note(10))
    (indexed.documents / "note2.txt").unlink()
    for number in (4, 5, 6):
        indexed.write(f"note{number}.txt", note(number))
    assert indexed.json("status")["index"]["stale"] == {"new": 3, "changed": 1, "gone": 1}
    assert "3 new, 1 changed, 1 gone" in indexed.run("status").stdout
    indexed.reindex()
    assert not any(indexed.json("status")["index"]["stale"].values())


def test_files_that_have_no_reader_are_counted_with_a_way_out(indexed: Workspace) -> None:
    for name in ("a.AAA", "b.aaa", "c/d.aaa", "e.bbb", "f.bbb", "LICENSE"):
        indexed.write(name, "x")
    assert "hint: save as .docx, .pdf or .txt" in indexed.run("reindex").stderr
    found = indexed.json("status")["index"]["no_reader"]
    assert found == {".aaa": 3, ".bbb": 2, "without a suffix": 1}
    words = "6 files (3 .aaa, 2 .bbb, 1 without a suffix)"
    assert f"  not read: {words}: no reader" in indexed.run("status").stdout
    checks = {check["name"]: check for check in indexed.json("doctor")}
    assert (checks["files"]["result"], checks["files"]["detail"]) == (
        "warning",
        f"no reader for {words}",
    )
    assert checks["files"]["fix"].startswith("save as .docx, .pdf or .txt")


def test_status_without_an_index_is_unhealthy_and_names_the_command(workspace: Workspace) -> None:
    assert workspace.json("status", code=3)["index"] == {"state": "missing"}
    done = workspace.run("status", fresh=True)
    assert done.returncode == 3
    assert "opsctl reindex" in done.stderr
    assert not workspace.state.exists()


def test_status_without_the_documents_folder_tells_so_and_shows_the_index(
    indexed: Workspace,
) -> None:
    indexed.documents.rename(indexed.root / "elsewhere")
    index = indexed.json("status", code=3)["index"]
    assert index["documents"] == 3
    assert "does not exist" in index["stale"]["error"]
    done = indexed.run("status")
    assert done.returncode == 3
    assert f"the documents folder {indexed.documents} does not exist" in done.stdout
    assert "OPSCTL_DOCUMENTS=DIR" in done.stderr


def test_help_names_every_command_and_the_exit_codes(workspace: Workspace) -> None:
    done = workspace.run("--help", fresh=True)
    assert done.returncode == 0
    for command in ("reindex", "ask", "chat", "eval", "status", "doctor"):
        assert f"  {command} " in done.stdout
    assert "Exit codes: 0 ok, 1 failed, 2 wrong usage" in done.stdout


def test_a_reader_that_goes_away_is_no_fault(indexed: Workspace) -> None:
    """As in `opsctl doctor --settings | head -1`."""
    for number in range(2000):
        indexed.write(f"many/{number}.txt", note(number))
    process = indexed.start("reindex", "--dry-run", fresh=True)
    assert process.stdin and process.stdout and process.stderr
    process.stdin.close()
    os.read(process.stdout.fileno(), 1)
    process.stdout.close()
    told = process.stderr.read()
    process.stderr.close()
    process.wait()
    assert "Traceback" not in told
    assert "fault of opsctl" not in told
