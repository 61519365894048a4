"""The log of llama.cpp's server: its phases, and recorded bad starts of it."""

from pathlib import Path

import pytest

from opsctl.llamacpp.log import LLAMACPP_LOG

classify, phase = LLAMACPP_LOG.classify, LLAMACPP_LOG.phase
LOGS = Path(__file__).resolve().parents[2] / "fakes" / "server_logs"
# log, exit code (None: it runs), cause, a word of the sentence, a word of the fix
FAILURES: list[tuple[str, int | None, str, str, str]] = [
    ("port", 1, "port", "8080 is taken", "OPSCTL_SERVER_URL"),
    ("arch", 1, "architecture", "the kind mamba9", "pip install --upgrade xllamacpp"),
    ("missing", 1, "file", "/srv/models/none.gguf cannot be read", "--model"),
    ("cut", 1, "damaged", "corrupted or incomplete", "fetch it again"),
    ("html", 1, "damaged", "invalid magic characters", "fetch it again"),
    ("model_is_lora", 1, "damaged", "key not found", "fetch it again"),
    ("lora_missing", 1, "adapter", "none-lora.gguf does not fit", "opsctl download --verify"),
    ("lora_shape", 1, "adapter", "a2.gguf does not fit", "opsctl download --verify"),
    ("memory", 1, "memory", "not enough memory", "free -h"),
    ("stopped", 1, "stopped", "was stopped", "opsctl start"),
    ("ready", 1, "killed", "ran out of memory", "free -h"),
    ("ready", None, "unknown", "no error", "opsctl logs"),
]


def log(name: str) -> list[str]:
    return (LOGS / f"llamacpp_{name}.log").read_text().splitlines()


@pytest.mark.parametrize(("name", "code", "cause", "word", "fix"), FAILURES)
def test_each_failure_has_a_cause(
    name: str, code: int | None, cause: str, word: str, fix: str
) -> None:
    found = classify(log(name), code, False)
    assert found.name == cause, found
    assert word in found.sentence and fix in found.fix


def test_an_unknown_failure_is_told_in_its_own_words() -> None:
    row = "0.00.001.000 E srv    load_model: something that nobody has seen"
    found = classify([*log("ready"), row], 1, False)
    assert found.sentence == "the server ended; it last said: something that nobody has seen"


def test_an_old_program_on_path_is_told() -> None:
    found = classify(["error: invalid argument: --cache-ram"], 1, False)
    assert "does not know --cache-ram: it is too old" in found.sentence


def test_the_kernel_knows_better() -> None:
    assert classify(log("port"), 137, True).name == "killed"


@pytest.mark.parametrize("form", ["whole", "without its marks"])
def test_phases_of_a_start(form: str) -> None:
    rows = log("ready")
    if form != "whole":
        rows = [row.split(" ", 2)[2] for row in rows]
    found = [reached for row in rows if (reached := phase(row))]
    assert list(dict.fromkeys(found)) == ["shard", "warm-up", "ready"]


def test_a_server_that_was_told_to_stop_says_so() -> None:
    assert LLAMACPP_LOG.is_draining(log("stopped"))
    assert not LLAMACPP_LOG.is_draining(log("memory")), "one that fails cleans up as well"
