"""What can be touched in an answer: nothing but addresses that say where they lead."""

import pytest

from assistant.events import Citation, Done
from bot.messages.messages import answer_parts, plain_parts, quoted_parts, sources_part
from bot.messages.parts import Part
from bot.questions.compose import fragment, messages_of
from bot.texts import texts_for
from tests.bot.parser_oracle import complaint, execute, pieces

TRICKS = [
    "tg://resolve?domain=evilbot",
    "ton://transfer/x",
    "tonsite://a.ton",
    "t.me/evil",
    "https://t.me/evil",
    "HTTPS://www.Telegram.me/x",
    "@durov",
    "(@ivan_petrov)",
    "/forget",
    "(/stop)",
    ",/stop@some_bot",
    "help@firm.ru",
    "mailto:a.b+c@firm.ru",
    "guide.md",
    "README.md",
    "Инструкция.md",
    "b.sh",
    "run.py",
    "x.zip",
    "evil.example.com/p?q=1#r",
    "www.ru",
    "1.2.3.4",
    "https://good.com@evil.com",
    "https://u:p@evil.com/x",
    "https://ok.ru/,@durov",
]


def active(part: Part) -> list[str]:
    """What TDLib would make active by itself: all that no code and no link of ours lies over."""
    found = execute({"@type": "getTextEntities", "text": part.text})["entities"]
    units = part.text.encode("utf-16-le")
    ours = [one for one in part.entities if one.type in ("code", "pre", "text_link")]
    free = [
        (one["offset"], one["offset"] + one["length"])
        for one in found
        if all(
            one["offset"] + one["length"] <= other.offset
            or other.offset + other.length <= one["offset"]
            for other in ours
        )
    ]
    return [units[2 * start : 2 * end].decode("utf-16-le") for start, end in free]


@pytest.mark.parametrize("trick", TRICKS)
def test_nothing_is_active_by_itself(trick: str) -> None:
    """In answers, quotations and sources; TDLib would make every one of these active."""
    assert active(Part(trick))
    citation = Citation("a.pdf", 1, None, f"см. {trick} тут")
    for (part,) in (
        answer_parts(f"см. **{trick}** и {trick}"),
        quoted_parts(f"«см. {trick}»"),
        [sources_part([citation], "ru")],
    ):
        assert [one for one in active(part) if one != "https://ok.ru/"] == []
        assert complaint(part) == "" and trick in part.text


@pytest.mark.parametrize("text", ["https://ok.ru/a,b?c=1", "24/7 и/или т.е. 10 тыс.руб. 3.14"])
def test_what_is_plain_to_see_stays(text: str) -> None:
    """Addresses of the web, and what is none."""
    assert quoted_parts(text) == [Part(text)]


def test_an_address_before_a_quotation() -> None:
    """Telegram would drop code that begins before a quotation and ends in it."""
    (part,) = answer_parts("1. <a@b.ru>\n    >слово")
    assert part.text == "1. a@b.ru\nслово"
    assert pieces(part, "code") == ["a@b.ru"] and complaint(part) == ""


def test_our_own_words_stay_active() -> None:
    """Commands in help can be touched."""
    (part,) = plain_parts("Напишите /help")
    assert active(part) == ["/help"]


@pytest.mark.parametrize("name", ["guide.md", "@durov", "README.md", "x /stop.pdf", "просто"])
def test_names_of_files_are_code(name: str) -> None:
    """Telegram makes nothing of them."""
    part = sources_part([Citation(name, None, None, "x"), Citation("b.md", 2, None, "y")], "en")
    assert pieces(part, "code") == [name, "b.md"]
    assert active(part) == [] and complaint(part) == ""


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("[сайт](https://firm.ru/x)", "сайт"),
        ("[`код`](HTTPS://Firm.ru:8080/x)", "код"),
        ("[сайт](https://evil.example)", "сайт (https://evil.example)"),
        ("[https://good.com](https://firm.ru)", "https://good.com (https://firm.ru)"),
        ("[good.com](https://firm.ru)", "good.com (https://firm.ru)"),
        ("[https://firm.ru](https://firm.ru)", "https://firm.ru"),
        ("[x](https://firm.ru@evil.com)", "x (https://firm.ru@evil.com)"),
        ("[x](https://evil.com\\@firm.ru)", "x (https://evil.com\\@firm.ru)"),
        ("[x](https://t.me/evil)", "x (https://t.me/evil)"),
        ("![план](https://firm.ru/x.png?q=1)", "план (https://firm.ru/x.png?q=1)"),
        ("![](http://e.x/y)", "(http://e.x/y)"),
        ("[![a](b.png)](https://firm.ru)", "a (b.png) (https://firm.ru)"),
        ("[почта](mailto:help@firm.ru)", "почта (mailto:help@firm.ru)"),
        ("[тел](tel:+7900) [гл](#гл-2)", "тел (tel:+7900) гл (#гл-2)"),
        ('[x](<a b> "назв*а*ние")', 'x (<a b> "назв*а*ние")'),
        ("[x](tg://user?id=1) [y](javascript:1)", "x (tg://user?id=1) y (javascript:1)"),
        ("[**«x»**](y) [# z](w)", "«x» (y) # z (w)"),
        ("<https://firm.ru/_a_> <help@firm.ru>", "https://firm.ru/_a_ help@firm.ru"),
        ("|a|b|\n|-|-|\n|[b](c)|d|", "a     | b\n------+--\nb (c) | d"),
    ],
)
def test_targets_of_links(markdown: str, shown: str) -> None:
    """Hidden only where the page is one of the known hosts and the label is no other address."""
    (part,) = answer_parts(markdown, {"firm.ru", "t.me"})
    assert part.text == shown and complaint(part) == ""
    links = [one.url for one in part.entities if one.type == "text_link"]
    assert bool(links) == (shown in ("сайт", "код"))
    assert all(one in shown for one in active(part))


def test_known_hosts_are_those_of_the_quotations() -> None:
    """The answer's own sources tell which pages it may link to; a fragment has none."""
    text = "[портал](https://hr.firm.ru/a) и [ещё](https://evil.example)"
    done = Done(text, "server", True, (Citation("a.md", None, None, "см. HR.firm.ru"),))
    (message,) = messages_of(done, texts_for("ru"))
    assert message.text.startswith("портал и ещё (https://evil.example)\n\nИсточники")
    assert [one.url for one in message.entities if one.url] == ["https://hr.firm.ru/a"]
    assert fragment(text, "…")[0].text.startswith("портал (https://hr.firm.ru/a)")


def test_quotations_are_inert() -> None:
    """Of an answer that no model wrote."""
    done = Done("«tg://x и @durov»\n— guide.md, стр. 2", "extractive", True)
    (message,) = messages_of(done, texts_for("ru"))
    assert [one.type for one in message.entities] == ["code"] * 3
