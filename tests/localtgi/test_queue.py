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
    before = server.metric('tgi_request_failure{err="overloaded"}')
    with ExitStack() as stack:
        first = open_stream(server, stack, LONG)
        assert json.loads(next(first))["index"] == 1
        for _ in range(3):
            open_stream(server, stack, LONG)
        wait_until_queued(server, 3)
        reply = server.ask("POST", "/generate", SHORT)
        assert (reply.status, reply.json) == (429, OVERLOADED)
        with server.stream("/generate_stream", SHORT) as events:
            assert [json.loads(event) for event in events] == [OVERLOADED]
        chat = {"messages": [{"role": "user", "content": "a"}], "stream": True}
        with server.stream("/v1/chat/completions", chat) as events:
            error, done = list(events)
        assert json.loads(error)["error"]["message"] == "Model is overloaded"
        assert done == "[DONE]"
        assert server.ask("GET", "/health").status == 200
        assert next(first)
    assert server.metric('tgi_request_failure{err="overloaded"}') == before + 3


def test_a_reader_that_goes_away_frees_the_server(server: Server) -> None:
    dropped = server.metric('tgi_request_failure{err="dropped"}')
    success = server.metric("tgi_request_success")
    with ExitStack() as stack:
        for number in range(4):
            stream = open_stream(server, stack, LONG)
            if number == 0:
                next(stream)
        wait_until_queued(server, 3)
    # All four are gone: were one of them still answered, this would be the fifth or have to wait.
    until = time.monotonic() + PATIENCE
    while server.metric('tgi_request_failure{err="dropped"}') < dropped + 4:
        assert time.monotonic() < until
    assert server.ask("POST", "/generate", SHORT).status == 200
    assert server.metric("tgi_request_success") == success + 1
    assert server.metric("tgi_batch_current_size") == 0


def test_a_whole_answer_that_nobody_waits_for_is_stopped(server: Server) -> None:
    success = server.metric("tgi_request_success")
    dropped = server.metric('tgi_request_failure{err="dropped"}')
    with ExitStack() as stack:
        stack.enter_context(server.request_without_reply("/generate", LONG))
        wait_until_queued(server, 0)
    until = time.monotonic() + PATIENCE
    while server.metric('tgi_request_failure{err="dropped"}') < dropped + 1:
        assert time.monotonic() < until
    assert server.metric("tgi_request_success") == success


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
