"""Who writes the answer, and what a front end is given of it, in front of fake servers."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager

import pytest

from assistant.engines import NO_ADAPTER, AutoEngine, Engine, ServerEngine, open_engine
from assistant.events import REPEATS, Citation, Cut, Piece, Refusal, Retracted, Token, Turn, Writer
from assistant.quote import choose
from assistant.server.errors import Incomplete, TooLong
from assistant.server.wire.http import USUAL, Timeouts
from core.settings import Settings
from indexer.search.searcher import Found, Hit
from tests.fakes.tgi import FakeTGI
from tests.fakes.tgi_clients import QUICK, run, tgi
from tests.fakes.tgi_play import Play
from tests.fakes.tgi_replies import chunk, events, replies, server

QUESTION = "Когда пришёл корабль?"
HITS = tuple(Hit(f"{n}.txt", None, None, f"Корабль {n} пришёл. " * 30, 0.9) for n in range(5))
CHOICE = choose(QUESTION, Found(HITS, 1.0, 0.5, {"корабл": 1.0}))
WORDS = Play(eos_every=0)
PATIENCE = 10.0


@asynccontextmanager
async def served(
    play: Play, tokens: int = 12, timeouts: Timeouts = QUICK
) -> AsyncIterator[tuple[FakeTGI, ServerEngine]]:
    """A fake and the engine in front of it."""
    async with tgi(play, timeouts) as (fake, client):
        yield fake, ServerEngine(client, "hackatone", tokens)


async def written(
    engine: Engine, question: str = QUESTION, history: Sequence[Turn] = ()
) -> tuple[Writer, str, list[Piece]]:
    """Who wrote, the text, and what came after it."""
    pieces = [piece async for piece in engine.write(question, CHOICE, history)]
    writer = pieces.pop(0)
    assert isinstance(writer, Writer)
    tokens = [piece.text for piece in pieces if isinstance(piece, Token)]
    return writer, "".join(tokens), [piece for piece in pieces if not isinstance(piece, Token)]


def test_a_model_that_writes_nothing_has_not_answered() -> None:
    """Only the end-of-sequence token; `auto` then quotes."""

    async def main() -> None:
        async with served(Play(eos_every=1)) as (fake, engine):
            with pytest.raises(Incomplete, match="wrote nothing"):
                await written(engine)
            writer, text, _ = await written(AutoEngine(engine, PATIENCE))
            assert (writer.engine, "wrote nothing" in writer.note) == ("extractive", True)
            assert "Корабль" in text
            assert all(seen.finished for seen in fake.log.requests)

    run(main)


@pytest.mark.parametrize("tail", [chunk(" \n"), chunk("\x1b"), {"choices": []}])
def test_blanks_and_calls_of_tools_are_nothing_too(tail: object) -> None:
    """Not even that it was cut is told before."""

    async def main() -> None:
        answer = events(tail, chunk(None, "length"), "[DONE]")
        async with server(replies(answer)) as (_, client):
            with pytest.raises(Incomplete, match="wrote nothing"):
                async for piece in ServerEngine(client, "m", 9).write(QUESTION, CHOICE, ()):
                    raise AssertionError(piece)

    run(main)


def test_what_a_terminal_would_obey_is_left_out() -> None:
    """A title or a clipboard set by ESC, colours, a turned direction, half a character."""
    said = [
        "\x1b]52;c;aGk=\x07",
        "да\u202e\r\n\t",
        "н\u2066ет\x7f",
        "\x9b31m",
        "\ud83d",
        "🚀",
    ]

    async def main() -> None:
        answer = events(*map(chunk, said), chunk(None, "stop"), "[DONE]")
        async with server(replies(answer)) as (_, client):
            _, text, _ = await written(ServerEngine(client, "m", 9))
            assert text == "]52;c;aGk=да\n\tнет31m🚀"

    run(main)


def test_an_answer_with_its_end() -> None:
    """Where it was cut, then what it was made from."""

    async def main() -> None:
        async with served(WORDS) as (_, engine):
            writer, text, (cut, *cited) = await written(engine)
            assert (writer, cut) == (Writer("server", "hackatone"), Cut())
            assert len(text.split()) == 12 and text == text.strip()
            assert cited and all(isinstance(piece, Citation) for piece in cited)

    run(main)


@pytest.mark.parametrize(
    "play", [Play(first_token=60), Play(fault="overloaded"), Play(fault="silence")]
)
def test_auto_does_not_wait_for_ever(play: Play) -> None:
    """A model that does not begin, and a server without a place; the request is taken back."""

    async def main() -> None:
        async with served(play, timeouts=USUAL) as (fake, engine):
            writer, text, _ = await written(AutoEngine(engine, 0.2))
            assert (writer.engine, "within 0.2 s" in writer.note) == ("extractive", True)
            assert "Корабль" in text
            await fake.until(lambda log: log.running == 0)

    run(main)


def test_an_answer_that_has_begun_may_take_longer() -> None:
    """The limit is that of the first word."""

    async def main() -> None:
        async with served(Play(eos_every=0, pace=0.03), 50) as (_, engine):
            writer, text, _ = await written(AutoEngine(engine, 1))
            assert (writer.engine, len(text.split())) == ("server", 50)

    run(main)


def test_auto_quotes_where_the_question_is_too_long_for_the_model() -> None:
    """Asked of the model alone it is an error."""

    async def main() -> None:
        async with served(Play(max_input=200)) as (_, engine):
            with pytest.raises(TooLong):
                await written(engine, "слово " * 300)
            writer, _, _ = await written(AutoEngine(engine, PATIENCE), "слово " * 300)
            assert writer.engine == "extractive"
            assert "longer than the server takes" in writer.note

    run(main)


@pytest.mark.parametrize("play", [WORDS, Play(healthy=False)], ids=["served", "quoted"])
def test_a_reader_who_leaves_closes_every_generator(play: Play) -> None:
    """None is left for the garbage collector, which would end the request later or never."""

    async def main() -> None:
        left: list[object] = []
        hooks = sys.get_asyncgen_hooks()
        async with served(play) as (_, engine):
            sys.set_asyncgen_hooks(finalizer=left.append)
            try:
                async with aclosing(
                    AutoEngine(engine, PATIENCE).write(QUESTION, CHOICE, ())
                ) as pieces:
                    assert isinstance(await anext(pieces), Writer)
            finally:
                sys.set_asyncgen_hooks(*hooks)
            assert left == []

    run(main)


@pytest.mark.parametrize("as_status", [True, False], ids=["status", "event"])
def test_parts_go_one_after_the_other_while_the_server_finds_too_much(as_status: bool) -> None:
    """And what is left out is told; a refusal when nothing can go any more is an error."""
    play = Play(fault="too_long", times=2, as_status=as_status, eos_every=0)

    async def main() -> None:
        async with served(play.changed(max_input=1000)) as (fake, engine):
            writer, text, _ = await written(engine)
            sent = [seen.body["inputs"].count("источник=") for seen in fake.log.requests]
            assert len(text.split()) == 12
            assert sent[0] > sent[1] > sent[2] > 0
            assert writer.dropped_passages == 5 - sent[2]
            fake.play = fake.play.changed(times=-1)
            with pytest.raises(TooLong):
                await written(engine)

    run(main)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (["<think>", "хм ", "</think>", "\n\n", "Да."], "Да."),
        (["<think>хм</think>Да.", "<|im_end|>"], "Да."),
        (["[THINK]хм[/THINK]Да.", "</s>"], "Да."),
        (["<thinking>хм</thin", "king>Да."], "Да."),
        (
            [
                "<|channel|>",
                "analysis<|message|>хм<|end|><|start|>assistant",
                "<|channel|>final",
                "<|message|>Да",
                ".<|return|>",
            ],
            "Да.",
        ),
        (["Да <b>так</b> [1", "], a < b, [тут", "](http://a)."], "Да <b>так</b> [1], a < b, [тут](http://a)."),
        (["Да.<|im_end|>\n<|im_start|>user\nА ещё?"], "Да."),
    ],
)  # fmt: skip
def test_thinking_and_marks_of_templates_are_never_shown(said: list[str], text: str) -> None:
    async def main() -> None:
        answer = events(*map(chunk, said), chunk(None, "stop"), "[DONE]")
        async with server(replies(answer)) as (_, client):
            _, shown, _ = await written(ServerEngine(client, "m", 9))
            assert shown == text

    run(main)


def test_thinking_without_its_opening_is_taken_back() -> None:
    """The template of the model has it in the prompt: what it is shows at its end only."""

    async def main() -> None:
        answer = events(chunk("Хм, "), chunk("так.</think>"), chunk("Да."), chunk("", "stop"))
        async with server(replies(answer)) as (_, client):
            engine = ServerEngine(client, "m", 9)
            pieces = [piece async for piece in engine.write(QUESTION, CHOICE, ())]
            assert pieces[1:4] == [Token("Хм, "), Retracted(), Token("Да.")]

    run(main)


@pytest.mark.parametrize("said", [chunk("<think>хм"), {"choices": [{"delta": {"reasoning": "х"}}]}])
def test_thinking_alone_is_told_with_the_setting_that_helps(said: object) -> None:
    async def main() -> None:
        answer = events(said, chunk(None, "length"), "[DONE]")
        async with server(replies(answer)) as (_, client):
            with pytest.raises(Incomplete, match="thought, and wrote no answer") as caught:
                await written(ServerEngine(client, "m", 9))
            assert "OPSCTL_ANSWER_TOKENS" in caught.value.hint

    run(main)


def test_a_model_that_repeats_itself_is_stopped() -> None:
    async def main() -> None:
        answer = events(*[chunk("Отрывок номер 1\n")] * 40, chunk(None, "stop"), "[DONE]")
        async with server(replies(answer)) as (_, client):
            _, text, (cut, *_) = await written(ServerEngine(client, "m", 9))
            assert (text, cut) == ("Отрывок номер 1\n" * 5, Cut(REPEATS))

    run(main)


@pytest.mark.parametrize("fault", ["cut", "eof", "silence", "generation"])
def test_what_came_before_a_failure_stays_and_is_cut(fault: str) -> None:
    """With its sources and the cause; only without a word it is an error."""

    async def main() -> None:
        async with served(Play(fault=fault, after=3, as_status=False, eos_every=0)) as (_, engine):
            writer, text, (cut, *cited) = await written(engine)
            assert writer.engine == "server" and len(text.split()) == 3 and cited
            assert isinstance(cut, Cut) and cut.cause

    run(main)


def test_what_did_not_fit_is_counted() -> None:
    """Every turn, and the passages that are not in the prompt."""

    async def main() -> None:
        async with served(Play(max_input=450, eos_every=0)) as (fake, engine):
            writer, _, _ = await written(engine, history=[Turn("Где?", "Там.")] * 3)
            sent = fake.log.requests[0].body["inputs"].count("источник=")
            assert 0 < sent < 5
            assert (writer.dropped_turns, writer.dropped_passages) == (3, 5 - sent)

    run(main)


@pytest.mark.parametrize(
    ("api", "adapter", "note"),
    [("tgi", "", NO_ADAPTER), ("tgi", "hackatone", ""), ("openai", "", "")],
)
def test_an_answer_without_an_adapter_says_so(api: str, adapter: str, note: str) -> None:
    """It is the base model's, which nobody trained for the task."""

    async def main() -> None:
        async with FakeTGI(WORDS) as fake:
            config = Settings(server_url=fake.url, server_api=api, adapter=adapter)
            async with open_engine(config) as engine:
                writer, _, _ = await asyncio.wait_for(written(engine), 10)
                assert (writer.engine, writer.note) == ("server", note)

    run(main)


def test_a_refusal_has_no_sources() -> None:
    async def main() -> None:
        answer = events(chunk("Не знаю."), chunk("", "stop"), "[DONE]")
        async with server(replies(answer)) as (_, client):
            _, text, rest = await written(ServerEngine(client, "m", 9))
            assert (text, rest) == ("Не знаю.", [Refusal()])

    run(main)
