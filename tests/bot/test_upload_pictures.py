"""Scans and pictures that are sent are accepted where tesseract reads them."""

import asyncio
import os
from pathlib import Path

import pytest

from bot.uploads.check import Rejected, check
from indexer.readers.programs import Programs
from tests.bot.bot_process import ADMIN, BotProcess
from tests.bot.upload_files import documents_of, result, send_photo
from tests.fakes.bot_api import FakeBotAPI
from tests.fakes.tesseract import FakeTesseract
from tests.indexer.scan_files import drawn, pages, saved

pytestmark = pytest.mark.process
TESSERACT = "apt install tesseract-ocr tesseract-ocr-rus"
PLAIN = 2
SENT = {
    "a.jpg": (saved(drawn(), "JPEG"), None),
    "b.png": (saved(drawn(), "PNG"), None),
    "c.tiff": (saved(drawn(), "TIFF", drawn(shade=9)), 2),
    "d.pdf": (pages(drawn()), 1),
}


@pytest.mark.parametrize("name", SENT)
def test_a_picture_is_a_document_where_there_is_tesseract(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    content, last = SENT[name]
    path = tmp_path / name
    path.write_bytes(content)
    monkeypatch.setenv("PATH", os.defpath)
    with pytest.raises(Rejected, match="scan") as rejected:
        asyncio.run(check(path, Programs()))
    assert rejected.value.how == TESSERACT
    fake = FakeTesseract(tmp_path / "bin")
    fake.tell("Приказ № 58")
    monkeypatch.setenv("PATH", f"{fake.folder}:{os.defpath}")
    assert asyncio.run(check(path, Programs())) == last


def test_what_only_has_the_name_of_a_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(saved(drawn(), "JPEG"))
    with pytest.raises(Rejected, match="mismatch"):
        asyncio.run(check(path, Programs()))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "documents").mkdir()
    return tmp_path


def test_photos_are_documents_that_are_called_by_day_and_caption(
    state: Path,
) -> None:
    fake = FakeTesseract(state / "bin")
    fake.tell("Приказ № 58 от 3 февраля", "Ответственный за насос — Пономарёв")
    path = f"{fake.folder}:{os.defpath}"

    async def go() -> None:
        async with FakeBotAPI() as api, BotProcess(state, api, state, path=path) as bot:
            first, second = saved(drawn(), "JPEG"), saved(drawn(shade=9), "JPEG")
            caption = "Приказ 58/2\\3 о насосе.\nСрочно"
            said = await result(bot, send_photo(api, first, caption=caption))
            assert "✅ Добавлено: telegram/" in said
            assert "Приказ-58-2-3-о-насосе-Срочно-unique2.jpg" in said
            said = await result(bot, send_photo(api, second))
            assert "✅ Добавлено: telegram/" in said and "-фото-unique5.jpg" in said
            assert "Заменить" not in said
            assert sorted(documents_of(state).values()) == sorted([first, second])
            api.user(ADMIN, "Кто ответственный за насос?")
            assert "Пономарёв" in (await bot.replied(ADMIN, 3))[2]

    asyncio.run(go())


def test_a_photo_is_no_document_without_tesseract_or_from_others(
    state: Path,
) -> None:
    async def go() -> None:
        async with FakeBotAPI() as api, BotProcess(state, api, state) as bot:
            said = await result(bot, send_photo(api, saved(drawn(), "JPEG")))
            assert said.startswith("Не добавлено: это скан или картинка.")
            assert said.endswith(TESSERACT)
            send_photo(api, saved(drawn(), "JPEG"), user=PLAIN)
            assert "только текст" in (await bot.replied(PLAIN))[0]
            assert documents_of(state) == {} and api.count("file") == 1

    asyncio.run(go())
