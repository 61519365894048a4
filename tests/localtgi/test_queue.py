"""One answer at a time: the queue, its end, and readers that go away."""

import json
import time
from contextlib import ExitStack
from typing import Any

from tests.localtgi.server import PATIENCE, Server

LONG = {"inputs": "[INST] Где паспорт? [/INST]", "parameters": {"max_new_tokens": 3000}}
SHORT = {"inputs": "[INST] Где паспорт? [/INST]", "parameters": {"max_new_tokens": 1}}
OVERLOADED = {"error": "Model is overloaded", "error_type": "overloaded"}


def wait_until_queued(server: Server, number: int) -> None:
    """Until as many requests wait behind the one that is answered."""
    until = time.monotonic() + PATIENCE
    while (server.metric("tgi_queue_size"), server.metric("tgi_batch_current_size")) != (number, 1):
        assert time.monotonic() < until


def open_stream(server: Server, stack: ExitStack, body: Any) -> Any:
    return stack.enter_context(server.stream("/generate_stream", body))


def test_beyond_the_queue_a_request_is_turned_away_at_once(server: Server) -> None:
    with ExitStack() as stack:
        first = open_stream(server, stack, LONG)
        assert json.loads(next(first))["index"] == 1
        for _ in range(3):
            open_stream(server, stack, LONG)
        wait_until_queued(server, 3)
        with server.stream("/generate_stream", SHORT) as events:
            assert [json.loads(event) for event in events] == [OVERLOADED]
        assert server.ask("GET", "/health").status == 200
        assert next(first)


def test_a_reader_that_goes_away_frees_the_server(server: Server) -> None:
    with ExitStack() as stack:
        for number in range(4):
            stream = open_stream(server, stack, LONG)
            if number == 0:
                next(stream)
        wait_until_queued(server, 3)
    # All four are gone: were one of them still answered, this would have to wait for minutes.
    until = time.monotonic() + PATIENCE
    while server.metric("tgi_queue_size") or server.metric("tgi_batch_current_size"):
        assert time.monotonic() < until
    assert server.generate("a", max_new_tokens=1)["details"]["generated_tokens"] == 1


def test_requests_are_answered_in_the_order_of_their_coming(server: Server) -> None:
    with ExitStack() as stack:
        first = open_stream(server, stack, {**LONG, "parameters": {"max_new_tokens": 400}})
        next(first)
        second = open_stream(server, stack, SHORT)
        wait_until_queued(server, 1)
        *_, last = list(first)
        assert json.loads(last)["generated_text"] is not None
        [only] = list(second)
        assert json.loads(only)["generated_text"] is not None
