"""Files that must not become documents, and moments at which the bot is killed."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.uploads.check import Rejected, check
from bot.uploads.file_types import has_type_of_suffix
from indexer.readers import READERS
from indexer.readers.programs import Programs
from tests.bot.bot_process import BotProcess, eventually
from tests.bot.upload_files import (
    ADMINS,
    ELF,
    PE,
    bomb,
    documents_of,
    every,
    locked,
    pdf_of,
    result,
    send,
    told,
    word,
    zipped,
)
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.bot_api_play import Fault, Flood
from tests.indexer.sample_files import encrypted_pdf, pdf
from tests.indexer.test_office_kinds import OLD_WORD
from tests.workspace import note

TEXT = note(1).encode()
FEW = ADMINS[:4]
REFUSED: dict[str | None, tuple[bytes, str]] = {
    "elf.pdf": (ELF, "не похоже на pdf"),
    "pe.pdf": (PE, "не похоже на pdf"),
    "later.pdf": (ELF + pdf([note(1)]), "не похоже на pdf"),
    "elf.txt": (ELF, "не похоже на txt"),
    "pe.md": (PE, "не похоже на md"),
    "pe.doc": (PE, "не похоже на doc"),
    "pdf.html": (pdf([note(1)]), "не похоже на html"),
    "text.docx": (TEXT, "не похоже на docx"),
    "exe.docx": (PE + word(note(1)), "не похоже на docx"),
    "word.xlsx": (word(note(1)), "не похоже на xlsx"),
    "blank.pdf": (pdf([b"", b""]), "нет текста"),
    "empty.txt": (b" \n", "нет текста"),
    "secret.pdf": (encrypted_pdf([note(1)], "password"), "защищён паролем"),
    "cut.pdf": (pdf([note(1)])[:300], "повреждён"),
    "program.exe": (PE, "Файлы такого вида я читать не умею"),
    None: (TEXT, "читать не умею"),
    "no suffix": (TEXT, "читать не умею"),
    "a.txt\0": (TEXT, "читать не умею"),
}
BOMBS = {
    "bomb.docx": (b"<w:p><w:r><w:t>x</w:t></w:r></w:p>", 8_000_000, b"", "слишком велик"),
    "xml.docx": (b"<w:p/>", 11_000_000, b"", "слишком велик"),
    "memory.docx": (b"<w:p/>", 10_000_000, b"w:sdt", "слишком сложен"),
}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "documents").mkdir()
    return tmp_path


def test_what_is_no_document_is_refused_with_the_reason(state: Path) -> None:
    refused = dict(REFUSED)
    for name, (body, times, inside, why) in BOMBS.items():
        refused[name] = bomb(body, times, inside), why

    async def go() -> None:
        async with FakeBotAPI() as api, BotProcess(state, api, state, admins=ADMINS) as bot:
            sent = {
                send(api, name, bad, user=user): why
                for user, (name, (bad, why)) in zip(ADMINS, refused.items(), strict=True)
            }
            await api.until(every(list(sent), bot))
            for message, why in sent.items():
                assert why in told(bot, message)[0], (message, why, told(bot, message))
            assert documents_of(state) == {} and list((state / "uploads").iterdir()) == []

    assert all(len(bad) < 5_000_000 for bad, _ in refused.values())
    asyncio.run(go())


CONTAINERS = {
    "programs.zip": (zipped({"a.exe": PE, "b.pdf": PE}), "contents"),
    "secret.zip": (locked(zipped({"a.txt": TEXT})), "locked"),
    "bomb.zip": (zipped({"a.txt": bytes(70_000_000)}), "heavy"),
    "text.mbox": (TEXT, "damaged"),
}


@pytest.mark.process
@pytest.mark.parametrize("name", CONTAINERS)
def test_mail_and_archives_of_which_nothing_can_be_read_are_refused(
    tmp_path: Path, name: str
) -> None:
    content, why = CONTAINERS[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(Rejected, match=why):
        asyncio.run(check(path, Programs()))


def test_no_program_is_taken_for_a_document(tmp_path: Path) -> None:
    by_their_readers = {".tar", ".ppt", ".pps", ".pot"}
    taken = set()
    for suffix in READERS:
        path = tmp_path / f"a{suffix}"
        path.write_bytes(ELF)
        if has_type_of_suffix(path):
            taken.add(suffix)
    assert taken == by_their_readers


def test_what_needs_a_program_that_is_not_installed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    path = tmp_path / "a.doc"
    path.write_bytes(OLD_WORD)
    with pytest.raises(Rejected) as rejected:
        asyncio.run(check(path, Programs()))
    assert (rejected.value.why, rejected.value.how) == ("missing", "apt install libreoffice-nogui")


def test_more_than_20_mb_is_refused_whatever_is_said_of_the_size(state: Path) -> None:
    most = 20 << 20  # of Telegram's 20 MB
    content = pdf_of(most + 500, note(1))
    assert most < len(content) < most + 1_000

    async def go() -> None:
        async with FakeBotAPI(flood=Flood(0)) as api, BotProcess(state, api, state) as bot:
            assert "больше 20 МБ" in await result(bot, send(api, "a.pdf", content))
            assert api.count("getFile") == 0
            unsaid = send(api, "b.pdf", content, document={"file_size": None})
            assert "больше 20 МБ" in await result(bot, unsaid)
            assert api.count("getFile") == 1 and api.count("file") == 0
            api.methods.files.largest = 30_000_000
            lie = send(api, "c.pdf", content, document={"file_size": 1000})
            assert "больше 20 МБ" in await result(bot, lie)
            assert api.count("file") == 1 and documents_of(state) == {}

    asyncio.run(go())


def test_links_in_the_documents_lead_nowhere(state: Path) -> None:
    async def go() -> None:
        outside, telegram = state / "outside", state / "documents" / "telegram"
        outside.mkdir()
        victim = outside / "victim.txt"
        victim.write_bytes(b"mine")
        (state / "uploads").mkdir()
        (state / "uploads" / "7.txt").symlink_to(victim)
        async with FakeBotAPI() as api, BotProcess(state, api, state, admins=FEW) as bot:
            telegram.symlink_to(outside)
            assert "не удалось сохранить" in await result(bot, send(api, "a.txt", TEXT))
            telegram.unlink()
            telegram.mkdir()
            (telegram / "b-unique2.txt").symlink_to(victim)
            (telegram / ".part").symlink_to(victim)
            assert "уже есть" in await result(bot, send(api, "b.txt", TEXT, user=2))
            assert "✅" in await result(bot, send(api, "c.txt", TEXT, user=3))
            assert names(outside) == ["victim.txt"]
            assert victim.read_bytes() == b"mine"
            assert set(names(telegram)) == {"b-unique2.txt", "c-unique3.txt"}

    asyncio.run(go())


def test_a_bot_that_is_killed_adds_each_file_once(state: Path) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, BotProcess(state, api, state, admins=FEW) as bot:
            written = state / "documents" / "telegram"
            moments: list[Callable[[], object]] = [
                lambda: api.count("file"),
                lambda: says(bot, "Читаю"),
                lambda: names(written) != before,
                lambda: says(bot, "Добавляю"),
            ]
            for number, moment in enumerate(moments):
                before = names(written)
                if number == 0:
                    api.faults = [Fault("file", silent=True)]
                message = send(api, f"{number}.txt", note(number).encode(), user=number + 1)
                await eventually(moment)
                await bot.kill()
                await bot.start()
                assert "✅ Добавлено" in await result(bot, message)
            await eventually(lambda: bot.rows("SELECT 1 FROM upload") == [])
            assert sorted(documents_of(state).values()) == [note(n).encode() for n in range(4)]
            assert list((state / "uploads").iterdir()) == []
            told = [reply for user in FEW for reply in bot.all_replies(user) if "✅" in reply]
            assert len(told) == 4  # beside what each hears of the others' files

    asyncio.run(go())


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.exists() else []


def says(bot: BotProcess, word: str) -> bool:
    return any(word in text for user in FEW for text in bot.all_replies(user))
