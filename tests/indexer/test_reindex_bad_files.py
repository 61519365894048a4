"""Files that cannot be read: each is named with its reason, and the others are indexed."""

import os
import random
from typing import Any

import pytest

from tests.indexer.sample_files import encrypted_pdf, pdf
from tests.workspace import Workspace, note, question

UNREADABLE = {
    "encrypted.pdf": (encrypted_pdf(["Секретный приказ"], "secret"), "encrypted"),
    "scan.pdf": (pdf([b"0 0 100 100 re f", b"0 0 50 50 re f"]), "any of its 2 pages"),
    "truncated.pdf": (pdf(["Приказ о дежурстве"] * 20)[:700], "damaged PDF"),
    "no.pdf": (b"this is no pdf at all", "damaged PDF"),
    "empty.txt": (b"", "empty"),
    "blank.md": (b" \n\n\t\n", "empty"),
    "junk.txt": (random.Random(7).randbytes(50_000), "binary"),
    "zeros.txt": (bytes(50_000), "binary"),
    "broken.docx": (b"PK\x03\x04 cut short", "damaged Word file"),
}
ENCODINGS = ("utf-8-sig", "cp1251", "koi8-r", "cp866", "utf-16", "utf-16-be")


def reasons(report: Any) -> dict[str, str]:
    return {item["path"]: item["reason"] for item in report["failed"]}


def test_every_unreadable_file_is_named_and_the_good_ones_are_indexed(
    workspace: Workspace,
) -> None:
    for name, (content, _) in UNREADABLE.items():
        workspace.write(name, content)
    workspace.write("a.txt", note(1))
    workspace.write("z.txt", note(2))
    report = workspace.reindex()
    assert report["added"] == ["a.txt", "z.txt"]
    told = reasons(report)
    assert set(told) == set(UNREADABLE)
    for name, (_, reason) in UNREADABLE.items():
        assert reason in told[name], name
    assert workspace.source(question(1)) == "a.txt"
    assert workspace.source(question(2)) == "z.txt"


def test_unreadable_files_are_told_again_by_the_next_run_status_and_doctor(
    indexed: Workspace,
) -> None:
    path = indexed.write("broken.pdf", b"%PDF-1.7 and no more")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    first = reasons(indexed.reindex())
    assert "damaged PDF" in first["broken.pdf"]
    assert reasons(indexed.reindex()) == first
    assert reasons(indexed.reindex("--dry-run")) == first
    assert indexed.json("status")["index"]["failed"] == 1
    (check,) = [item for item in indexed.json("doctor") if item["name"] == "files"]
    assert check["result"] == "warning"
    assert "broken.pdf" in check["detail"]


def test_a_mended_file_is_indexed_and_its_failure_forgotten(indexed: Workspace) -> None:
    indexed.write("four.txt", b"")
    assert set(reasons(indexed.reindex())) == {"four.txt"}
    indexed.write("four.txt", note(4))
    report = indexed.reindex()
    assert (report["added"], report["failed"]) == (["four.txt"], [])
    assert indexed.json("status")["index"]["failed"] == 0
    assert indexed.source(question(4)) == "four.txt"


def test_a_failure_is_forgotten_with_the_file(indexed: Workspace) -> None:
    path = indexed.write("four.txt", b"")
    indexed.reindex()
    path.unlink()
    assert indexed.reindex()["failed"] == []
    assert indexed.json("status")["index"]["failed"] == 0


def test_a_document_that_became_unreadable_answers_in_its_earlier_version(
    indexed: Workspace,
) -> None:
    indexed.write("note1.txt", b"")
    for _ in range(2):
        assert "earlier version stays" in reasons(indexed.reindex())["note1.txt"]
        assert indexed.source(question(1)) == "note1.txt"


def test_pages_without_text_among_others_are_told(workspace: Workspace) -> None:
    workspace.write("half.pdf", pdf([note(1), b"0 0 100 100 re f", note(2)]))
    report = workspace.reindex()
    assert report["added"] == ["half.pdf"]
    assert [item["path"] for item in report["partial"]] == ["half.pdf"]
    assert "1 of its 3 pages" in report["partial"][0]["reason"]
    assert workspace.answer(question(2))["citations"][0]["page"] == 3


def test_a_document_is_found_whatever_encoding_it_came_in(workspace: Workspace) -> None:
    for number, encoding in enumerate(ENCODINGS):
        workspace.write(f"{encoding}.txt", note(number).encode(encoding))
    assert len(workspace.reindex()["added"]) == len(ENCODINGS)
    for number, encoding in enumerate(ENCODINGS):
        assert workspace.source(question(number)) == f"{encoding}.txt"


@pytest.mark.parametrize(
    "name", ["two words.txt", "Приказ № 5.txt", "quote'\"`$x.txt", "-rf.txt", "%s {0}.txt"]
)
def test_a_file_of_any_name_is_indexed_and_cited(workspace: Workspace, name: str) -> None:
    workspace.write(name, note(1))
    assert workspace.reindex()["added"] == [name]
    assert workspace.source(question(1)) == name


def test_control_characters_of_a_name_are_shown_and_not_obeyed(workspace: Workspace) -> None:
    name = "two\nlines\x1b[31m.txt"
    workspace.write(name, note(1))
    workspace.write("bad\nname.pdf", b"%PDF-1.7")
    shown = workspace.run("reindex", "--dry-run")
    assert "two\\nlines\\x1b[31m.txt" in shown.stdout
    done = workspace.run("reindex")
    assert done.returncode == 0
    assert "bad\\nname.pdf" in done.stderr
    assert workspace.source(question(1)) == name
    for args in (("ask", question(1)), ("ask", question(1), "--sources-only"), ("doctor",)):
        said = workspace.run(*args)
        assert "\x1b" not in said.stdout + said.stderr, args
        assert "two\nlines" not in said.stdout, args


def test_a_name_that_is_no_utf8_is_told_and_stops_nothing(workspace: Workspace) -> None:
    workspace.write("note.txt", note(1))
    workspace.write(os.fsdecode(b"\xef\xf0\xe8\xea\xe0\xe7.txt"), note(2))  # "приказ" in cp1251
    report = workspace.reindex()
    assert report["added"] == ["note.txt"]
    (skipped,) = report["skipped"]
    assert skipped["path"] == r"\xef\xf0\xe8\xea\xe0\xe7.txt"
    assert "not valid UTF-8" in skipped["reason"]


def test_a_folder_whose_name_is_no_utf8_is_told_and_stops_nothing(workspace: Workspace) -> None:
    workspace.write("note.txt", note(1))
    workspace.write(os.fsdecode(b"\xef\xe0\xef\xea\xe0/note.txt"), note(2))
    report = workspace.reindex()
    assert report["added"] == ["note.txt"]
    assert [item["path"] for item in report["skipped"]] == [r"\xef\xe0\xef\xea\xe0/note.txt"]


def test_links_are_told_and_not_followed(workspace: Workspace) -> None:
    workspace.write("note.txt", note(1))
    outside = workspace.root / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text(note(2), encoding="utf-8")
    links = {
        "loop.txt": "loop.txt",
        "up": "..",
        "self": ".",
        "inside.txt": "note.txt",
        "outside.txt": "../outside/secret.txt",
        "outside": "../outside",
        "dangling.txt": "nowhere.txt",
    }
    for name, target in links.items():
        (workspace.documents / name).symlink_to(target)
    report = workspace.reindex()
    assert report["added"] == ["note.txt"]
    told = {item["path"]: item["reason"] for item in report["skipped"]}
    assert set(told) == set(links)
    assert "back to itself" in told["loop.txt"]
    assert "to nothing" in told["dangling.txt"]
    for name in ("up", "outside", "outside.txt"):
        assert "leaves the documents folder" in told[name]
    assert "Норд2" not in workspace.json("ask", question(2))["text"]


def test_a_pipe_among_the_documents_is_told_and_not_waited_for(workspace: Workspace) -> None:
    workspace.write("note.txt", note(1))
    os.mkfifo(workspace.documents / "pipe.txt")
    report = workspace.reindex()
    assert report["added"] == ["note.txt"]
    assert report["skipped"][0]["reason"] == "not a regular file"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", b'<meta charset="hex"><p>text</p>'),
        ("letter.docx", b"PK\x03\x04" + b"\x00" * 60 + b"PK\x05\x06" + b"\xff" * 18),
    ],
)
def test_what_a_parser_makes_of_a_bad_file_stops_no_other(
    workspace: Workspace, name: str, content: bytes
) -> None:
    workspace.write(name, content)
    workspace.write("z.txt", note(1))
    report = workspace.reindex()
    assert "z.txt" in report["added"]
    assert workspace.source(question(1)) == "z.txt"
