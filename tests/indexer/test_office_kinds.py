"""Office documents are read as what they are, whatever they are called; LibreOffice is a fake."""

from __future__ import annotations

import io
import json
import shutil
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from indexer.readers import Missing, Unreadable, read
from indexer.readers.programs import Programs
from indexer.sync.reading import Reading
from tests.indexer.open_files import p, packed
from tests.indexer.sample_files import word
from tests.indexer.sheet_files import excel
from tests.indexer.test_readers_docx_blocks import shown
from tests.indexer.test_readers_xls import SHEET
from tests.real.binary_book import binary_book
from tests.workspace import Workspace, note

OLE = b"\xd0\xcf\x11\xe0"
OLD_WORD = OLE + bytes(500) + "WordDocument".encode("utf-16-le") + bytes(500)
MHT = b"""From: <wiki>
MIME-Version: 1.0
Content-Type: multipart/related; boundary="b"

--b
Content-Type: text/html; charset=UTF-8
Content-Transfer-Encoding: quoted-printable

<h1>=D0=9A=D0=BB=D1=8E=D1=87</h1><p>405
--b--
"""
HTML = "<html><table><tr><th>Товар<th>Цена<tr><td>Винт<td>5</table>".encode()
RTF = rb"{\rtf1\pard Text\par}"


@pytest.fixture
def docx(tmp_path: Path) -> Path:
    word(tmp_path / "made.docx", "Договор № 5")
    return tmp_path / "made.docx"


@pytest.mark.parametrize(
    ("name", "content", "blocks"),
    [
        ("a.doc", RTF, [("paragraph", "Text")]),
        ("a.docx", RTF, [("paragraph", "Text")]),
        ("a.doc", MHT, [("paragraph", "405")]),
        ("a.mhtml", MHT.replace(b"; charset=UTF-8", b""), [("paragraph", "405")]),
        ("a.doc", HTML, [("row", "Товар | Цена"), ("row", "Винт | 5")]),
        ("a.xls", b"\xef\xbb\xbf\n" + HTML, [("row", "Товар | Цена"), ("row", "Винт | 5")]),
        ("a.xlsx", HTML, [("row", "Товар | Цена"), ("row", "Винт | 5")]),
        ("a.xls", "Товар\tЦена\nВинт\t5\nГайка\t7\n".encode("utf-16"),
         [("row", "Товар | Цена"), ("row", "Винт | 5"), ("row", "Гайка | 7")]),
        ("a.xls", "Имя;Цена\nА;5\nБ;7\n".encode("cp1251"),
         [("row", "Имя | Цена"), ("row", "А | 5"), ("row", "Б | 7")]),
        ("a.doc", "Просто текст.".encode("cp1251"), [("paragraph", "Просто текст.")]),
        ("a.rtf", b"Plain text.", [("paragraph", "Plain text.")]),
    ],
)  # fmt: skip
def test_a_suffix_that_lies_is_not_believed(
    tmp_path: Path, name: str, content: bytes, blocks: list[tuple[str, str]]
) -> None:
    (tmp_path / name).write_bytes(content)
    assert shown(list(read(tmp_path / name))) == blocks


def test_new_office_and_open_document_under_old_names(tmp_path: Path, docx: Path) -> None:
    shutil.copy(docx, tmp_path / "a.doc")
    assert shown(list(read(tmp_path / "a.doc"))) == [("paragraph", "Договор № 5")]
    excel(tmp_path / "b.xlsx", ("Лист", [["Имя", "Цена"], ["Винт", 5], ["Гайка", 7]]))
    shutil.copy(tmp_path / "b.xlsx", tmp_path / "b.xls")
    assert shown(list(read(tmp_path / "b.xls"))) == shown(list(read(tmp_path / "b.xlsx")))
    shutil.copy(packed(tmp_path / "c.odt", p("Текст")), tmp_path / "c.doc")
    assert shown(list(read(tmp_path / "c.doc"))) == [("paragraph", "Текст")]
    shutil.copy(SHEET, tmp_path / "d.xlsx")
    assert shown(list(read(tmp_path / "d.xlsx"))) == shown(list(read(SHEET)))


def test_other_files_under_office_names_are_damaged(tmp_path: Path) -> None:
    for name, content in (("a.ppt", b"MZ" + bytes(99)), ("a.doc", OLE + bytes(999)),
                          ("a.odt", b"text"), ("a.fods", b"<a/>"), ("a.xls", OLE)):  # fmt: skip
        (tmp_path / name).write_bytes(content)
        with pytest.raises(Unreadable, match=r"^damaged"):
            list(read(tmp_path / name))


Fake = Callable[[str], Path]


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Puts a LibreOffice on the path that runs this code, with `given` and `folder` to write to."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def made(code: str) -> Path:
        program = folder / "soffice"
        program.write_text(
            f"#!{sys.executable}\nimport json, os, shutil, signal, subprocess, sys, time\n"
            "given = sys.argv[-1]\nfolder = sys.argv[sys.argv.index('--outdir') + 1]\n"
            f"with open({str(tmp_path / 'log')!r}, 'a') as log:\n"
            f"    print(json.dumps(sys.argv[1:]), file=log)\n{code}\n"
        )
        program.chmod(0o755)
        return tmp_path / "log"

    return made


@pytest.fixture
def reading() -> Iterator[Reading]:
    made = Reading(allowed=Programs(seconds=20))
    yield made
    made.close()


def texts(reading: Reading, path: Path) -> list[str]:
    return [page.text for page in reading.read(path)[1]]


def writes(docx: Path) -> str:
    return f"shutil.copy({str(docx)!r}, folder + '/given.docx')"


@pytest.mark.process
def test_conversions_have_a_profile_a_process_and_leave_nothing(
    fake: Fake, reading: Reading, docx: Path, tmp_path: Path
) -> None:
    log = fake(writes(docx))
    for name in ("a.doc", "b.dot"):
        (tmp_path / name).write_bytes(OLD_WORD)
        assert texts(reading, tmp_path / name) == ["Договор № 5"]
    other = Reading()
    assert texts(other, tmp_path / "a.doc") == ["Договор № 5"]
    other.close()
    reading.close()
    calls = [json.loads(line) for line in log.read_text().splitlines()]
    profiles = [call[0].removeprefix("-env:UserInstallation=file://") for call in calls]
    assert profiles[0] == profiles[1] != profiles[2]
    assert all(profile.startswith("/") and not Path(profile).exists() for profile in profiles)
    assert not any(Path(call[-1]).exists() for call in calls)


@pytest.mark.process
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("pass", r"^damaged: LibreOffice cannot open it$"),
        ("sys.exit('no display')", r"^soffice ended with code 1: no display$"),
        ("os.kill(os.getpid(), signal.SIGKILL)", r"^soffice ended with code -9: "),
        ("open(folder + '/given.docx', 'w')", r"^damaged Word file: "),
    ],
)
def test_one_that_fails_is_told_and_the_next_document_is_read(
    fake: Fake, reading: Reading, docx: Path, tmp_path: Path, code: str, reason: str
) -> None:
    path = tmp_path / "a.doc"
    path.write_bytes(OLD_WORD)
    fake(code)
    with pytest.raises(Unreadable, match=reason):
        texts(reading, path)
    fake(writes(docx))
    assert texts(reading, path) == ["Договор № 5"]


@pytest.mark.process
def test_one_that_hangs_ends_with_what_it_has_started(fake: Fake, tmp_path: Path) -> None:
    told, path = tmp_path / "pid", tmp_path / "a.doc"
    path.write_bytes(OLD_WORD)
    fake(
        f"child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(told)!r}, 'w').write(str(child.pid))\ntime.sleep(600)"
    )
    reading = Reading(allowed=Programs(seconds=2))
    with pytest.raises(Unreadable, match=r"^too slow: soffice did not end in 2 s"):
        texts(reading, path)
    reading.close()
    child = int(told.read_text())
    while psutil.pid_exists(child) and psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)


@pytest.mark.process
def test_documents_wait_for_libreoffice_and_are_read_when_it_comes(
    fake: Fake, docx: Path, tmp_path: Path
) -> None:
    workspace = Workspace(tmp_path, env={"PATH": str(tmp_path / "bin")})
    workspace.documents.mkdir()
    path = workspace.documents / "a.doc"
    path.write_bytes(OLD_WORD)
    with pytest.raises(Missing, match=r"^LibreOffice is needed for \.doc, to be read after: "):
        list(read(path))
    (problem,) = workspace.json("reindex", code=None)["failed"]
    assert problem["reason"].endswith("to be read after: apt install libreoffice-nogui")
    fake(writes(docx))
    assert workspace.reindex()["added"] == ["a.doc"]


OFFICE, UNPACKER = "apt install libreoffice-nogui", "apt install libarchive-tools"


@pytest.fixture
def lacking(tmp_path: Path) -> Workspace:
    """Documents that need programs which are not there, some of them in others."""
    workspace = Workspace(tmp_path, env={"PATH": str(tmp_path / "bin")})
    for name in ("a.doc", "b.doc", "c.ppt"):
        workspace.write(name, OLD_WORD)
    workspace.write("d.7z", b"7z\xbc\xaf\x27\x1c")
    inner = zipped({"e.doc": OLD_WORD, "f.7z": b"7z\xbc\xaf\x27\x1c"})
    workspace.write("in part.zip", zipped({"note.txt": note(1).encode(), "inner.zip": inner}))
    workspace.write("nothing.zip", zipped({"g.doc": OLD_WORD, "h.doc": OLD_WORD}))
    workspace.write("damaged too.zip", zipped({"i.doc": OLD_WORD, "j.pdf": b"x", "k.txt": b"k"}))
    return workspace


def test_a_binary_workbook_is_for_libreoffice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / "a.xlsb"
    path.write_bytes(binary_book([["Товар", 5.0]]))
    with pytest.raises(Missing, match=r"^LibreOffice is needed for \.xlsb, "):
        list(read(path))


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.process
def test_what_waits_for_a_program_is_one_line_with_the_command(lacking: Workspace) -> None:
    office = (
        f"3 documents (2 .doc, 1 .ppt), files in 3 archives and mails; to have them read: {OFFICE}"
    )
    unpacker = f"1 document (1 .7z), files in 1 archive or mail; to have them read: {UNPACKER}"
    lines = [f"waiting: {each}, then: opsctl reindex" for each in (office, unpacker)]
    told = lacking.run("reindex").stderr.splitlines()
    assert sorted(line for line in told if line.startswith("waiting: ")) == sorted(lines)
    (other,) = [line for line in told if line.startswith(("failed: ", "in part: "))]
    assert other.startswith("in part: damaged too.zip: not read: 1 of 3 files in it: j.pdf (dam")
    status = lacking.run("status").stdout
    assert all(line in status for line in lines) and "not read: a.doc" not in status
    (check,) = [one for one in lacking.json("doctor", code=None) if one["name"] == "programs"]
    assert (check["result"], check["fix"]) == ("warning", f"{OFFICE} && {UNPACKER}")
    report = lacking.reindex("--rebuild")
    failed = [each["path"] for each in report["failed"]]
    assert failed == ["a.doc", "b.doc", "c.ppt", "d.7z", "nothing.zip"]


@pytest.mark.process
def test_an_archive_that_was_read_in_part_is_tried_again_when_the_program_is_there(
    lacking: Workspace, fake: Fake, docx: Path
) -> None:
    lacking.reindex()
    plan = lacking.reindex("--dry-run")
    assert not plan["add"] + plan["change"]
    fake(writes(docx))
    report = lacking.reindex()
    assert report["changed"] == ["damaged too.zip", "in part.zip"]
    assert report["added"] == ["a.doc", "b.doc", "c.ppt", "nothing.zip"]
    (unread,) = [each["reason"] for each in report["partial"] if each["path"] == "in part.zip"]
    assert unread == (f"waiting: 1 of 2 files in it (inner.zip), to be read after: {UNPACKER}")
    assert lacking.source("Договор № 5", env={"OPSCTL_THRESHOLD": "0"}) != "d.7z"
    assert lacking.reindex()["unchanged"] == 6
