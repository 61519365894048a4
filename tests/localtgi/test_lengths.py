"""How long an answer may be, and texts as long as a body can be."""

import json
import threading
import time

import pytest

from localtgi.server.requests import GenerateRequest, Limits, accept
from tests.localtgi.server import Server


@pytest.mark.parametrize(("prompt", "wanted"), [(10, 1024), (3072, 1024), (3073, 1023)])
def test_an_answer_of_no_given_length_is_a_chunk_or_what_is_left(prompt: int, wanted: int) -> None:
    job = accept(GenerateRequest("a"), Limits(4000, 4096, 1), lambda text: [1] * prompt)
    assert job.max_new_tokens == wanted


@pytest.mark.parametrize(("path", "words"), [("/tokenize", 60_000), ("/generate_stream", 170_000)])
def test_a_long_text_keeps_no_one_waiting(server: Server, path: str, words: int) -> None:
    """No small request takes more than half the time that the long one takes."""
    replies: list[int] = []
    body = json.dumps({"inputs": "слово " * words}, ensure_ascii=False).encode()
    long = threading.Thread(target=lambda: replies.append(server.ask("POST", path, body).status))
    waits = []
    began = time.monotonic()
    long.start()
    while long.is_alive():
        asked = time.monotonic()
        assert server.ask("GET", "/info").status == 200
        waits.append(time.monotonic() - asked)
    assert replies == [200]
    assert max(waits) < (time.monotonic() - began) / 2
