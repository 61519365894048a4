"""deploy/tgi.env: what Docker makes of it, what the server's limits are, and what would bite."""

from pathlib import Path

import pytest

from core.errors import UserError
from core.server_file import ServerConfig, ServerFile
from opsctl.tgi import lint as tgi_lint
from opsctl.tgi.lint import Finding

GOOD = {
    "MODEL_ID": "/data/models/mistral-7b-gptq",
    "LORA_ADAPTERS": "hackatone=/data/adapters/hackatone, zero=/data/adapters/zero",
    "CUDA_GRAPHS": "0",
    "PREFIX_CACHING": "0",
    "QUANTIZE": "gptq",
    "NUM_SHARD": "1",
    "MAX_INPUT_TOKENS": "3072",
    "MAX_TOTAL_TOKENS": "4096",
    "MAX_BATCH_PREFILL_TOKENS": "2048",
    "CUDA_MEMORY_FRACTION": "0.90",
    "MAX_CONCURRENT_REQUESTS": "16",
    "HF_HUB_OFFLINE": "1",
    "JSON_OUTPUT": "true",
    "LOG_LEVEL": "info",
}
SECRET = "hunter2"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tgi.env"


def write(
    path: Path,
    text: str = "",
    changed: dict[str, str] | None = None,
    without: tuple[str, ...] = (),
) -> Path:
    """A good file with some values changed or left out, and lines after them."""
    values = (GOOD | (changed or {})).items()
    kept = "".join(f"{name}={value}\n" for name, value in values if name not in without)
    path.write_text(kept + text)
    return path


def config(path: Path) -> ServerConfig:
    return ServerFile(path).config


def lint(path: Path) -> list[Finding]:
    return tgi_lint.lint(ServerFile(path))


def only(path: Path) -> Finding:
    findings = lint(path)
    assert len(findings) == 1, findings
    return findings[0]


def test_a_good_file_has_no_findings(path: Path) -> None:
    assert lint(write(path, "# a comment\n\n   # another\n")) == []


def test_the_file_of_the_project_has_no_findings() -> None:
    path = Path(__file__).resolve().parents[2] / "deploy" / "tgi.env"
    assert lint(path) == []
    assert config(path).model_id.startswith("/data/models/")
    assert "zero" in config(path).adapters


def test_values_are_read_as_docker_reads_them(path: Path) -> None:
    path.write_bytes(
        b'\xef\xbb\xbfA=1\r\n  B= two \n#C=3\nD="4" # four\nE\nF=\nA=5=6\n\n export G=7\n'
    )
    assert ServerFile(path).values == {
        "A": "5=6",
        "B": " two ",
        "D": '"4" # four',
        "F": "",
        "export G": "7",
    }


def test_the_config_of_a_good_file(path: Path) -> None:
    assert config(write(path)) == ServerConfig(
        model_id="/data/models/mistral-7b-gptq",
        adapters={"hackatone": "/data/adapters/hackatone", "zero": "/data/adapters/zero"},
        max_input=3072,
        max_total=4096,
        prefill=2048,
        fraction=0.9,
        max_concurrent=16,
    )


def test_what_is_left_out_has_the_default_of_tgi(path: Path) -> None:
    left_out = (
        "LORA_ADAPTERS", "MAX_BATCH_PREFILL_TOKENS", "CUDA_MEMORY_FRACTION",
        "MAX_CONCURRENT_REQUESTS",
    )  # fmt: skip
    found = config(write(path, without=left_out))
    assert found.adapters == {}
    assert (found.prefill, found.fraction, found.max_concurrent) == (4096, 1.0, 128)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_INPUT_TOKENS", "many"),
        ("MAX_INPUT_TOKENS", '"3072"'),
        ("MAX_TOTAL_TOKENS", "0"),
        ("MAX_TOTAL_TOKENS", ""),
        ("MAX_BATCH_PREFILL_TOKENS", "-1"),
        ("CUDA_MEMORY_FRACTION", "90%"),
        ("CUDA_MEMORY_FRACTION", "1.5"),
        ("MAX_CONCURRENT_REQUESTS", "16 # users"),
        ("MODEL_ID", ""),
    ],
)
def test_a_config_that_can_not_be_is_an_error_that_names_the_line(
    path: Path, name: str, value: str
) -> None:
    with pytest.raises(UserError, match=name) as caught:
        config(write(path, changed={name: value}))
    assert "opsctl doctor" in caught.value.hint


def test_a_file_that_is_not_there_or_no_text_is_an_error(path: Path) -> None:
    missing = ServerFile(path)
    assert (missing.exists, missing.adapters, missing.first_adapter) == (False, {}, "")
    for ask in (lambda: config(path), lambda: missing.hash, lambda: lint(path)):
        with pytest.raises(UserError, match="there is no"):
            ask()
    path.write_bytes(b"MODEL_ID=\xff\xfe\n")
    with pytest.raises(UserError, match="is not UTF-8 text"):
        ServerFile(path)


def test_the_hash_is_of_what_docker_sees(path: Path) -> None:
    before = ServerFile(write(path)).hash
    assert len(before) == 64
    assert ServerFile(write(path, "\n# a comment\n  # more\n")).hash == before
    assert ServerFile(write(path, changed={"MAX_TOTAL_TOKENS": "4097"})).hash != before
    assert ServerFile(write(path, "PORT=80\n")).hash != before


@pytest.mark.parametrize(
    ("line", "result", "message", "fix"),
    [
        ("REVISION=", "failed", "REVISION is empty", "remove the line"),
        ("USAGE_STATS=  ", "failed", "USAGE_STATS is empty", "remove the line"),
        ("ATTENTION='flashinfer'", "failed", "has quotes", "without quotes"),
        ('ATTENTION="flashinfer"', "failed", "has quotes", "without quotes"),
        ("ATTENTION=flashinfer # the default", "failed", "has a comment", "line of its own"),
        ("ATTENTION=flashinfer ", "failed", "ends with a space", "remove the spaces"),
        ("ATTENTION= flashinfer", "failed", "begins or ends", "remove the spaces"),
        ("export ATTENTION=flashinfer", "failed", "'export ATTENTION'", "NAME=value"),
        ("ATTENTION =flashinfer", "failed", "'ATTENTION '", "NAME=value"),
        ("ATTENTION", "warning", "has no value", "ATTENTION=value"),
        ("TRUST_REMOTE_CODE=1", "failed", "true or false only", "TRUST_REMOTE_CODE=true"),
        ("ENABLE_PREFILL_LOGPROBS=True", "failed", "true or false only", "=true"),
        ("MAX_BEST_OF=one", "failed", "not a whole number", "digits"),
        ("TGI_WIGGLE_ROOM=90", "failed", "up to 1", "0.90"),
        ("MAX_INPUT_TOKEN=3072", "warning", "knows no MAX_INPUT_TOKEN", "is it MAX_INPUT_TOKENS?"),
        ("DTYPE=float16", "failed", "GPTQ", "remove DTYPE"),
        ("REVISION=main", "failed", "a folder", "remove REVISION"),
        ("MAX_INPUT_LENGTH=3072", "failed", "both at once", "remove MAX_INPUT_LENGTH"),
        ("HF_HUB_CACHE=/data/hub", "failed", "HF_HUB_CACHE", "remove HF_HUB_CACHE"),
        ("SPECULATE=2", "failed", "adapters", "remove SPECULATE"),
        ("PORT=8080", "failed", "not 80", "OPSCTL_SERVER_URL"),
        ("MAX_BATCH_TOTAL_TOKENS=9000", "warning", "no effect", "remove"),
        ("MAX_BATCH_TOTAL_TOKENS=4000", "failed", "less than MAX_TOTAL_TOKENS", "remove"),
        ("ENABLE_PREFILL_LOGPROBS=true", "warning", "takes memory", "=false"),
        ("PREFILL_CHUNKING=0", "failed", "must fit", "remove PREFILL_CHUNKING"),
    ],
)
def test_a_line_that_would_bite_is_found(
    path: Path, line: str, result: str, message: str, fix: str
) -> None:
    found = only(write(path, f"{line}\n"))
    assert (found.result, found.line) == (result, len(GOOD) + 1)
    assert message in found.message
    assert fix in found.fix


@pytest.mark.parametrize(
    ("name", "value", "result", "message"),
    [
        ("MODEL_ID", "mistralai/Mistral-7B-Instruct-v0.2", "failed", "not a folder"),
        ("MODEL_ID", "/data/models/../other", "failed", "not a folder"),
        ("JSON_OUTPUT", "1", "failed", "true or false only"),
        ("HF_HUB_OFFLINE", "true", "failed", "takes 1 only"),
        ("CUDA_GRAPHS", "1,2,4", "failed", "after the first token"),
        ("PREFIX_CACHING", "1", "failed", "mixes up adapters"),
        ("LOG_LEVEL", "debug", "warning", "what people ask"),
        ("NUM_SHARD", "2", "warning", "all GPUs"),
        ("MAX_INPUT_TOKENS", "4096", "failed", "not less than MAX_TOTAL_TOKENS"),
        ("MAX_TOTAL_TOKENS", "4k", "failed", "not a whole number"),
        ("CUDA_MEMORY_FRACTION", "0", "failed", "above 0"),
        ("LORA_ADAPTERS", "a=/data/a", "failed", "no zero adapter"),
        ("LORA_ADAPTERS", "a=/data/a@main,zero=/data/z", "failed", "has an @"),
        ("LORA_ADAPTERS", "a/b@main,zero=/data/z", "failed", "has an @"),
        ("LORA_ADAPTERS", "a=/data/x=y,zero=/data/z", "failed", "more than one ="),
        ("LORA_ADAPTERS", "org/adapter,zero=/data/z", "failed", "not a folder"),
        ("LORA_ADAPTERS", "a=/home/me/a,zero=/data/z", "failed", "not a folder"),
        ("LORA_ADAPTERS", "a=/data/a,,zero=/data/z", "failed", "empty entry"),
        ("LORA_ADAPTERS", "a=/data/a,a=/data/b,zero=/data/z", "failed", "a name twice"),
    ],
)
def test_a_value_that_would_bite_is_found(
    path: Path, name: str, value: str, result: str, message: str
) -> None:
    found = only(write(path, changed={name: value}))
    assert (found.result, found.line) == (result, list(GOOD).index(name) + 1)
    assert message in found.message
    assert found.fix


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("MODEL_ID", "failed"),
        ("CUDA_GRAPHS", "failed"),
        ("PREFIX_CACHING", "failed"),
        ("MAX_INPUT_TOKENS", "failed"),
        ("MAX_TOTAL_TOKENS", "failed"),
        ("MAX_BATCH_PREFILL_TOKENS", "warning"),
        ("HF_HUB_OFFLINE", "warning"),
        ("NUM_SHARD", "warning"),
    ],
)
def test_a_line_that_is_missing_is_found(path: Path, name: str, result: str) -> None:
    found = only(write(path, without=(name,)))
    assert (found.result, found.line) == (result, None)
    assert name in found.fix


def test_without_adapters_their_lines_are_not_asked_for(path: Path) -> None:
    unneeded = ("LORA_ADAPTERS", "CUDA_GRAPHS", "PREFIX_CACHING")
    assert lint(write(path, "SPECULATE=2\n", without=unneeded)) == []


@pytest.mark.parametrize("name", ["API_KEY", "HF_TOKEN", "HF_API_TOKEN"])
def test_a_secret_is_found_and_not_told(path: Path, name: str) -> None:
    found = only(write(path, f"{name}={SECRET}\n"))
    assert found.result == "failed"
    assert name in found.message
    assert SECRET not in found.message + found.fix


def test_a_name_that_stands_twice_is_found_where_it_has_no_effect(path: Path) -> None:
    found = only(write(path, "NUM_SHARD=1\n"))
    assert (found.result, found.line) == ("failed", list(GOOD).index("NUM_SHARD") + 1)
    assert f"line {len(GOOD) + 1}" in found.message


def test_findings_come_in_the_order_of_the_lines(path: Path) -> None:
    findings = lint(
        write(path, "REVISION=\nDTYPE=float16\n", {"NUM_SHARD": "x"}, without=("MODEL_ID",))
    )
    assert [finding.line for finding in findings] == [5, 14, 15, None]


def test_lines_of_the_local_file_take_the_place_of_those_of_their_names(path: Path) -> None:
    alone = ServerFile(write(path)).hash
    local = path.with_name("tgi.local.env")
    local.write_text("# here\nMAX_INPUT_TOKENS=1024\nKV_CACHE_DTYPE=fp8_e5m2\n")
    assert config(path).max_input == 1024
    assert lint(path) == []
    assert ServerFile(path).hash != alone
    values = ServerFile(path).values
    assert list(values).count("MAX_INPUT_TOKENS") == 1
    assert ServerFile(path).first_adapter == "hackatone"
    local.write_text("LORA_ADAPTERS=mine=/data/adapters/mine,zero=/data/adapters/zero\n")
    assert ServerFile(path).first_adapter == "mine"


def test_a_bad_line_of_the_local_file_is_found_in_it(path: Path) -> None:
    local = write(path).with_name("tgi.local.env")
    local.write_text("NUM_SHARD=1\n\nMAX_INPUT_TOKENS=5000\n")
    found = only(path)
    assert found.place == f"{local}, line 3"
    local.write_text("NUM_SHARD=1\nNUM_SHARD=2\n")
    assert "NUM_SHARD is set again in line 2" in lint(path)[0].message


def test_of_two_lines_that_do_not_go_together_the_local_one_is_named(path: Path) -> None:
    local = write(path).with_name("tgi.local.env")
    local.write_text("MAX_TOTAL_TOKENS=10\n")
    assert only(path).place == f"{local}, line 1"


def test_a_value_that_cannot_be_used_is_told_with_its_file_and_line(path: Path) -> None:
    local = write(path).with_name("tgi.local.env")
    for row in ("MAX_INPUT_TOKENS=many", "MODEL_ID=", "CUDA_MEMORY_FRACTION=9"):
        local.write_text(f"# mine\n{row}\n")
        with pytest.raises(UserError) as told:
            config(path)
        assert told.value.message.startswith(f"{local}, line 2: {row.partition('=')[0]} is ")
