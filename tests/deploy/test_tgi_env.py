"""deploy/tgi.env obeys the rules of `docker --env-file` and of TGI 3.3.7."""

import re
from pathlib import Path

import pytest

LINES = (Path(__file__).parents[2] / "deploy" / "tgi.env").read_text("utf-8").splitlines()
ASSIGNED = [number for number, line in enumerate(LINES) if line and not line.startswith("#")]
VALUES = dict(LINES[number].split("=", 1) for number in ASSIGNED)
ADAPTERS = dict(entry.split("=") for entry in VALUES["LORA_ADAPTERS"].split(","))


@pytest.mark.parametrize("number", ASSIGNED, ids=lambda number: LINES[number].split("=")[0])
def test_a_line_is_a_name_and_a_plain_value_with_its_reason_above(number: int) -> None:
    assert re.fullmatch(r"[A-Z][A-Z0-9_]*=[^\s\"'#]+", LINES[number])
    assert re.match(r"# \S.*\S", LINES[number - 1])


def test_every_variable_stands_once_and_has_a_comment_of_its_own() -> None:
    assert len(VALUES) == len(ASSIGNED)
    paragraphs = "\n".join(LINES).split("\n\n")[1:]
    assert len(paragraphs) == len(ASSIGNED)


@pytest.mark.parametrize(
    "name",
    [
        "REVISION",  # with a folder it sends the router to the Hub's cache
        "DTYPE",  # refused together with GPTQ
        "HF_TOKEN",
        "HF_API_TOKEN",
        "API_KEY",
        "HF_HUB_CACHE",  # downloads would follow it, the server would not
        "HUGGINGFACE_HUB_CACHE",
        "MAX_INPUT_LENGTH",  # the old name of MAX_INPUT_TOKENS; both together are an error
        "MAX_BATCH_TOTAL_TOKENS",  # ignored
        "PORT",  # the image's own, which the published port maps to
        "HOSTNAME",
    ],
)
def test_what_breaks_tgi_is_absent(name: str) -> None:
    assert name not in VALUES


def test_adapters_are_folders_of_the_container_with_a_zero_adapter_among_them() -> None:
    assert "zero" in ADAPTERS
    assert len(ADAPTERS) > 1
    for name, folder in ADAPTERS.items():
        assert name not in ("", "tgi")  # TGI's chat route takes tgi for the base model
        assert folder.startswith("/data/adapters/")
        assert "@" not in folder
    assert len(set(ADAPTERS.values())) == len(ADAPTERS)
    assert VALUES["MODEL_ID"].startswith("/data/models/")


def test_with_adapters_there_are_no_cuda_graphs_and_no_prefix_cache() -> None:
    assert VALUES["CUDA_GRAPHS"] == "0"
    assert VALUES["PREFIX_CACHING"] == "0"
    assert VALUES["NUM_SHARD"] == "1"


def test_the_switches_are_spelt_as_tgi_reads_them() -> None:
    assert VALUES["HF_HUB_OFFLINE"] == "1"
    for name in ("JSON_OUTPUT", "DISABLE_GRAMMAR_SUPPORT"):
        assert VALUES[name] in ("true", "false")
    assert VALUES["LOG_LEVEL"] in ("error", "warn", "info")  # debug and trace log prompts


def test_the_limits_fit_together() -> None:
    assert int(VALUES["MAX_INPUT_TOKENS"]) < int(VALUES["MAX_TOTAL_TOKENS"])
    assert 0 < float(VALUES["CUDA_MEMORY_FRACTION"]) <= 1
