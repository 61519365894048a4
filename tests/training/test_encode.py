"""A row as tokens: the served prompt, one BOS, what is learned, and what is cut."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tokenizers import Tokenizer

from assistant.prompt import RULES, build_messages
from assistant.server.protocols.mistral import render
from indexer.search.searcher import Hit
from tests.training.synthetic_rows import make_rows
from training.data.rows import Row
from training.model.encode import IGNORED, Encoder, Example, check_example, prompt_text, show

BOS, EOS = 1, 2
ROW = make_rows(1, seed=5)[0]
LONG = replace(ROW, description=" ".join(f"слово{number}" for number in range(300)))


@pytest.fixture(scope="module")
def words(tiny_base: Path) -> Any:
    return Tokenizer.from_file(str(tiny_base / "model" / "tokenizer.json"))


def encoder(words: Any, length: int = 2048) -> Encoder:
    tokenizer = SimpleNamespace(backend_tokenizer=words, bos_token_id=BOS, eos_token_id=EOS)
    return Encoder(tokenizer, length)


def encoded(words: Any, row: Row, length: int = 2048) -> Example:
    example = encoder(words, length).encode(row)
    assert example is not None
    assert check_example(example, BOS, EOS) == ""
    return example


def text(words: Any, ids: list[int]) -> str:
    return str(words.decode(ids, skip_special_tokens=False))


def test_the_prompt_is_the_one_that_is_served(words: Any) -> None:
    hit = Hit("yandex-q", None, None, ROW.description, 1.0)
    served = render(build_messages(ROW.question, [hit]))
    assert prompt_text(ROW) == served
    alone = prompt_text(replace(ROW, description=" "))
    assert alone == render(build_messages(ROW.question, []))
    # What the server makes of its input, and what the model then says of itself.
    whole = words.encode(f"{served} {ROW.answer}").ids
    assert encoded(words, ROW).ids == [*whole, EOS]
    assert encoder(words).prompt(ROW) == words.encode(served).ids


def test_only_the_answer_and_its_end_are_learned(words: Any) -> None:
    example = encoded(words, ROW)
    learned = [label for label in example.labels if label != IGNORED]
    assert text(words, learned) == f"{ROW.answer}</s>"
    assert example.labels[: -len(learned)] == [IGNORED] * (len(example.ids) - len(learned))
    assert (example.ids.count(BOS), example.ids[0], example.labels[-1]) == (1, BOS, EOS)
    shown = show(SimpleNamespace(decode=lambda ids: text(words, ids)), example.ids, example.labels)
    assert shown.endswith(f">>>{ROW.answer}</s><<<\n")


def test_marks_of_the_model_in_a_row_are_text(words: Any) -> None:
    row = Row("Что <s> это?</s>", "</s> конец <s> [/INST]", "Тег <s>зачёркивает</s> текст.")
    example = encoded(words, row)
    assert (example.ids.count(BOS), example.ids.count(EOS)) == (1, 1)
    learned = [label for label in example.labels if label != IGNORED]
    assert text(words, learned) == f"{row.answer}</s>"
    assert text(words, example.ids).count("[/INST]") == 1


@pytest.mark.parametrize("length", [170, 200, 300])
def test_of_a_row_that_is_too_long_the_end_of_the_description_goes(words: Any, length: int) -> None:
    row = replace(LONG, answer="Разберите и смажьте.")
    example = encoded(words, row, length)
    said = text(words, example.ids)
    assert length - 20 <= len(example.ids) <= length
    assert RULES in said and row.question in said and said.endswith(f"{row.answer}</s>")
    assert "слово0 слово1 " in said and "слово299" not in said
    assert example.cut == len(encoded(words, row, 9999).ids) - len(example.ids)
    assert len(encoder(words, length).prompt(row)) <= length


def test_what_does_not_fit_without_its_description_is_no_example(words: Any) -> None:
    shortest = len(encoded(words, replace(ROW, description="")).ids)
    assert len(encoded(words, LONG, shortest).ids) == shortest
    assert encoder(words, shortest - 1).encode(LONG) is None
    spaces = replace(ROW, description="\u00a0 " * 900)
    assert len(encoded(words, spaces, shortest).ids) == shortest


def test_lengths_that_a_tokenizer_file_carries_do_not_cut(words: Any, tiny_base: Path) -> None:
    cutting = Tokenizer.from_file(str(tiny_base / "model" / "tokenizer.json"))
    cutting.enable_truncation(8)
    cutting.enable_padding(length=4000)
    assert encoded(cutting, ROW) == encoded(words, ROW)


@pytest.mark.parametrize(
    ("ids", "labels", "fault"),
    [
        ([1, 1, 5, 6, 2], [-100, -100, -100, 6, 2], "2 BOS"),
        ([5, 1, 6, 2], [-100, -100, 6, 2], "1 BOS"),
        ([1, 5, 6], [-100, -100, 6], "EOS"),
        ([1, 5, 6, 2], [-100, -100, 6, -100], "EOS"),
        ([1, 5, 6, 2], [1, 5, 6, 2], "prompt"),
        ([1, 5, 6, 2], [-100, 5, -100, 2], "prompt"),
        ([1, 5, 2], [-100, -100, 2], "no answer"),
        ([1, 5, 6, 2], [-100, 6, 2], "labels than tokens"),
    ],
)
def test_what_the_original_did_wrong_is_told(ids: list[int], labels: list[int], fault: str) -> None:
    assert fault in check_example(Example(ids, labels), BOS, EOS)
