"""The life of an index: documents come, change, move and go."""

import os
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.indexer.earlier_index import make_earlier
from tests.workspace import UNITS, VECTORS, Workspace, note, question


@pytest.fixture
def workspace(workspace: Workspace) -> Workspace:
    workspace.env |= VECTORS
    return workspace


def test_documents_can_be_asked_about_once_they_are_indexed(workspace: Workspace) -> None:
    for number in range(3):
        workspace.write(f"folder/note{number}.txt", note(number))
    report = workspace.reindex()
    assert report["added"] == [f"folder/note{number}.txt" for number in range(3)]
    for number in range(3):
        assert workspace.source(question(number)) == f"folder/note{number}.txt"


def test_a_second_run_finds_nothing_to_do(indexed: Workspace) -> None:
    report = indexed.reindex()
    assert report["unchanged"] == 3
    assert not any(report[key] for key in ("added", "changed", "removed", "failed", "embedded"))


def test_a_new_document_is_the_only_one_embedded(indexed: Workspace) -> None:
    indexed.write("note4.txt", note(4))
    report = indexed.reindex()
    assert (report["added"], report["unchanged"]) == (["note4.txt"], 3)
    assert report["embedded"] == UNITS
    assert indexed.source(question(4)) == "note4.txt"


def test_a_changed_document_answers_with_its_new_text_only(indexed: Workspace) -> None:
    indexed.write("note2.txt", note(20))
    report = indexed.reindex()
    assert (report["added"], report["changed"]) == ([], ["note2.txt"])
    assert indexed.source(question(20)) == "note2.txt"
    assert "Норд2 " not in indexed.json("ask", question(2))["text"]


def test_a_removed_document_is_quoted_no_more(indexed: Workspace) -> None:
    (indexed.documents / "note2.txt").unlink()
    assert indexed.reindex()["removed"] == ["note2.txt"]
    found = indexed.json("ask", question(2), "--sources-only")
    assert "note2.txt" not in [source["file"] for source in found["sources"]]
    assert indexed.source(question(1)) == "note1.txt"


def test_a_document_with_a_new_time_and_the_same_content_is_not_embedded(
    indexed: Workspace,
) -> None:
    os.utime(indexed.documents / "note1.txt", (1_000_000_000, 1_000_000_000))
    report = indexed.reindex()
    assert (report["changed"], report["embedded"], report["unchanged"]) == ([], 0, 3)
    assert indexed.json("status")["index"]["stale"]["changed"] == 0


def test_a_renamed_document_is_found_under_its_new_name_and_not_embedded_again(
    indexed: Workspace,
) -> None:
    (indexed.documents / "note1.txt").rename(indexed.documents / "renamed.txt")
    report = indexed.reindex()
    assert (report["added"], report["removed"]) == (["renamed.txt"], ["note1.txt"])
    assert report["embedded"] == 0
    assert indexed.source(question(1)) == "renamed.txt"


def test_a_copy_is_not_embedded_again_and_outlives_the_original(indexed: Workspace) -> None:
    shutil.copy(indexed.documents / "note1.txt", indexed.documents / "copy.txt")
    assert indexed.reindex()["embedded"] == 0
    (indexed.documents / "note1.txt").unlink()
    assert indexed.reindex()["embedded"] == 0
    assert indexed.source(question(1)) == "copy.txt"


def test_an_edit_right_after_indexing_is_noticed_though_size_and_time_are_the_same(
    workspace: Workspace,
) -> None:
    """As on a file system that keeps whole seconds, or with a tool that sets the time back."""
    path = _write_just_now(workspace)
    workspace.reindex()
    before = path.stat()
    _rewrite_in_place(path, note(2), before)
    assert workspace.reindex()["changed"] == ["note.txt"]
    assert workspace.source(question(2)) == "note.txt"


def test_such_an_edit_is_noticed_however_late_the_next_run_is(workspace: Workspace) -> None:
    """A time stamp is to be trusted by how long before the indexing it was, not before today."""
    path = _write_just_now(workspace)
    workspace.reindex()
    before = path.stat()
    _rewrite_in_place(path, note(2), before)
    long = 3600 * 10**9  # all of it was an hour ago
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns - long))
    with closing(sqlite3.connect(workspace.store)) as store, store:
        store.execute(
            "UPDATE document SET mtime_ns = mtime_ns - ?, indexed_at = indexed_at - 3600", (long,)
        )
    assert workspace.reindex()["changed"] == ["note.txt"]


def test_dry_run_tells_what_the_real_run_then_does(indexed: Workspace) -> None:
    indexed.write("note1.txt", note(10))
    (indexed.documents / "note2.txt").unlink()
    indexed.write("note4.txt", note(4))
    indexed.write("photo.raw", b"\xff\xd8")
    plan = indexed.reindex("--dry-run")
    report = indexed.reindex()
    assert plan["add"] == report["added"] == ["note4.txt"]
    assert plan["change"] == report["changed"] == ["note1.txt"]
    assert plan["remove"] == report["removed"] == ["note2.txt"]
    assert plan["skipped"] == report["skipped"]
    assert plan["unchanged"] == report["unchanged"] == 1


def test_dry_run_changes_nothing(indexed: Workspace) -> None:
    indexed.write("note1.txt", note(10))
    indexed.write("broken.pdf", b"%PDF-1.7 and no more")
    before = _content(indexed.state)
    indexed.reindex("--dry-run")
    assert _content(indexed.state) == before
    assert indexed.source(question(1)) == "note1.txt"


def test_dry_run_without_an_index_makes_none(workspace: Workspace) -> None:
    workspace.write("note.txt", note(1))
    assert workspace.reindex("--dry-run")["add"] == ["note.txt"]
    assert not workspace.state.exists()


def test_dry_run_of_a_rebuild_counts_every_document(indexed: Workspace) -> None:
    plan = indexed.reindex("--dry-run", "--rebuild")
    assert plan["add"] == ["note1.txt", "note2.txt", "note3.txt"]


def test_rebuild_embeds_everything_anew_and_leaves_one_store(indexed: Workspace) -> None:
    old = indexed.store
    report = indexed.reindex("--rebuild")
    assert (len(report["added"]), report["embedded"]) == (3, 3 * UNITS)
    assert indexed.store != old
    assert indexed.source(question(3)) == "note3.txt"
    indexed.reindex()
    assert [indexed.store] == list((indexed.state / "index").glob("*/store.sqlite"))


def test_rebuild_works_without_an_index_and_twice_in_a_row(workspace: Workspace) -> None:
    workspace.write("note.txt", note(1))
    for _ in range(2):
        assert workspace.reindex("--rebuild")["added"] == ["note.txt"]
    assert workspace.source(question(1)) == "note.txt"


def test_the_report_has_a_list_for_each_fate_of_a_document(indexed: Workspace) -> None:
    report = indexed.reindex()
    lists = {"added", "changed", "removed", "failed", "partial", "skipped"}
    assert {key for key, value in report.items() if isinstance(value, list)} == lists
    assert {"unchanged", "embedded", "seconds"} <= set(report)


def test_without_json_the_report_is_one_line_of_data(indexed: Workspace) -> None:
    indexed.write("note4.txt", note(4))
    indexed.write("photo.raw", b"\xff\xd8")
    done = indexed.run("reindex")
    assert done.returncode == 0
    assert done.stdout.startswith("added 1, changed 0, removed 0, failed 0; 3 unchanged;")
    assert len(done.stdout.splitlines()) == 1
    assert "passed over: photo.raw: no reader for .raw" in done.stderr


def test_where_nothing_is_new_the_size_of_the_index_is_told(indexed: Workspace) -> None:
    assert indexed.run("reindex").stdout == "nothing new: 3 documents, 3 passages\n"
    indexed.write("empty.txt", "")
    for _ in range(2):
        told = indexed.run("reindex").stdout
        assert told == "nothing new: 3 documents, 3 passages; failed 1\n"
    (indexed.documents / "empty.txt").unlink()
    (indexed.documents / "note1.txt").unlink()
    assert indexed.run("reindex").stdout.startswith("added 0, changed 0, removed 1,")


def test_a_file_of_unknown_type_is_named(workspace: Workspace) -> None:
    workspace.write("note.txt", note(1))
    workspace.write("drawing.dwg", b"PK\x03\x04")
    workspace.write("LICENSE", "text")
    reasons = {item["path"]: item["reason"] for item in workspace.reindex()["skipped"]}
    assert set(reasons) == {"drawing.dwg", "LICENSE"}
    assert ".dwg" in reasons["drawing.dwg"]
    assert "without a suffix" in reasons["LICENSE"]


def test_hidden_files_lock_files_and_the_folders_own_readme_are_no_documents(
    workspace: Workspace,
) -> None:
    workspace.write("note.txt", note(1))
    workspace.write("folder/README.md", note(2))
    workspace.write("README.md", "# Your documents go here\n")
    for name in (".hidden.txt", ".git/note.txt", "~$note.docx", "folder/.x.md"):
        workspace.write(name, note(3))
    report = workspace.reindex()
    assert report["added"] == ["folder/README.md", "note.txt"]
    assert report["skipped"] == []


def test_a_readme_of_ones_own_is_a_document(workspace: Workspace) -> None:
    workspace.write("README.md", note(1))
    assert workspace.reindex()["added"] == ["README.md"]


def test_another_corpus_does_not_replace_this_one_by_mistake(workspace: Workspace) -> None:
    for number in range(40):
        workspace.write(f"first/note{number}.txt", note(number))
    workspace.reindex()
    other = workspace.root / "other"
    other.mkdir()
    (other / "else.txt").write_text(note(50), "utf-8")
    workspace.env["OPSCTL_DOCUMENTS"] = str(other)
    assert "OPSCTL_STATE" in workspace.fails(1, "reindex")
    assert workspace.source(question(7)) == "first/note7.txt"
    assert workspace.reindex("--rebuild")["added"] == ["else.txt"]


def test_a_file_that_becomes_a_folder_is_followed(indexed: Workspace) -> None:
    (indexed.documents / "note1.txt").unlink()
    indexed.write("note1.txt/note.txt", note(1))
    report = indexed.reindex()
    assert (report["added"], report["removed"]) == (["note1.txt/note.txt"], ["note1.txt"])
    assert indexed.source(question(1)) == "note1.txt/note.txt"


def _write_just_now(workspace: Workspace) -> Path:
    """A document that is young when it is indexed, however long that takes here."""
    path = workspace.write("note.txt", note(1))
    os.utime(path, (time.time() + 60, time.time() + 60))
    return path


def _rewrite_in_place(path: Path, text: str, before: os.stat_result) -> None:
    data = text.encode()
    assert len(data) == before.st_size
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _content(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but SQLite's shared memory, which readers use as well."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith("-shm")
    }


def test_what_opsctlignore_names_is_left_out_and_forgotten(workspace: Workspace) -> None:
    names = ("note1.txt", "sample/note2.txt", "old/deep/note3.txt", "черновик note4.txt", "a/b.txt")
    for number, name in enumerate(names, start=1):
        workspace.write(name, note(number))
    assert len(workspace.reindex()["added"]) == 5
    ignore = workspace.write(
        ".opsctlignore", "\ufeff# not ours\r\nsample/\n\n/old/deep\nчерновик*\nb.txt\n"
    )
    report = workspace.reindex()
    assert sorted(report["removed"]) == sorted(names[1:])
    assert report["skipped"] == []
    assert workspace.source(question(1)) == "note1.txt"
    ignore.write_text("deep/b.txt\n/b.txt\n")
    assert len(workspace.reindex()["added"]) == 4
    ignore.write_text("*.txt\n!/note*.txt\n!sample/**\nold/\n!old/deep/*\n")
    assert sorted(workspace.reindex()["removed"]) == sorted(names[2:])
    ignore.write_text("a/\n!\n")
    assert ".opsctlignore: " in workspace.fails(1, "reindex")
    ignore.write_bytes(b"\xff")
    assert ".opsctlignore cannot be read" in workspace.fails(1, "reindex")


@pytest.mark.parametrize("schema", [0, 1])
def test_an_index_of_an_earlier_release_answers_until_it_is_made_anew(
    indexed: Workspace, schema: int
) -> None:
    asked = ("ask", question(2), "--sources-only")
    by_words = {"OPSCTL_DENSE_WEIGHT": "0"}  # the vectors of passages are not read any more
    now = indexed.json(*asked, env=by_words)
    make_earlier(indexed.store, schema)
    if schema:
        assert indexed.json(*asked) == now
        assert indexed.json(*asked, env=by_words) == now
    old = indexed.store
    assert indexed.source(question(2)) == "note2.txt"
    assert indexed.json("status", code=None)["index"]["stale"]["changed"] == 3
    assert "earlier release" in indexed.run("reindex", "--dry-run").stderr
    done = indexed.run("reindex")
    assert "made by an earlier release: every document is read again" in done.stderr
    assert indexed.store != old
    assert indexed.source(question(2)) == "note2.txt"
    assert "earlier release" not in indexed.run("reindex").stderr


def test_a_release_does_not_change_the_index_over_to_another_corpus(indexed: Workspace) -> None:
    with closing(sqlite3.connect(indexed.store, isolation_level=None)) as database:
        made = "UPDATE meta SET value = json_set(value, '$.versions', ?) WHERE key = 'identity'"
        database.execute(made, ("words 1, chunks 1",))
    for path in indexed.documents.iterdir():
        path.unlink()
    assert "there are no documents" in indexed.fails(1, "reindex")
    assert indexed.query("SELECT count(*) FROM document") == [(3,)]
