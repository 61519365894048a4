"""The fake TGI answers every request that the real 3.3.7 was recorded with as it did: status, type,
the words of errors, keys and types of values (tgi_contract.json)."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.fakes.tgi import FakeTGI
from tests.fakes.tgi_clients import shape
from tests.fakes.tgi_play import Play

CONTRACT = json.loads(Path(__file__).with_name("tgi_contract.json").read_text(encoding="utf-8"))
# name, method, path, what the body is sent as, body, status, type, answer
EXCHANGES: list[list[Any]] = CONTRACT["exchanges"]
TYPES = {"json": "application/json", "text": "text/plain"}
# In a request: a text so many times.
REPEATED = re.compile(r"(\w+ ?)×(\d+)")
# What serde says of the place of an error, and the model's own count of tokens.
VARIES = re.compile(r" at line \d+ column \d+|Given: \d+ `inputs`|(?<=tokens\. )Given: \d+")
FIRST = {"inputs": "[INST] море? [/INST]", "parameters": {"max_new_tokens": 1}}


def test_the_recording_is_whole() -> None:
    assert len(EXCHANGES) == 130


@pytest.fixture(scope="module")
def answers() -> list[tuple[int, str | None, str]]:
    """What the fake says to each request, one after the other, after a first answer."""

    async def main() -> list[tuple[int, str | None, str]]:
        async with FakeTGI(Play(eos_every=0)) as server, aiohttp.ClientSession() as session:
            await (await session.post(f"{server.url}/generate", json=FIRST)).read()
            return [await asked(session, server.url, exchange) for exchange in EXCHANGES]

    return asyncio.run(main())


@pytest.mark.parametrize("place", range(130), ids=lambda n: f"{n}-{EXCHANGES[n][0]}")
def test_an_answer_is_as_recorded(answers: list[tuple[int, str | None, str]], place: int) -> None:
    *_, status, kind, answer = EXCHANGES[place]
    got, got_kind, text = answers[place]
    assert (got, got_kind) == (status, kind), text
    if isinstance(answer, str):
        assert VARIES.sub("", text.rstrip()) == VARIES.sub("", answer)
    elif "shape" in answer:
        assert shape(json.loads(text)) == CONTRACT["shapes"][answer["shape"]]
    elif "events" in answer:
        lines = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
        assert (lines[-1] == "[DONE]") == answer["done"]
        events = [json.loads(line) for line in lines if line != "[DONE]"]
        ends = [CONTRACT["shapes"][number] for number in answer["events"]]
        assert [shape(events[0]), shape(events[-1])] == ends
    else:
        names = set(re.findall(r"^(\w+)", text, re.MULTILINE))
        assert names and names <= set(CONTRACT["metrics"].split())


async def asked(
    session: aiohttp.ClientSession, url: str, exchange: list[Any]
) -> tuple[int, str | None, str]:
    """Status, type (None where there is no body) and body of an answer."""
    _, method, path, sends, body, *_ = exchange
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    whole = REPEATED.sub(lambda match: match[1] * int(match[2]), text).encode()
    headers = {"Content-Type": TYPES[sends]} if sends in TYPES else {}
    skipped = () if headers else ("Content-Type",)
    async with session.request(
        method, url + path, data=whole if sends else None, headers=headers,
        skip_auto_headers=skipped,
    ) as reply:  # fmt: skip
        said = await reply.text()
        has_type = bool(said) or (reply.status == 200 and method == "POST")
        return reply.status, reply.headers.get("Content-Type") if has_type else None, said
