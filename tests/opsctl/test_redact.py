"""Secrets in what the programs around us print."""

import json

import pytest

from core.secrets import redact

SECRET = "s3cret-Value_42"
HUB = "hf_AbCdEfGhIjKlMnOpQrStUvWxYz012345"
TELEGRAM = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw8"
# TGI prints its arguments by Rust's `{:#?}`: a value has a line of its own.
ARGS = f'Args {{\n    port: 80,\n    api_key: Some(\n        "{SECRET}",\n    ),\n}}'


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        (f'Args {{ model_id: "m", api_key: Some("{SECRET}"), ngrok: false }}', SECRET),
        (ARGS, SECRET),
        (json.dumps({"message": ARGS, "level": "INFO"}), SECRET),
        (json.dumps(json.dumps({"message": f'api_key: Some("{SECRET}"), port'})), SECRET),
        (f"text-generation-router --api-key {SECRET} --port 80", SECRET),
        (f"text-generation-router --api-key={SECRET} --port 80", SECRET),
        (f'argv: ["--api-key", "{SECRET}", "--port", "80"]', SECRET),
        (f"env: API_KEY={SECRET} PORT=80", SECRET),
        (json.dumps({"OPSCTL_API_KEY": SECRET, "port": 80}), SECRET),
        (f"env: HF_TOKEN={SECRET} PORT=80", SECRET),
        (f"curl -H 'Authorization: Bearer {SECRET}' http://127.0.0.1/ ok", SECRET),
        (f"logged in with {HUB} to the Hub", HUB),
        (f"POST https://api.telegram.org/bot{TELEGRAM}/getMe 200", TELEGRAM),
    ],
)
def test_secrets_are_known_by_their_shape(line: str, secret: str) -> None:
    cleaned = redact(line)
    assert secret not in cleaned
    before, _, after = line.partition(secret)
    assert cleaned == f"{before}[redacted]{after}"


@pytest.mark.parametrize(
    "line",
    [
        "Args { api_key: None, hf_token: None, port: 80 }",
        "max_total_tokens: 4096, max_input_tokens=3072, tokens: 12",
        'eos_token: "</s>", bos_token="<s>"',
        "HF_HUB_ENABLE_HF_TRANSFER=1, uses hf_transfer, HF_HOME=/data",
        "2026-01-02T10:20:30.123456Z  INFO text_generation_launcher: Starting shard",
    ],
)
def test_what_is_no_secret_stays(line: str) -> None:
    assert redact(line, ["", SECRET]) == line


def test_known_secrets_go_wherever_they_stand() -> None:
    quoted = 'pass"word \\ ключ'
    line = f"a {SECRET} b"
    assert redact(line, [SECRET]) == "a [redacted] b"
    for text in (quoted, json.dumps(quoted)[1:-1], json.dumps(quoted, ensure_ascii=False)[1:-1]):
        assert redact(f"<{text}>", [quoted]) == "<[redacted]>"


def test_of_two_secrets_the_longer_goes_first() -> None:
    assert redact("x abcdef y abc z", ["abc", "abcdef"]) == "x [redacted] y [redacted] z"
