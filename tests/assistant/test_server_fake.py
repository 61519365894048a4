"""The fake TGI as others rely on it: a program, a pure function of the text, and its record."""

import json
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from assistant.server.errors import Refused
from assistant.server.http import Timeouts
from assistant.server.tgi import TGIClient
from tests.fakes.tgi_clients import run, tgi
from tests.fakes.tgi_play import Play

ROOT = Path(__file__).resolve().parent.parent.parent


@contextmanager
def program(*flags: str, wait: bool = True) -> Iterator[str]:
    """The fake as a process; gives its address once it is ready, and ends it as Docker would."""
    argv = [sys.executable, "-m", "tests.fakes.tgi", *flags]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield process.stdout.readline().strip() if wait else ""
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0


def call(url: str, body: object = None) -> Any:
    """GET, or POST of JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.loads(response.read() or b"null")


def test_the_program() -> None:
    """Flags set it up, _control changes it, _requests tells what it saw."""
    flags = ("--adapters", "sea,zero", "--max-total", "500", "--eos-every", "0")
    with program(*flags) as url:
        assert call(f"{url}/info")["max_total_tokens"] == 500
        assert call(f"{url}/info")["version"] == "3.3.6-dev0"
        ask = {"inputs": "море", "parameters": {"adapter_id": "sea", "max_new_tokens": 4}}
        text = call(f"{url}/generate", ask)["generated_text"]
        assert call(url, ask)[0]["generated_text"] == text
        assert call(f"{url}/_control", {"fault": "generation", "times": 1})["times"] == 1
        with pytest.raises(urllib.error.HTTPError) as caught:
            call(f"{url}/generate", ask)
        with caught.value:
            assert caught.value.code == 424
        assert call(f"{url}/generate", ask)["generated_text"] == text
        seen = call(f"{url}/_requests")["requests"]
        assert [one["finished"] for one in seen] == [True, True, False, True]
        assert {one["adapter"] for one in seen} == {"sea"}
        with pytest.raises(urllib.error.HTTPError) as caught:
            call(f"{url}/_control", {"fault": "no such"})
        caught.value.close()


def test_without_parameters_it_samples() -> None:
    """The trap of the real server: the same question, other words."""
    with program("--eos-every", "0") as url:
        texts = {call(f"{url}/generate", {"inputs": "море"})["generated_text"] for _ in range(2)}
        assert len(texts) == 2


def test_the_text_so_far_decides() -> None:
    """A generated token is the one that follows the same text as a prompt; ids come back too."""

    async def main() -> None:
        async with tgi(Play(eos_every=0)) as (_, client):
            made = await client.generate("корабль", adapter="hackatone", max_new_tokens=6)
            text = "корабль"
            for token in made.tokens:
                again = await client.generate(text, adapter="hackatone", max_new_tokens=1)
                assert again.tokens == (token,)
                text += token.text
            ids = (await client.tokenize(text)).ids
            assert ids[-6:] == tuple(token.id for token in made.tokens)

    run(main)


def test_an_adapter_dropped_after_the_first_token() -> None:
    """Prefill is right, decode is the base model's: what CUDA graphs do."""

    async def first_and_rest(client: TGIClient) -> tuple[Any, Any]:
        made = await client.generate("корабль", adapter="hackatone", max_new_tokens=6)
        return made.tokens[0], made.tokens[1:]

    async def main() -> None:
        async with tgi(Play(eos_every=0)) as (fake, client):
            first, rest = await first_and_rest(client)
            fake.play = Play(eos_every=0, drop_adapter_after_first_token=True)
            broken_first, broken_rest = await first_and_rest(client)
            assert first == broken_first and rest != broken_rest
            base = await client.generate(f"корабль{first.text}", adapter="zero", max_new_tokens=5)
            assert broken_rest == base.tokens

    run(main)


def test_its_port_opens_late() -> None:
    """Until it is ready connections are refused; a client that is patient gets through."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}"

    async def refused() -> None:
        async with TGIClient(url, "zero") as client:
            with pytest.raises(Refused):
                await client.health()

    async def ready() -> None:
        async with TGIClient(url, "zero", timeouts=Timeouts(refused=15)) as client:
            assert (await client.limits()).max_concurrent == 16

    run(refused)
    with program("--port", str(port), "--ready-after", "0.5", wait=False):
        run(ready)
