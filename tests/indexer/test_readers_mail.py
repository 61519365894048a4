"""Letters: fields in their language, body from text or HTML, attachments by their readers."""

from __future__ import annotations

import mailbox
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from indexer.readers import Page, Unreadable, read
from tests.indexer.ole_files import compound, outlook
from tests.indexer.sample_files import word
from tests.workspace import Workspace

HEAD = b"From: a@b.org\r\nMIME-Version: 1.0\r\n"


def letter(subject: str, text: str, **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject
    for name, value in headers.items():
        message["From" if name == "sender" else name] = value
    message.set_content(text)
    return message


def written(folder: Path, message: EmailMessage | bytes) -> list[Page]:
    path = folder / "a.eml"
    path.write_bytes(message if isinstance(message, bytes) else message.as_bytes())
    return list(read(path))


def blocks(pages: list[Page]) -> list[tuple[str, str]]:
    return [
        (block.kind, page.text[block.start : block.stop]) for page in pages for block in page.blocks
    ]


def test_a_letter_stands_under_its_subject_with_labelled_fields(tmp_path: Path) -> None:
    message = letter(
        "Поставка бумаги", "Бумага придёт во вторник.\n", sender="Анна Рогова <anna@lab.ru>",
        To="sklad@lab.ru", Date="Thu, 04 Dec 2025 09:05:00 +0300",
    )  # fmt: skip
    pages = written(tmp_path, message)
    assert {page.heading for page in pages} == {"Поставка бумаги"}
    assert blocks(pages) == [
        ("field", "От: Анна Рогова <anna@lab.ru>"), ("field", "Кому: sklad@lab.ru"),
        ("field", "Дата: 04.12.2025 09:05"), ("paragraph", "Бумага придёт во вторник."),
    ]  # fmt: skip


def test_the_fields_of_an_english_letter_are_english(tmp_path: Path) -> None:
    message = letter("Paper", "It comes on Tuesday.", sender="Ann <a@b.org>", To="c@d.org",
                     Date="Thu, 04 Dec 2025 09:05:00 +0300")  # fmt: skip
    assert blocks(written(tmp_path, message))[:3] == [
        ("field", "From: Ann <a@b.org>"), ("field", "To: c@d.org"),
        ("field", "Date: 4 December 2025 09:05"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        ("Отчёт за май".encode("koi8-r"), "Отчёт за май"),
        ("Отчёт за май".encode("cp1251"), "Отчёт за май"),
        ("Отчёт за май".encode(), "Отчёт за май"),
        (b"=?koi8-r?B?79Tex9Qg2sEgzcHK?=", "Отчгт за май"),
        (b"=?utf-8?Q?=D0=9E=D1=82=D1=87=D1?=\r\n =?utf-8?Q?=91=D1=82?=", "Отчёт"),
        (b"=?unknown-8bit?Q?=EF=D4=DE=A3=D4_=DA=C1_=CD=C1=CA?=", "Отчёт за май"),
        (b"=?utf-8?B?broken", "=?utf-8?B?broken"),
    ],
)
def test_subjects_in_any_charset(tmp_path: Path, raw: bytes, subject: str) -> None:
    pages = written(tmp_path, b"Subject: " + raw + b"\r\n" + HEAD + b"\r\ntext")
    assert pages[0].heading == subject


@pytest.mark.parametrize("charset", [b"", b"; charset=unknown-8bit", b"; charset=us-ascii",
                                     b"; charset=koi8-r"])  # fmt: skip
def test_bodies_in_a_charset_that_is_not_told(tmp_path: Path, charset: bytes) -> None:
    text = "Совещание перенесено на среду, в малый зал.".encode("koi8-r")
    message = HEAD + b"Content-Type: text/plain" + charset + b"\r\n\r\n" + text
    assert blocks(written(tmp_path, message))[-1][1].startswith("Совещание перенесено на среду")


def test_a_table_that_stands_only_in_html_is_read(tmp_path: Path) -> None:
    message = letter("Цены", "Цены в таблице.\n")
    rows = "<tr><td>Винт</td><td>5,20</td></tr><tr><td>Гайка</td><td>7,10</td></tr>"
    message.add_alternative(
        f"<html><title>x</title><p>Цены на май:</p><table><tr><th>Товар<th>Цена</tr>{rows}</table>",
        subtype="html",
    )
    pages = written(tmp_path, message)
    assert [text for kind, text in blocks(pages) if kind == "row"] == [
        "Товар | Цена", "Винт | 5,20", "Гайка | 7,10",
    ]  # fmt: skip


def test_plain_text_is_taken_where_html_says_the_same(tmp_path: Path) -> None:
    message = letter("Сбор", "Сбор в 10 у входа.\n")
    message.add_alternative("<p>Сбор в <b>10</b> у входа.</p>", subtype="html")
    assert blocks(written(tmp_path, message)) == [("paragraph", "Сбор в 10 у входа.")]


def test_quoted_letters_and_signatures_are_notes(tmp_path: Path) -> None:
    text = "Да, приходите.\n\n> Можно ли прийти\n> во вторник?\n\n-- \nАнна, тел. 4-05\n"
    assert blocks(written(tmp_path, letter("Re: визит", text))) == [
        ("paragraph", "Да, приходите."), ("note", "Можно ли прийти\nво вторник?"),
        ("note", "Анна, тел. 4-05"),
    ]  # fmt: skip


def test_attachments_are_read_under_subject_and_name(tmp_path: Path) -> None:
    word(tmp_path / "a.docx", "# Сроки", "Три дня.")
    message = letter("Договор", "Во вложении.\n")
    message.add_attachment(
        (tmp_path / "a.docx").read_bytes(), maintype="application",
        subtype="octet-stream", filename="Договор поставки.docx",
    )  # fmt: skip
    message.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="a.exe")
    inner = letter("Исходное", "Нужен договор.\n", sender="boss@lab.ru")
    message.add_attachment(inner)
    pages = written(tmp_path, message)
    assert [page.heading for page in pages if page.text] == [
        "Договор", "Договор › Договор поставки.docx › Сроки", "Договор › Исходное.eml › Исходное",
    ]  # fmt: skip
    assert pages[-1].left_out == "not read: 1 of 3 files in it: a.exe (no reader for .exe)"


def test_pictures_of_a_letterhead_and_signatures_of_mail_are_no_attachments(tmp_path: Path) -> None:
    message = letter("Привет", "Текст.\n")
    message.add_alternative("<p>Текст.<img src=cid:logo></p>", subtype="html")
    body = message.get_payload()[1]  # type: ignore[index]
    body.add_related(b"GIF89a", "image", "gif", cid="<logo>", filename="logo.gif")  # type: ignore
    assert [page.left_out for page in written(tmp_path, message)] == [""]


def test_a_huge_attachment_is_named_and_the_letter_read(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    line = b"QUJD" * 19 + b"\r\n"
    with path.open("wb") as file:
        file.write(HEAD + b"Subject: Big\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n")
        file.write(b"--x\r\n\r\nSee the film.\r\n--x\r\nContent-Transfer-Encoding: base64\r\n")
        file.write(b"Content-Disposition: attachment; filename=film.txt\r\n\r\n")
        for _ in range(70):
            file.write(line * 13_000)
        file.write(
            b"--x\r\nContent-Disposition: attachment; filename=b.txt\r\n\r\nsmall\r\n--x--\r\n"
        )
    pages = list(read(path))
    assert [(page.heading, page.text.split("\n")[-1]) for page in pages if page.text] == [
        ("Big", "See the film."), ("Big › b.txt", "small"),
    ]  # fmt: skip
    assert "film.txt (too large: more than 64 MB as it is sent)" in pages[-1].left_out


def test_a_mailbox_is_read_letter_by_letter(tmp_path: Path) -> None:
    path = tmp_path / "a.mbox"
    box = mailbox.mbox(path)
    for number in range(50):
        box.add(letter(f"Тема {number}", f"From here on it is text {number}.\n"))
    box.close()
    pages = list(read(path))
    assert [(page.heading, page.text) for page in pages] == [
        (f"Тема {number}", f"From here on it is text {number}.") for number in range(50)
    ]


@pytest.mark.parametrize("suffix", [".eml", ".mbox", ".msg"])
def test_what_is_no_mail_is_called_damaged(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_text("Просто текст.\n", encoding="utf-8")
    with pytest.raises(Unreadable, match=r"^damaged: no "):
        list(read(path))


def test_answers_come_from_letters_and_their_attachments(workspace: Workspace) -> None:
    message = letter("Ремонт лифта", "Лифт закрыт до 12 мая.\n", sender="Рогов <r@lab.ru>")
    message.add_attachment("Ключ от щитовой у вахтёра Зимина.", filename="ключи.txt")
    workspace.write("a.eml", message.as_bytes())
    workspace.reindex()
    (first, *_) = workspace.answer("У кого ключ от щитовой?")["citations"]
    assert (first["file"], first["heading"]) == ("a.eml", "Ремонт лифта › ключи.txt")
    assert workspace.source("До какого числа закрыт лифт?") == "a.eml"


def test_a_letter_of_outlook(tmp_path: Path) -> None:
    sent = datetime(2025, 12, 4, 9, 5, tzinfo=UTC)
    file = {
        "__substg1.0_3707001F": "ключи.txt".encode("utf-16-le"),
        "__substg1.0_37010102": "Ключ у Зимина.".encode(),
        "__properties_version1.0": bytes(8),
    }
    inner = outlook({0x0037: "Исходное", 0x1000: "Где ключ?"})
    inside = {"__properties_version1.0": bytes(8), "__substg1.0_3701000D": inner}
    path = tmp_path / "a.msg"
    path.write_bytes(compound(outlook(
        {0x0037: "Ремонт", 0x0C1A: "Рогов", 0x0C1F: "r@lab.ru", 0x0E04: "Зимин",
         0x1000: "Лифт закрыт.\r\n\r\nС уважением"}, sent,
        **{"__attach_version1.0_#00000000": file, "__attach_version1.0_#00000001": inside},
    )))  # fmt: skip
    assert [(page.heading, page.text) for page in read(path)] == [
        ("Ремонт", "От: Рогов <r@lab.ru>\nКому: Зимин\nДата: 04.12.2025 09:05\n\nЛифт закрыт.\n\n"
         "С уважением"),
        ("Ремонт › ключи.txt", "Ключ у Зимина."),
        ("Исходное", "Где ключ?"),
    ]  # fmt: skip


def test_a_letter_of_outlook_in_html_of_an_old_code_page(tmp_path: Path) -> None:
    path = tmp_path / "a.msg"
    page = "<p>Лифт закрыт до <b>12 мая</b>.</p>".encode("cp1251")
    path.write_bytes(compound(outlook({0x0037: "Ремонт", 0x1013: page})))
    assert blocks(list(read(path))) == [("paragraph", "Лифт закрыт до 12 мая.")]
