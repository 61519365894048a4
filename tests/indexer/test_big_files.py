"""Large documents, and documents that change under the reader's hands."""

import json
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.indexer.sample_files import pdf
from tests.workspace import Workspace, go_on, note, question

Size = Callable[[int, int], int]


def write_text(path: Path, megabytes: int) -> None:
    """Varied sentences of a vocabulary that does not grow with the file."""
    rng = random.Random(11)
    words = ["".join(rng.choices("абвгдеиклмнопрст", k=rng.randint(4, 9))) for _ in range(3000)]
    with path.open("w", encoding="utf-8") as file:
        while file.tell() < megabytes * 1_000_000:
            lines = (" ".join(rng.choices(words, k=12)).capitalize() for _ in range(500))
            file.write(".\n".join(lines) + ".\n\n")


def peak(workspace: Workspace, megabytes: int) -> int:
    """The most memory, in MB, that indexing a text of this size takes."""
    made = Workspace(workspace.root / f"{megabytes}")
    made.documents.mkdir(parents=True)
    write_text(made.documents / "big.txt", megabytes)
    used = made.peak_megabytes("reindex")
    ((length,),) = made.query("SELECT sum(length(text)) FROM page")
    assert length > 0.5 * megabytes * 1e6  # characters, of two bytes each: all of it was read
    return used


def test_more_text_takes_no_more_memory(workspace: Workspace, size: Size) -> None:
    """A reader that holds the text would take as much again as there is more of it."""
    less, more = 20, size(60, 40)  # MB, more than SQLite keeps of its file in memory
    small, large = peak(workspace, less), peak(workspace, more)
    assert large - small < (more - less) / 2, (small, large)


def test_a_pdf_of_many_pages_is_indexed_and_cited_by_page(workspace: Workspace, size: Size) -> None:
    pages = size(3000, 800)
    workspace.write("big.pdf", pdf(note(number) for number in range(1, pages + 1)))
    report = workspace.reindex()
    assert (report["added"], report["partial"]) == (["big.pdf"], [])
    for number in (1, pages // 2 - 1, pages):
        citation = workspace.answer(question(number))["citations"][0]
        assert (citation["file"], citation["page"]) == ("big.pdf", number)


def test_a_text_without_a_single_space_or_line_end_is_indexed(workspace: Workspace) -> None:
    workspace.write("note.txt", note(1))
    workspace.write("one-word.txt", "".join(random.Random(3).choices("абвгд", k=1_000_000)))
    assert workspace.reindex()["added"] == ["note.txt", "one-word.txt"]
    assert workspace.source(question(1)) == "note.txt"


@pytest.mark.parametrize("change", ["append", "delete", "replace"])
def test_a_file_that_changes_while_it_is_read_is_told_and_left_for_the_next_run(
    indexed: Workspace, change: str
) -> None:
    """Its earlier version answers until then, and its neighbours are indexed."""
    path = indexed.write("note2.txt", note(2) + "\n\n")
    indexed.reindex()
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"Строка {line} описи имущества.\n" for line in range(150_000))
    indexed.write("note9.txt", note(9))
    process = indexed.start("reindex", "--json")
    while not indexed.query("SELECT 1 FROM page p JOIN document d ON d.id = document_id"
                            " WHERE path = 'note2.txt' AND NOT live"):  # fmt: skip
        assert process.poll() is None
        time.sleep(0.001)
    process.send_signal(signal.SIGSTOP)
    if change == "append":
        with path.open("a", encoding="utf-8") as file:
            file.write(note(20))
    elif change == "delete":
        path.unlink()
    else:
        draft = indexed.write("draft", note(20))
        draft.replace(path)
    done = go_on(process)
    assert done.returncode == 0, done
    report = json.loads(done.stdout)
    assert [item["path"] for item in report["failed"]] == ["note2.txt"]
    word = "went away" if change == "delete" else "changed while it was read"
    assert word in report["failed"][0]["reason"]
    assert report["added"] == ["note9.txt"]
    assert indexed.source(question(2)) == "note2.txt"
    after = indexed.reindex()
    if change == "delete":
        assert after["removed"] == ["note2.txt"]
    else:
        assert after["changed"] == ["note2.txt"]
        assert indexed.source(question(20)) == "note2.txt"
    assert after["failed"] == []
