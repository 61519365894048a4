"""Answers as messages: TDLib's parser takes every one of them, and no text is lost."""

import random
import re
from collections.abc import Callable

import pytest

from assistant.events import Citation
from bot.messages.messages import answer_parts, plain_parts, sources_part
from bot.messages.parts import Entity, Part
from tests.bot.parser_oracle import complaint, pieces, text_of

ANSWER = """# Как это работает

Класс `List<String>` хранит строки, **нажмите <Enter>** — и *готово* 😀👩‍👩‍👧.
Если if a<b and c>d, то цена $5 за $A/$B, а не a || b || c; см. [^1] и [документ][2].

> Цитата с **жирным** и `кодом`
> > и вложенная
> ```sh
> echo "$HOME/<имя>" | wc -l
> ```

1. Первый пункт
   - вложенный [сайт](https://example.org/a?b=1||2) и [чужой](tg://user?id=7)
   - [ ] не сделано
   - [x] сделано ~~зачёркнуто~~
2. Второй с **жирным `кодом` внутри** и [`кодом в ссылке`](http://example.org)

| Имя | Значение || Ещё |
|---|:-:|---|---|
| Map<K, V> | a<br>b || 😀 |

```python
def less(a: int, b: int) -> bool:
    return a < b or not (b <= a)  # || && <b>нет</b>
```

<div class="note">
HTML-блок &amp; <script>alert(1)</script>
</div>

Формула $\\frac{1}{2}$ и $$x^2$$, тильда ~5 ~6, звёзды ** и * и _подчёркивание_.

[^1]: Сноска со словами.
[2]: report.pdf

``` что-то странное
хвост незакрытого кода <i>"""


def test_every_prefix_of_a_nasty_answer_is_taken(size: Callable[[int, int], int]) -> None:
    """As it would stream; the answer comes twice, to be long enough."""
    answer, prefixes = "\n\n".join([ANSWER] * 2), size(960, 100)
    step = len(answer) / prefixes
    for number in range(1, prefixes + 1):
        for part in answer_parts(answer[: round(number * step)]):
            assert complaint(part) == ""


def test_no_word_of_any_prefix_is_lost(size: Callable[[int, int], int]) -> None:
    """Every word and every "<" stands in the messages, in order; only languages of code do not."""
    for end in range(1, len(ANSWER), size(7, 29)):
        prefix = ANSWER[:end]
        shown = re.sub(r"```(sh|python)|https?://\S+|tg://\S+|\$.frac\S+|&amp;", " ", prefix)
        rest = text_of(answer_parts(prefix))
        for word in re.findall(r"[а-яёА-ЯЁ]{2,}|<|😀", shown):
            assert word in rest, (word, prefix[-60:])
            rest = rest.split(word, 1)[1]


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("Use List<String> or Map<K, V>", "Use List<String> or Map<K, V>"),
        ("Press <Enter> to **go**", "Press <Enter> to go"),
        ("if a<b and c>d", "if a<b and c>d"),
        ("<!-- x --> <br> <b>y</b>", "<!-- x --> <br> <b>y</b>"),
        ("from $A to $B, $a$", "from $A to $B, $a$"),
        ("a || b || c", "a || b || c"),
        ("see [1]\n\n[1]: report.pdf", "see [1]\n\n[1]: report.pdf"),
        ("x[^1]\n\n[^1]: note", "x[^1]\n\n[^1]: note"),
        ("``` two words\ncode\n```", "two words\ncode"),
        ("```word", "word"),
        ("|a|b|\n|-|-|\n|c|d|e|\n|f|", "a | b  \n--+----\nc | d|e\nf |"),
        ("a\ud800b\x00c", "a\ufffdbc"),
        ("a\ue000\U0010f03cb", "a\ue000\U0010f03cb"),
        ("`<think>` is a tag", "<think> is a tag"),
        ("# Title\n- [ ] todo\n- item", "Title\n☐ todo\n• item"),
        ("\\[\na\n- b\n\\] и $\\frac{1}{2}$", "\\[\na\n- b\n\\] и $\\frac{1}{2}$"),
        ("> a\n>\n> b\n\n> c", "a\n\nb\n\nc"),
    ],
)
def test_what_is_read(markdown: str, shown: str) -> None:
    """HTML, formulas, spoilers, footnotes and definitions that are none stay as they are."""
    assert text_of(answer_parts(markdown)) == shown


def test_random_markdown_is_taken_and_whole(size: Callable[[int, int], int]) -> None:
    """Mixtures of what has a meaning in Markdown, always the same ones."""
    mixer = random.Random(7)
    bits = [
        *"*_`~|$<>[]()!#&\\\n\t ",
        "**",
        "```",
        "```py\n",
        "\n\n",
        "> ",
        "- ",
        "1. ",
        "$$",
        "||",
    ]
    bits += ["](http://a.b)", "](tg://x)", "<b>", "</b>", "<!--", "|---|\n", "[^1]", "😀", "слово"]
    for _ in range(size(2000, 300)):
        markdown = "".join(mixer.choices(bits, k=mixer.randint(1, 40)))
        parts = answer_parts(markdown)
        assert [complaint(part) for part in parts] == [""] * len(parts), markdown
        for word in ("слово", "😀", "<"):
            assert text_of(parts).count(word) >= markdown.count(word), markdown


@pytest.mark.parametrize("markdown", ["", " \n\n", "\x00"])
def test_an_empty_answer_has_no_message(markdown: str) -> None:
    """There is nothing that Telegram would take."""
    assert answer_parts(markdown) == []


@pytest.mark.parametrize(
    "markdown",
    ["```", "- " * 900 + "x", "|a|b|\n|-|-|\n" + "|x|y|\n" * 60 + f"|{'слово ' * 60}|z|"],
)
def test_markdown_that_would_not_be_read(markdown: str) -> None:
    """An empty block, 900 nested lists, a table of blanks: shown as they were written."""
    assert answer_parts(markdown) == [Part(markdown.strip())]


def test_plain_text_is_left_alone() -> None:
    """Marks in it mean nothing."""
    assert plain_parts("**a** <b> `c`") == [Part("**a** <b> `c`")]


def test_sources_are_folded() -> None:
    """File, page and a quotation in one line; control characters are spelled out."""
    quote = "Первая строка\nи ещё " + "слово " * 90
    citations = [Citation("papers/a.pdf", 3, None, quote), Citation("b\x1b.md", None, "H", "q")]
    part = sources_part(citations, "ru")
    title, place, first, *rest = part.text.split("\n")
    assert (title, place) == ("Источники", "1. papers/a.pdf, стр. 3")
    assert first.startswith("«Первая строка и ещё слово") and first.endswith("слово…»")
    assert rest == ["2. b\\x1b.md", "«q»"]
    assert pieces(part, "expandable_blockquote") == [part.text.split("\n", 1)[1]]
    assert pieces(part, "code") == ["papers/a.pdf", "b\\x1b.md"]
    assert sources_part(citations[:1], "en").text.startswith("Sources\n1. papers/a.pdf, p. 3\n")
    over = sources_part([Citation("a.pdf", 3, None, "q", last_page=4)], "en")
    assert over.text.startswith("Sources\n1. a.pdf, p. 3–4\n")
    assert complaint(part) == ""


def test_many_sources_are_one_message() -> None:
    """The rest is counted."""
    citations = [Citation(f"{'папка/' * 40}{n}.pdf", n, None, "😀 " * 200) for n in range(1, 41)]
    part = sources_part(citations, "ru")
    shown = len(re.findall(r"^\d+\. ", part.text, re.MULTILINE))
    assert part.text.endswith(f"… и ещё {40 - shown}") and 5 < shown < 40
    assert complaint(part) == ""


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (Part("a😀b", (Entity("bold", 0, 2),)), "in a middle of a UTF-16 symbol"),
        (Part("ab", (Entity("bold", 0, 3),)), "after the end"),
        (Part("a b", (Entity("code", 0, 3), Entity("bold", 0, 1))), "become"),
        (Part("a\tb"), "the text becomes"),
        (Part("a" * 4097), "too long"),
    ],
)
def test_the_judge_is_strict(part: Part, reason: str) -> None:
    """It would complain."""
    assert reason in complaint(part)
