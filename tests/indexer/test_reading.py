"""Documents are read in a process of their own."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.readers import Unreadable, read
from indexer.sync.reading import Reading
from tests.indexer.sample_files import pdf, word
from tests.workspace import Workspace, note


@pytest.fixture
def reading() -> Iterator[Reading]:
    made = Reading()
    yield made
    made.close()


def children() -> list[int]:
    """The processes that this one has started and not ended."""
    started = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return [int(pid) for pid in started.split()]


def test_pages_and_blocks_come_as_they_were_read(reading: Reading, tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    word(path, "Вступление", [["Товар", "Цена"], ["Винт", "12,50"]])
    _, pages = reading.read(path)
    came, wanted = list(pages), list(read(path))
    assert came == wanted
    assert [page.blocks for page in came] == [page.blocks for page in wanted]


def test_a_file_that_takes_for_ever_costs_itself_only(reading: Reading, tmp_path: Path) -> None:
    """A pipe that nobody writes into."""
    hasty = Reading(seconds=0.5)
    os.mkfifo(tmp_path / "hangs.pdf")
    with pytest.raises(Unreadable, match="too slow: no page of it in"):
        hasty.read(tmp_path / "hangs.pdf")
    (tmp_path / "a.pdf").write_bytes(pdf(["Первая"]))
    assert [page.text for page in reading.read(tmp_path / "a.pdf")[1]] == ["Первая"]


def test_a_reader_that_dies_is_told_and_the_next_file_is_read(
    reading: Reading, tmp_path: Path
) -> None:
    before = set(children())
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf([f"Страница {number}" for number in range(200)]))
    _, pages = reading.read(path)
    next(pages)
    (reader,) = set(children()) - before
    os.kill(reader, signal.SIGKILL)
    with pytest.raises(Unreadable, match="its reader ended with code -9"):
        list(pages)
    assert len(list(reading.read(path)[1])) == 200
    reading.close()
    assert not set(children()) - before


def test_a_document_given_up_in_the_middle_is_not_taken_for_the_next(
    reading: Reading, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.pdf").write_bytes(pdf([f"{name} {n}" for n in range(3)]))
    assert next(reading.read(tmp_path / "a.pdf")[1]).text == "a 0"
    assert [page.text for page in reading.read(tmp_path / "b.pdf")[1]] == ["b 0", "b 1", "b 2"]


def test_what_the_files_rights_forbid_is_said_as_ever(reading: Reading, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.pdf"):
        list(reading.read(tmp_path / "none.pdf")[1])


def test_what_was_read_in_part_is_told_by_reindex_status_and_doctor(workspace: Workspace) -> None:
    workspace.write("photos.html", f"<p>Снимки</p><!--{'x' * 300_000}-->")
    workspace.write("scans.pdf", pdf(["Первая", ""]))
    workspace.write("whole.txt", note(1))
    report = workspace.reindex()
    reasons = {part["path"]: part["reason"] for part in report["partial"]}
    assert reasons["photos.html"].startswith("little text for its size: 6 letters")
    assert reasons["scans.pdf"].startswith("1 of its 2 pages: no text")
    assert workspace.reindex()["unchanged"] == 3
    found = workspace.json("status", code=None)["index"]["partial"]
    assert {part["path"]: part["reason"] for part in found} == reasons
    assert "in part: photos.html: little text" in workspace.run("status").stdout
    (files,) = (c for c in workspace.json("doctor", code=None) if c["name"] == "files")
    assert files["result"] == "warning" and "2 could be read in part only" in files["detail"]
