"""PDF: what the places of its text tell: columns, headings, tables, running lines, forms."""

from __future__ import annotations

from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
from pypdf import PdfWriter

from indexer.readers import Page, read
from indexer.readers.page import cells
from tests.indexer.sample_files import filled_pdf, pdf, placed

LEFT = (
    "The society collects mosses", "since 1911. The oldest sheet", "was brought by Mr Ear from",
    "the river Katun. The sheets", "are kept at sixteen degrees",
)  # fmt: skip
RIGHT = (
    "The beetles stand on the", "third floor. The key is with", "Mrs Moth. Boxes are opened",
    "in gloves only. New ones are", "frozen for a month at first.",
)  # fmt: skip
BODY = (
    "The station stands on the southern shore of the island, and eleven people winter there.",
    "In summer there are up to twenty-six of them, with the parties that work in the field.",
)


def read_bytes(folder: Path, data: bytes) -> list[Page]:
    path = folder / "a.pdf"
    path.write_bytes(data)
    return list(read(path))


def said(page: Page, kind: str) -> list[str]:
    return [page.text[each.start : each.stop] for each in page.blocks if each.kind == kind]


def paragraph(top: int, *lines: str) -> bytes:
    return placed(*((50, top - 14 * at, line) for at, line in enumerate(lines)))


def test_columns_that_are_drawn_line_by_line_are_read_one_after_the_other(tmp_path: Path) -> None:
    lines = zip(LEFT, RIGHT, strict=True)
    content = b"".join(
        placed((50, 700 - 14 * at, left), (300, 700 - 14 * at, right))
        for at, (left, right) in enumerate(lines)
    )
    page, *_ = read_bytes(tmp_path, pdf([content]))
    assert said(page, "paragraph") == [" ".join(LEFT), " ".join(RIGHT)]


def test_columns_that_are_drawn_one_after_the_other_may_have_short_lines(tmp_path: Path) -> None:
    left = ["Terms", *LEFT, "in all:", "a chest", "a sheet of paper or so"]
    right = [*RIGHT, "Table 1", "of the beetles that stand here", "End"]
    content = placed(*((50, 700 - 14 * at, line) for at, line in enumerate(left)))
    content += placed(*((300, 700 - 14 * at, line) for at, line in enumerate(right)))
    page, *_ = read_bytes(tmp_path, pdf([content]))
    assert not said(page, "row")
    assert page.text.index("a sheet of paper") < page.text.index("The beetles")


def test_columns_are_known_below_a_table_and_beside_a_figure(tmp_path: Path) -> None:
    rows = [(f"Kit {at}", str(at * 7), f"row {at}", str(at * 9)) for at in range(1, 9)]
    table = [
        (x, 780 - 14 * at, cell)
        for at, cells in enumerate(rows)
        for x, cell in zip((50, 200, 330, 480), cells, strict=True)
    ]
    caption = 50, 650, "Table 4. What the kits of the station hold, and where they are kept."
    labels = [(340 + 40 * (at % 3), 620 - 12 * (at // 3), f"x{at}") for at in range(18)]
    left = [(50, 620 - 14 * at, f"The first column has line {at:02} of it") for at in range(18)]
    right = [(330, 530 - 14 * at, f"The second one has the line {at:02}") for at in range(12)]
    page, *_ = read_bytes(tmp_path, pdf([placed(*table, caption, *left, *labels, *right)]))
    assert said(page, "row")[0] == "Kit 1 | 7 | row 1 | 9"
    text = " ".join(page.text.split())
    places = [text.index(f"The first column has line {at:02}") for at in range(18)]
    places += [text.index(f"The second one has the line {at:02}") for at in range(12)]
    assert places == sorted(places)


def test_words_with_accents_are_joined(tmp_path: Path) -> None:
    page, *_ = read_bytes(tmp_path, pdf(["Латынь ñ espa-\nñola"]))
    assert page.text == "Латынь ñ española"


def test_larger_lines_are_headings_and_those_of_a_size_are_beside_each_other(
    tmp_path: Path,
) -> None:
    content = placed((50, 800, "Handbook"), size=20)
    content += placed((50, 760, "1. The station"), size=14) + paragraph(740, *BODY)
    content += placed((50, 690, "2. The power"), size=14) + paragraph(670, *BODY)
    pages = read_bytes(tmp_path, pdf([content]))
    assert [page.heading for page in pages] == [
        "Handbook › 1. The station", "Handbook › 2. The power",
    ]  # fmt: skip
    assert all(page.text == " ".join(BODY) and page.number == 1 for page in pages)


def test_a_gap_parts_paragraphs_whose_lines_are_full(tmp_path: Path) -> None:
    content = paragraph(700, *BODY, *BODY, *BODY) + paragraph(600, *BODY)
    page, *_ = read_bytes(tmp_path, pdf([content]))
    assert [len(text) for text in said(page, "paragraph")] == [
        len(" ".join(BODY * 3)), len(" ".join(BODY)),
    ]  # fmt: skip


def test_cells_under_each_other_are_rows_below_their_header(tmp_path: Path) -> None:
    table = (("Thing", "Where"), ("Flour", "shelf 2"), ("Diesel", "tank 4"), ("Wood", "shed 7"))
    content = paragraph(760, *BODY) + b"".join(
        placed((50, 700 - 20 * at, first), (200, 700 - 20 * at, second))
        for at, (first, second) in enumerate(table)
    )
    content += placed((200, 629, "behind the house"))
    page, *_ = read_bytes(tmp_path, pdf([content]))
    rows = [block for block in page.blocks if block.kind == "row"]
    assert [tuple(cells(text)) for text in said(page, "row")] == [
        *table[:-1], ("Wood", "shed 7 behind the house"),
    ]  # fmt: skip
    assert {row.table.header for row in rows if row.table} == {"Thing | Where"}


def test_words_spread_over_a_line_are_no_table(tmp_path: Path) -> None:
    words = ("The", "word", "that", "fills")
    places = (50, 83, 122, 156)
    spread = placed(*((x, 700, word) for x, word in zip(places, words, strict=True)))
    spread += placed(*((x, 686, word) for x, word in zip(places, words, strict=True)))
    page, *_ = read_bytes(tmp_path, pdf([spread]))
    assert not said(page, "row")


def test_running_lines_are_furniture_whatever_page_they_name(tmp_path: Path) -> None:
    pages = [
        placed((50, 820, "Report of 2023"), (50, 20, f"Mr Gold, page {number} of 5"))
        + placed((50, 700, f"Well {number} gave water."), (50, 680, "The works were accepted."))
        for number in range(1, 6)
    ]
    read_pages = read_bytes(tmp_path, pdf(pages))
    for number, page in enumerate(read_pages, start=1):
        assert said(page, "furniture") == ["Report of 2023", f"Mr Gold, page {number} of 5"]
        assert page.text.startswith(f"Well {number} gave water.\nThe works were accepted.")


def test_numbered_sections_at_the_top_of_pages_are_text(tmp_path: Path) -> None:
    pages = [
        placed(
            (50, 820, f"Appendix {number}"),
            (50, 700, "Text."),
            (50, 600, "More."),
            (50, 20, f"{number}"),
        )
        for number in range(1, 6)
    ]
    for number, page in enumerate(read_bytes(tmp_path, pdf(pages)), start=1):
        assert said(page, "furniture") == [str(number)]
        assert page.text.startswith(f"Appendix {number}")


def test_the_end_of_a_sentence_comes_to_the_page_where_it_begins(tmp_path: Path) -> None:
    pages = ["Если давление упало, немедленно сообщить глав-", "ному теплотехнику. Ждать."]
    first, second = read_bytes(tmp_path, pdf(pages))
    assert (first.number, first.text) == (
        1, "Если давление упало, немедленно сообщить главному теплотехнику.",
    )  # fmt: skip
    assert (second.number, second.text) == (2, "Ждать.")
    assert [page.blocks[-1].last_page for page in (first, second)] == [2, None]


def test_a_page_of_nothing_but_the_end_of_a_sentence_keeps_it(tmp_path: Path) -> None:
    pages = read_bytes(tmp_path, pdf(["Сообщить глав-", "ному теплотехнику."]))
    assert [page.text for page in pages] == ["Сообщить глав-", "ному теплотехнику."]


def test_a_hyphen_at_a_line_end_stays_where_the_document_knows_the_word_with_it(
    tmp_path: Path,
) -> None:
    typeset = "Вагон-ресторан закрыт.\nВ вагон-\nресторан нельзя, в северо-\nзападный можно."
    page, *_ = read_bytes(tmp_path, pdf([typeset]))
    assert page.text == (
        "Вагон-ресторан закрыт.\nВ вагон-ресторан нельзя, в северо-западный можно."
    )


def test_values_of_a_form_stand_beside_their_labels(tmp_path: Path) -> None:
    page = placed((50, 700, "Visitor form"), (50, 660, "Name:"), (50, 620, "Car plate"))
    fields = {
        "f1": ([150, 655, 400, 675], "Андрей Пальма"),
        "f2": ([50, 590, 400, 610], "KX 4471"),
        "host": ([150, 300, 400, 320], "Laboratory of frost"),
        "empty": ([150, 200, 400, 220], ""),
    }
    data = filled_pdf(page, fields, "Replace by 20 November")
    (read_page,) = read_bytes(tmp_path, data)
    assert said(read_page, "field") == [
        "Name: Андрей Пальма", "Car plate: KX 4471", "host: Laboratory of frost",
    ]  # fmt: skip
    assert said(read_page, "note") == ["Replace by 20 November"]
    assert read_page.text.startswith("Visitor form")


def test_a_page_that_lies_on_its_side_is_read(tmp_path: Path) -> None:
    turned = b"BT /F1 10 Tf 0 1 -1 0 %d 100 Tm (%b) Tj ET "
    content = turned % (300, b"The drill is with Mr Fly.") + turned % (320, b"The saw is lost.")
    page, *_ = read_bytes(tmp_path, pdf([content]))
    assert page.text == "The drill is with Mr Fly.\nThe saw is lost."


def test_short_pages_of_one_form_are_text(tmp_path: Path) -> None:
    texts = [f"Store {number} is led by Mr {number}.\nKeys: board {number}." for number in range(9)]
    pages = read_bytes(tmp_path, pdf(texts))
    assert [page.text for page in pages] == texts
    assert not any(said(page, "furniture") for page in pages)


def test_a_page_of_absurd_size_is_read(tmp_path: Path) -> None:
    data = pdf([paragraph(700, *BODY)]).replace(b"[0 0 600 850]", b"[0 0 2147483648 850]")
    page, *_ = read_bytes(tmp_path, data)
    assert BODY[0] in page.text


def ruled(xs: list[int], ys: list[int], *, without: tuple[tuple[int, ...], ...] = ()) -> bytes:
    """The borders of a table; `without` are (x, upper y) or (x, right x, y) of pieces left out."""
    drawn = b""
    for x in xs:
        for upper, lower in pairwise(ys):
            if (x, upper) not in without:
                drawn += b"%d %d m %d %d l S " % (x, upper, x, lower)
    for y in ys:
        for left, right in pairwise(xs):
            if (left, right, y) not in without:
                drawn += b"%d %d m %d %d l S " % (left, y, right, y)
    return drawn


def test_cells_between_lines_may_have_several_lines_of_text(tmp_path: Path) -> None:
    content = ruled([50, 150, 300, 350], [700, 680, 640, 620])
    content += placed((55, 686, "Thing"), (155, 686, "Where"), (305, 686, "Kilos"))
    content += placed((55, 666, "Flour"), (155, 666, "shelf 2, behind the"), (155, 652, "door"))
    content += placed((55, 626, "Salt"), (155, 626, "shelf 3"), (305, 666, "9"), (305, 626, "4"))
    page, *_ = read_bytes(tmp_path, pdf([content]))
    assert [cells(text) for text in said(page, "row")] == [
        ["Thing", "Where", "Kilos"],
        ["Flour", "shelf 2, behind the door", "9"],
        ["Salt", "shelf 3", "4"],
    ]
    assert {each.table.header for each in page.blocks if each.table} == {"Thing | Where | Kilos"}


def test_a_border_parts_words_that_stand_close_to_it(tmp_path: Path) -> None:
    content = ruled([50, 92, 140], [700, 680, 660, 640, 620])
    rows = [["Name", "Price"], ["Diesel 1", "15 200"], ["Coal", "900"], ["Petrol 9", "1 100"]]
    for at, (left, right) in enumerate(rows):
        content += placed((55, 686 - 20 * at, left), (94, 686 - 20 * at, right))
    page, *_ = read_bytes(tmp_path, pdf([content]))
    assert [cells(text) for text in said(page, "row")] == rows


def test_merged_heads_name_their_columns_and_merged_cells_their_rows(tmp_path: Path) -> None:
    without = ((200, 700), (50, 100, 680), (50, 100, 640))
    content = ruled([50, 100, 200, 300], [700, 680, 660, 640, 620], without=without)
    content += placed((55, 680, "Store"), (160, 686, "Price"), (105, 666, "retail"))
    content += placed((205, 666, "wholesale"), (55, 640, "North"))
    content += placed((105, 646, "15"), (205, 646, "12"), (105, 626, "16"), (205, 626, "13"))
    page, *_ = read_bytes(tmp_path, pdf([content]))
    assert [cells(text) for text in said(page, "row")] == [
        ["Store", "Price / retail", "Price / wholesale"],
        ["North", "15", "12"],
        ["North", "16", "13"],
    ]


def test_a_table_that_goes_on_over_the_page_keeps_its_header(tmp_path: Path) -> None:
    first = paragraph(780, *BODY) + ruled([50, 150, 300, 350], [700, 680, 660])
    first += placed((55, 686, "Thing"), (155, 686, "Where"), (305, 686, "Kilos"))
    first += placed((55, 666, "Flour"), (155, 666, "shelf 2"), (305, 666, "9"))
    second = ruled([52, 152, 302, 352], [800, 780, 760]) + paragraph(700, *BODY)
    second += placed((57, 786, "Salt"), (157, 786, "shelf 3"), (307, 786, "4"))
    second += placed((57, 766, "Oil"), (157, 766, "tank"), (307, 766, "30"))
    pages = read_bytes(tmp_path, pdf([first, second]))
    rows = [block for page in pages for block in page.blocks if block.kind == "row"]
    assert {row.table.header for row in rows if row.table} == {"Thing | Where | Kilos"}
    assert said(pages[1], "row") == ["Salt | shelf 3 | 4", "Oil | tank | 30"]


def test_a_frame_around_the_page_is_no_table(tmp_path: Path) -> None:
    content = ruled([20, 420, 580], [840, 80, 50, 20], without=((420, 840),))
    content += paragraph(800, *BODY) + paragraph(500, *BODY)
    content += placed((30, 60, "Sheet"), (430, 60, "1"), (30, 30, "Drawn"), (430, 30, "Gold"))
    page, *_ = read_bytes(tmp_path, pdf([content]))
    assert said(page, "paragraph")[:2] == [" ".join(BODY)] * 2


def test_a_line_that_a_bookmark_names_is_a_heading(tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=BytesIO(pdf([paragraph(800, "2. Power", *BODY)])))
    part = writer.add_outline_item(title="Station", page_number=0)
    writer.add_outline_item(title="2. Power", page_number=0, parent=part)
    path = tmp_path / "a.pdf"
    writer.write(path)
    (page,) = read(path)
    assert (page.heading, page.text) == ("2. Power", " ".join(BODY))


@pytest.mark.parametrize("counts", [(5, 2), (1, 1), (2, 7)])
def test_a_footer_with_the_number_of_its_page_is_furniture_on_short_pages_too(
    tmp_path: Path, counts: tuple[int, int]
) -> None:
    pages = [
        placed(
            *((50, 800 - 14 * at, f"Rule {number}.{at} speaks of books") for at in range(count)),
            (50, 40, f"Library, page {number}"),
        )
        for number, count in enumerate(counts, start=1)
    ]
    for number, page in enumerate(read_bytes(tmp_path, pdf(pages)), start=1):
        assert said(page, "furniture") == [f"Library, page {number}"]


def test_short_pages_that_begin_with_numbered_titles_keep_them(tmp_path: Path) -> None:
    pages = [
        placed((50, 820, f"Appendix {number}"), (50, 20, f"Text of {number}"))
        for number in range(1, 3)
    ]
    for page in read_bytes(tmp_path, pdf(pages)):
        assert not said(page, "furniture")
