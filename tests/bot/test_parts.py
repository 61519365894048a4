"""Where long answers are cut into messages."""

import re

import pytest

from bot.messages.messages import answer_parts, plain_parts
from tests.bot.parser_oracle import complaint, pieces, text_of


def test_code_that_fits_is_not_cut() -> None:
    """A block over the border begins the next message."""
    lines = "".join(f"line {number} = {{}}\n" for number in range(120))
    first, second = answer_parts(f"{'Слова и слова. ' * 200}\n\n```js\n{lines}```\nконец")
    assert pieces(first, "pre") == []
    assert pieces(second, "pre") == [lines.rstrip("\n")]
    assert second.entities[0].language == "js"


def test_a_short_introduction_is_not_cut_before_code() -> None:
    """The cut is between the two, not between its words."""
    first, second = answer_parts(f"Вот весь код:\n\n```\n{'x = 1 ' * 682}\n```")
    assert first.text == "Вот весь код:"
    assert pieces(second, "pre") == [second.text]


def test_long_code_is_cut_between_lines_and_stays_code() -> None:
    """Every message of it is code of the same language."""
    lines = [f"line {number} = {{'😀': {number}}}" for number in range(600)]
    parts = answer_parts("```python\n" + "\n".join(lines) + "\n```")
    assert len(parts) > 3
    assert [pieces(part, "pre") for part in parts] == [[part.text] for part in parts]
    assert {part.entities[0].language for part in parts} == {"python"}
    assert text_of(parts).split("\n") == lines
    assert all(complaint(part) == "" for part in parts)


def test_inline_code_is_not_cut() -> None:
    """The cut is before it."""
    code = "x = f(a, b, c)"
    parts = answer_parts(f"`{code}` " * 600)
    assert {piece for part in parts for piece in pieces(part, "code")} == {code}


def test_at_most_a_hundred_entities_a_message() -> None:
    """160 bold words are two messages, all of them bold."""
    words = [f"слово{number}" for number in range(160)]
    parts = answer_parts(" ".join(f"**{word}**" for word in words))
    assert len(parts) == 2
    assert [piece for part in parts for piece in pieces(part, "bold")] == words


def test_long_addresses_are_spread() -> None:
    """All entities of a message together have about 9500 bytes."""
    links = " ".join(f"[n{n}](https://x.org/{'a' * 900}{n})" for n in range(20))
    parts = answer_parts(links, {"x.org"})
    sizes = [sum(len(one.url or "") for one in part.entities) for part in parts]
    assert len(parts) == 3 and max(sizes) < 9500
    assert text_of(parts).split() == [f"n{n}" for n in range(20)]


@pytest.mark.parametrize("shift", [0, 1, 2, 3])
@pytest.mark.parametrize("word", ["слово", "👩‍👩‍👧", "🇷🇺", "👍🏽", "é"])
def test_words_are_not_cut(word: str, shift: int) -> None:
    """Nor is what is seen as one character, even without any space."""
    dashes = "-" * shift
    for between in (" ", "\n", "") if word != "слово" else (" ", "\n"):
        parts = plain_parts(dashes + between.join([word] * 3000))
        assert all(len(part.text.encode("utf-16-le")) <= 8192 for part in parts)
        whole = re.compile(f"(?:{dashes})?(?:{word}\\s*)+")
        assert all(whole.fullmatch(part.text) for part in parts)
        assert "".join(text_of(parts).split()) == dashes + word * 3000


def test_a_word_longer_than_a_message_is_cut_all_the_same() -> None:
    """There is no better place."""
    assert [len(part.text) for part in plain_parts("a" * 10_000)] == [4096, 4096, 1808]


def test_paragraphs_go_before_lines_before_words() -> None:
    """The cut is at the last empty line of the second half."""
    paragraph = "Слова и\nслова. " * 120
    first, *_ = plain_parts("\n\n".join([paragraph.strip()] * 5))
    assert first.text.endswith("слова.") and first.text.count("\n\n") == 1
