"""Archives: each file in them by its own reader, under its name; what is left out is named."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from indexer.readers import Missing, Page, Unreadable, programs, read
from tests.indexer.sample_files import CONTRACT, pdf, word, zeros
from tests.workspace import Workspace

SEVEN = b"7z\xbc\xaf\x27\x1c"


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tarred(path: Path, files: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def texts(pages: list[Page]) -> list[tuple[str | None, str]]:
    return [(page.heading, page.text) for page in pages if not page.left_out]


def left_out(path: Path) -> str:
    return "".join(page.left_out for page in read(path))


def nested(path: Path, depth: int) -> bytes:
    """A zip in a zip in a zip, with a text in each."""
    inner = {"a.txt": b"deep"} | ({"b.zip": nested(path, depth - 1)} if depth > 1 else {})
    return zipped(path, inner).read_bytes()


def test_files_stand_under_their_names_with_their_pages(tmp_path: Path) -> None:
    word(tmp_path / "a.docx", "# Сроки", CONTRACT)
    path = zipped(
        tmp_path / "a.zip",
        {
            "Приказы/о дежурстве.txt": "Дежурит Анна".encode("cp1251"),
            "Договор.docx": (tmp_path / "a.docx").read_bytes(),
            "скан.pdf": pdf(["Первая", "Вторая страница"]),
        },
    )
    pages = list(read(path))
    assert texts(pages) == [
        ("Приказы/о дежурстве.txt", "Дежурит Анна"),
        ("Договор.docx › Сроки", CONTRACT),
        ("скан.pdf", "Первая"),
        ("скан.pdf", "Вторая страница"),
    ]
    assert [page.number for page in pages] == [None, None, 1, 2]


@pytest.mark.parametrize("encoding", ["utf-8", "cp866", "cp1251"])
def test_names_are_as_people_wrote_them(tmp_path: Path, encoding: str) -> None:
    raw = "Отчёт о закупках.txt".encode(encoding)
    place = "x" * len(raw)
    path = zipped(tmp_path / "a.zip", {place: b"text"})
    path.write_bytes(path.read_bytes().replace(place.encode(), raw))
    assert texts(list(read(path))) == [("Отчёт о закупках.txt", "text")]


@pytest.mark.parametrize(
    ("suffix", "mode"),
    [(".tar", "w"), (".tgz", "w:gz"), (".tar.gz", "w:gz"), (".tar.bz2", "w:bz2"), (".txz", "w:xz")],
)
def test_tars_of_every_kind(tmp_path: Path, suffix: str, mode: str) -> None:
    path = tarred(tmp_path / f"a{suffix}", {"./один.txt": b"1", "b/two.md": b"# H\n\ntext"}, mode)
    assert texts(list(read(path))) == [("один.txt", "1"), ("b/two.md › H", "text")]


@pytest.mark.parametrize(
    ("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)]
)
def test_a_single_compressed_file(tmp_path: Path, suffix: str, pack: object) -> None:
    path = tmp_path / f"a.log{suffix}"
    path.write_bytes(pack("запись\n".encode() * 200))  # type: ignore[operator]
    ((heading, text),) = texts(list(read(path)))
    assert (heading, text.count("запись")) == ("a.log", 200)


def test_what_is_not_read_is_counted_and_named(tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "a.zip",
        {"a.txt": b"text", "b.exe": b"MZ", "c.exe": b"MZ", "d.pdf": b"junk", "e.txt": b""},
    )
    assert texts(list(read(path))) == [("a.txt", "text")]
    assert left_out(path).startswith(
        "not read: 4 of 5 files in it: b.exe and 1 more (no reader for .ex"
    )
    assert "d.pdf (damaged PDF" in left_out(path)
    assert "e.txt (empty)" in left_out(path)


def test_files_of_systems_are_passed_over(tmp_path: Path) -> None:
    junk = ("__MACOSX/._a.txt", ".DS_Store", "a/Thumbs.db", "~$a.docx", ".git/config")
    path = zipped(tmp_path / "a.zip", {"a.txt": b"text"} | dict.fromkeys(junk, b"junk"))
    assert texts(list(read(path))) == [("a.txt", "text")]
    assert left_out(path) == ""


def test_an_archive_without_a_file_that_is_read_fails_with_the_reason(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.exe": b"MZ"})
    with pytest.raises(Unreadable, match=r"^not read: 1 of 1 file in it: a.exe \(no reader for"):
        list(read(path))


def test_encrypted_files_are_named(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.txt": b"text"})
    data = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + at] |= 1
    path.write_bytes(data)
    with pytest.raises(Unreadable, match=r"a\.txt \(encrypted: unpack it with its password\)"):
        list(read(path))


def test_paths_that_lead_outside_write_nothing_there(tmp_path: Path) -> None:
    names = ("../../out.txt", "/tmp/abs.txt", "..\\win.txt", "C:\\x\\y.txt")
    folder = tmp_path / "in"
    folder.mkdir()
    path = zipped(folder / "a.zip", dict.fromkeys(names, b"text"))
    assert [text for _, text in texts(list(read(path)))] == ["text"] * 4
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["a.zip", "in"]


def test_links_and_devices_in_a_tar_are_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for name, kind in (
            ("a.txt", tarfile.SYMTYPE), ("b.txt", tarfile.LNKTYPE), ("c.txt", tarfile.CHRTYPE),
            ("d.txt", tarfile.FIFOTYPE),
        ):  # fmt: skip
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)
        entry = tarfile.TarInfo("e.txt")
        entry.size = 4
        archive.addfile(entry, io.BytesIO(b"text"))
    assert texts(list(read(path))) == [("e.txt", "text")]
    assert "a.txt and 3 more (a link or a device)" in left_out(path)


def test_archives_in_each_other_are_read_to_a_depth(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(nested(path, 5))
    assert [heading for heading, _ in texts(list(read(path)))] == [
        "a.txt", "b.zip › a.txt", "b.zip › b.zip › a.txt",
    ]  # fmt: skip
    assert "deeper than 3 archives or mails in each other" in left_out(path)


def test_bombs_end_at_the_limit(tmp_path: Path) -> None:
    bomb = zeros(*((f"{number}.txt", 30) for number in range(5)))
    path = zipped(tmp_path / "a.zip", {"a.txt": b"text", "b.zip": bomb, "c.txt": b"more"})
    assert texts(list(read(path)))[0] == ("a.txt", "text")
    assert "too large unpacked" in left_out(path)


def test_a_tar_cut_short_gives_what_came_before(tmp_path: Path) -> None:
    rng = b"".join(bytes([number * 7 % 256]) for number in range(4000))
    files = {"a.txt": CONTRACT.encode() * 30, "b.txt": rng * 50, "c.txt": b"text"}
    path = tarred(tmp_path / "a.tar", files)
    path.write_bytes(path.read_bytes()[:100_000])
    assert [heading for heading, _ in texts(list(read(path)))] == ["a.txt"]
    assert "damaged" in left_out(path)


@pytest.mark.slow
def test_a_hundred_thousand_files_are_read_up_to_a_number(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {f"{number}.txt": b"" for number in range(100_000)})
    with pytest.raises(Unreadable, match=r"the rest was not read \(more than 10000 files"):
        list(read(path))


def test_what_no_program_reads_waits_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / "a.7z"
    path.write_bytes(SEVEN + bytes(100))
    with pytest.raises(Missing, match="apt install libarchive-tools"):
        list(read(path))
    with pytest.raises(Missing, match=r"\(a\.7z\), to be read after: apt"):
        list(read(zipped(tmp_path / "a.zip", {"a.7z": SEVEN})))


@pytest.mark.skipif(programs.find("bsdtar") is None, reason="bsdtar is not installed")
def test_a_7z_is_unpacked_by_bsdtar(tmp_path: Path) -> None:
    (tmp_path / "order.txt").write_text("Дежурит Анна", encoding="cp1251")
    (tmp_path / "b.exe").write_bytes(b"MZ")
    path = tmp_path / "a.7z"
    pack = ["bsdtar", "--format", "7zip", "-cf", str(path), "-C", str(tmp_path)]
    subprocess.run([*pack, "order.txt", "b.exe"], check=True)
    assert texts(list(read(path))) == [("order.txt", "Дежурит Анна")]
    assert left_out(path) == "not read: 1 of 2 files in it: b.exe (no reader for .exe)"


@pytest.mark.parametrize("suffix", [".7z", ".rar"])
def test_an_archive_that_is_none_is_damaged(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"no archive at all")
    with pytest.raises(Unreadable, match=r"^damaged archive: not a "):
        list(read(path))


def test_reindex_names_what_it_left_out_and_answers_name_the_file(workspace: Workspace) -> None:
    workspace.documents.mkdir(exist_ok=True)
    files = {"Заявка на пропуск.txt": "Пропуск выдаёт Рогов, кабинет 405.".encode(), "b.exe": b"MZ"}
    zipped(workspace.documents / "a.zip", files)
    report = workspace.reindex()
    assert report["added"] == ["a.zip"]
    (partial,) = report["partial"]
    assert partial["reason"].startswith("not read: 1 of 2 files in it: b.exe (no reader for .exe)")
    (source, *_) = workspace.answer("Кто выдаёт пропуск?")["citations"]
    assert (source["file"], source["heading"]) == ("a.zip", "Заявка на пропуск.txt")
