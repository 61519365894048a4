"""What a paper bears and who signed it, under a letterhead of any length, and which is in force."""

import pytest
from docx import Document

from tests.workspace import Workspace

LETTERHEAD = """АДМИНИСТРАЦИЯ ГОРОДА УСТЬЕ

Муниципальное бюджетное учреждение
«Городские парки № 3»
(МБУ «Горпарки № 3»)

164500, г. Устье, пр. Труда, д. 7. Тел./факс 5-44-10, e-mail parks@ustye.example.

ИНН 2902000001, ОГРН 1022900000001

"""
BOATS = (
    LETTERHEAD
    + """П Р И К А З

12 марта 2021 г.                                        № 41-ОД

О прокате лодок

ПРИКАЗЫВАЮ:

1. Прокат лодок работает с 10 до 18.

Директор                                     И.В. Кедров
"""
)
NEW_BOATS = (
    LETTERHEAD
    + """П Р И К А З

5 сентября 2024 г.                                      № 117-ОД

О правилах выдачи плавсредств

ПРИКАЗЫВАЮ:

1. Выдавать лодки с 9 до 20.
2. Признать утратившими силу:
- приказ от 12.03.2021 № 41-ОД «О прокате лодок»;
- приказ от 01.02.2020 № 3-ОД «О залогах».
3. Контроль за исполнением приказа от 17.04.2023 № 52-ОД оставляю за собой.

И.о. директора                     /подпись/            Н.А. Березина

С приказом ознакомлен:
Ершов К.К.

Приложение
к приказу от 05.09.2024 № 117-ОД

Журнал ведёт кассир П.П. Кулик
"""
)
LAMPS = (
    LETTERHEAD
    + """П Р И К А З

17 апреля 2023 г.                                       N 52-ОД

О фонарях

ПРИКАЗЫВАЮ:

1. Фонари включать в сумерки.

Заместитель директора
по хозяйству                                 Т.Е. Рябова
"""
)
POLICY = """# Harbour Trust

12 Quay Street, Leith, EH6 1AA

Telephone 0131 496 0000

## Remote work policy

Policy No. {number} of {date}

1. Staff may work remotely {days} days a week.

{more}
"""


@pytest.fixture
def office(workspace: Workspace) -> Workspace:
    workspace.write("1.txt", BOATS)
    workspace.write("2.txt", NEW_BOATS)
    workspace.write("3.txt", LAMPS)
    first = {"number": "14", "date": "3 March 2023", "days": "two"}
    workspace.write("a.md", POLICY.format(**first, more="Signed:\n\nAlice Monroe\n\nDirector"))
    second = {"number": "19", "date": "9 June 2025", "days": "three"}
    repeal = "2. This policy supersedes Policy No. 14.\n\nSigned by: Robert Kane, Director"
    workspace.write("b.md", POLICY.format(**second, more=repeal))
    workspace.run("reindex")
    return workspace


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("номер и дата приказа о прокате лодок", "№ 117-ОД от 05.09.2024\n— 2.txt\n"),
        ("от какого числа приказ о фонарях", "№ 52-ОД от 17.04.2023\n— 3.txt"),
        ("какой номер у приказа о выдаче плавсредств", "№ 117-ОД от 05.09.2024\n— 2.txt"),
        ("number of the remote work policy", "No. 19 of 2025-06-09\n— b.md\n"),
    ],
)
def test_number_and_date_are_those_of_the_paper_in_force(
    office: Workspace, asked: str, told: str
) -> None:
    reply = office.json("ask", asked)
    assert (reply["kind"], reply["found"]) == ("issued", True)
    assert reply["text"].startswith(told)


@pytest.mark.parametrize(
    ("asked", "told", "file"),
    [
        ("кто подписал приказ о прокате лодок", "И.о. директора /подпись/ Н.А. Березина", "2.txt"),
        ("кем подписан приказ о фонарях?", "Т.Е. Рябова", "3.txt"),
        ("чья подпись под приказом 41-ОД", "Директор И.В. Кедров", "1.txt"),
        ("Who signed the remote work policy?", "Robert Kane", "b.md"),
        ("who signed policy No. 14", "Alice Monroe\nDirector", "a.md"),
    ],
)
def test_who_signed_a_paper_is_told(office: Workspace, asked: str, told: str, file: str) -> None:
    reply = office.json("ask", asked)
    assert (reply["kind"], reply["found"]) == ("signed", True)
    (cited,) = reply["citations"]
    assert told in cited["quote"]
    assert cited["file"] == file
    assert "Кулик" not in reply["text"] and "Ершов" not in reply["text"]


def test_a_paper_that_is_named_by_its_number_says_what_took_its_place(office: Workspace) -> None:
    text = office.json("ask", "номер и дата приказа 41-ОД")["text"]
    assert text.startswith("№ 41-ОД от 12.03.2021\n— 1.txt\n")
    assert "Больше не действует, вместо него: № 117-ОД от 05.09.2024 (2.txt)" in text
    assert "не действует" not in office.json("ask", "номер и дата приказа о фонарях")["text"]


def test_no_signature_is_made_up(office: Workspace) -> None:
    office.write("4.txt", LETTERHEAD + "ПРИКАЗ № 60-ОД от 01.10.2025\n\nО скамьях\n\n1. Красить.\n")
    office.run("reindex")
    reply = office.json("ask", "кто подписал приказ о скамьях", code=None)
    assert reply["kind"] != "signed"


def test_a_letterhead_in_a_table_of_a_word_document(workspace: Workspace) -> None:
    document = Document()
    head = document.add_table(rows=1, cols=2)
    head.cell(0, 0).text = "Общество с ограниченной ответственностью\n«Вектор-Логистика»"
    head.cell(0, 1).text = "ул. Портовая, 18, Самара, 443001\nтел. 8 (846) 300-12-12, доб. 5"
    for line in ("ИНН 6310000001 КПП 631001001", "Система качества ISO 9001", "РАСПОРЯЖЕНИЕ"):
        document.add_paragraph(line)
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "11.11.2024", "№ 20-р"
    for line in ("Самара", "О пропускном режиме", "1. Вход на склад по пропускам."):
        document.add_paragraph(line)
    signed = document.add_table(rows=1, cols=3)
    signed.cell(0, 0).text, signed.cell(0, 2).text = "Заместитель директора", "Г.Р. Валеев"
    workspace.documents.mkdir(exist_ok=True)
    document.save(str(workspace.documents / "1.docx"))
    workspace.run("reindex")
    told = workspace.json("ask", "номер распоряжения о пропускном режиме")["text"]
    assert told.startswith("№ 20-р от 11.11.2024")
    told = workspace.json("ask", "кто подписал распоряжение о пропускном режиме")["text"]
    assert "Заместитель директора Г.Р. Валеев" in told
