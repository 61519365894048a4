"""What is read is what the model wrote, less its Markdown: numbers, sums, paths, addresses."""

import random
import re
from collections.abc import Callable

import pytest

from bot.messages.messages import answer_parts, plain_parts, quoted_parts
from tests.bot.parser_oracle import complaint, pieces, text_of


@pytest.mark.parametrize(
    "text",
    [
        "Статьи:\n12. Отпуск\n15. Оплата\n21. Увольнение",
        "Даты:\n\n1941. Начало\n1945. Конец",
        "4) a\n9) b",
        "1. a\n1. b\n007. c",
        "1. [ ] нет\n2. [x] да",
        "5*3*2 = 30 и 2**3**2, 5***3***2, (1)*2*(3), x*y*z, 2 *3*4",
        "файл_имя_док, __init__.py, _name_, a/*b*/, https://x.org/a_(b)_c*d*/_e_",
        "*.txt,*.pdf и count(*), sum(*), *.doc*",
        "\\\\server\\share\\_x и C:\\_temp\\#1, D:\\!x и \\\\srv\\*, \\Windows\\*.dll",
        "C:\\temp\\\nD:\\{a}\\",
        "от $5, в C:\\temp и до $6",
        "\\(x_1*y*z\\) и \\[\\sum_{i=1}^n x_i\\]",
        ">5 лет\n>18 и >=3",
        "vector<std::string>, List<a:b>",
        "~5 ~6 ~",
        "[a\nb]: c",
    ],
)
def test_what_is_no_markdown_stays(text: str) -> None:
    """Not a character is another one."""
    assert text_of(answer_parts(text)) == text


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("- пункт\n\n  12. x\n  14) y", "• пункт\n  12. x\n  14) y"),
        ("> 3. a\n> 7. **b**", "3. a\n7. b"),
        ("9. a\n   - x\n11. **b**", "9. a\n  • x\n11. b"),
        ("1\\. файл\\_имя \\*", "1. файл_имя *"),
        ("**документ**ов ~~5~~ ***всё*** __под__", "документов 5 всё под"),
        ("**.env** **«x»** **(y)**", ".env «x» (y)"),
        ("> [1]: report.pdf", "[1]: report.pdf"),
        ("x\n\n[a\\\n[1]: b", "x\n\n[a\n[1]: b"),
        ("```1.\nx\n```", "1.\nx"),
    ],
)
def test_only_the_marks_go(markdown: str, shown: str) -> None:
    """Numbers stay as they were written, wherever they stand; marks and escapes go."""
    assert text_of(answer_parts(markdown)) == shown


def test_formats_are_where_they_were() -> None:
    """Numbers that become longer, and marks that go, move what follows."""
    (part,) = answer_parts("1. a\n1000. **b**\n1. [c](x) *d* `e`")
    assert part.text == "1. a\n1000. b\n1. c (x) d e"
    assert [pieces(part, kind) for kind in ("bold", "italic", "code")] == [["b"], ["d"], ["e"]]


def test_letters_and_digits_stay_in_random_markdown(size: Callable[[int, int], int]) -> None:
    """Mixtures, always the same ones: nothing that is a word or a number goes or moves."""
    mixer = random.Random(11)
    bits = [*"*_`~|$<>[]()!#&\n\t +-=/.:", "**", "__", "~~", "```", "\n\n", "> ", "- ", "1. "]
    bits += ["12) ", "- [ ] ", "||", "](http://a.b)", '](tg://x "y")', "<b>", "</b>", "<!--"]
    bits += ["|---|\n", "[^1]", "[1]: ", "слово", "5*3*2", "C:\\_x\\", "x_y_z", "2**3**2", "\\*"]
    bits += ["@durov", "/stop", "guide.md", "<a@b.c>", "<std::x>", "\n    ", "![", "$5 "]
    for _ in range(size(1500, 300)):
        markdown = "".join(mixer.choices(bits, k=mixer.randint(1, 40)))
        parts = answer_parts(markdown)
        assert [complaint(part) for part in parts] == [""] * len(parts), markdown
        kept = re.findall(r"[^\W_]", text_of(parts))
        assert kept == re.findall(r"[^\W_]", markdown), markdown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\u202eгпж.exe\u2066 a\u200bb\ufeff\u200e c\xadd\u2060", "гпж.exe ab cd"),
        ("a\u200db ра\u200cз \u200d", "ab раз"),
        ("👩\u200d👩\u200d👧 می\u200cخواهم क्\u200dष", "👩\u200d👩\u200d👧 می\u200cخواهم क्\u200dष"),
        (
            "🏴\U000e0067\U000e0062\U000e007f x\U000e0067\U000e0062",
            "🏴\U000e0067\U000e0062\U000e007f x",
        ),
        ("a\r\nb\rc\u2028d\x0ce\x85f\x1bg", "a\nb\nc\nd\ne\nfg"),
    ],
)
def test_what_is_not_seen_is_not_there(text: str, shown: str) -> None:
    """Orders about direction, marks without a width and hidden tags; emoji and scripts stay."""
    assert text_of(plain_parts(text)) == text_of(quoted_parts(text)) == shown
    assert text_of(answer_parts(text)) == shown


@pytest.mark.parametrize("text", ["\u200b", "\ufeff\u2800", "\u3164 \u2060", "\u2800\n\ufe0f"])
def test_what_is_blank_is_no_message(text: str) -> None:
    """Telegram would call it empty."""
    assert answer_parts(text) == plain_parts(text) == []
