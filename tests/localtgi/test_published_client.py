"""The text-generation client from PyPI talks to localtgi."""

import asyncio

import pytest
from text_generation.client import AsyncClient, Client
from text_generation.errors import ValidationError

from tests.localtgi.conftest import KEY, Servers
from tests.localtgi.server import Server, ids

PROMPT = "[INST] Где паспорт? [/INST]"
# The client's own calls of pydantic are out of date.
pytestmark = pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20")


def test_the_client_generates_and_streams(server: Server) -> None:
    client = Client(server.url, timeout=60)
    expected = server.generate(PROMPT, max_new_tokens=8)
    whole = client.generate(PROMPT, max_new_tokens=8)
    assert whole.generated_text == expected["generated_text"]
    assert whole.details is not None
    assert [token.id for token in whole.details.tokens] == ids(expected)
    steps = list(client.generate_stream(PROMPT, max_new_tokens=8))
    assert [step.token.id for step in steps] == ids(expected)
    assert steps[-1].generated_text == expected["generated_text"]


def test_the_async_client_generates_streams_and_knows_the_errors(server: Server) -> None:
    async def check() -> None:
        client = AsyncClient(server.url, timeout=60)
        expected = server.generate(PROMPT, max_new_tokens=8)
        whole = await client.generate(PROMPT, max_new_tokens=8)
        assert whole.generated_text == expected["generated_text"]
        steps = [step async for step in client.generate_stream(PROMPT, max_new_tokens=8)]
        assert steps[-1].generated_text == expected["generated_text"]
        with pytest.raises(ValidationError, match=r"must have less than|must be <="):
            await client.generate("слово " * 5000, max_new_tokens=8)

    asyncio.run(check())


def test_the_client_sends_the_key(servers: Servers) -> None:
    client = Client(servers.gptq.url, headers={"Authorization": f"Bearer {KEY}"}, timeout=60)
    assert client.generate("a", max_new_tokens=1).details is not None
