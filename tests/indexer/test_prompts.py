"""Which prefixes a model is given: its own files come before what is known of its name."""

from pathlib import Path

import pytest

from indexer.embedders.prompts import prompts_of

E5 = ("query: ", "passage: ")
FRIDA = ("search_query: ", "search_document: ")


@pytest.mark.parametrize(
    ("name", "prompts"),
    [
        ("sergeyzh/BERTA", FRIDA),
        ("/srv/models/sergeyzh--BERTA/", FRIDA),
        ("intfloat/multilingual-e5-base", E5),
        ("intfloat/multilingual-e5-large-instruct", ("", "")),
        ("cointegrated/LaBSE-en-ru", ("", "")),
    ],
)
def test_the_prompts_of_a_name(name: str, prompts: tuple[str, str], tmp_path: Path) -> None:
    assert prompts_of(name, tmp_path) == prompts


@pytest.mark.parametrize(
    ("told", "prompts"),
    [
        ('{"prompts": {"query": "q: ", "document": "d: "}}', ("q: ", "d: ")),
        ('{"prompts": {"search_query": "a ", "search_document": "b "}}', ("a ", "b ")),
        ('{"prompts": {"query": "q: ", "document": ""}}', ("q: ", "")),
        ('{"prompts": null}', FRIDA),
        ("[]", FRIDA),
        ("cut sho", FRIDA),
    ],
)
def test_a_models_own_files_come_first(told: str, prompts: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "config_sentence_transformers.json").write_text(told)
    assert prompts_of("sergeyzh/BERTA", tmp_path) == prompts
