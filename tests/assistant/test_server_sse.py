"""Events out of bytes, however these were cut on the way."""

import random

import pytest

from assistant.server.errors import BadReply
from assistant.server.wire.sse import EventReader


def test_events_cut_at_any_byte() -> None:
    """Whatever the pieces, the same events come out; comments and other fields do not."""
    body = ':\n\ndata: {"a":"ё🚀"}\n\n: hi\nevent: x\nid: 1\r\ndata:{"b":1}\r\n\r\ndata: [DONE]\n\n'
    data = body.encode()
    expected = ['{"a":"ё🚀"}'.encode(), b'{"b":1}', b"[DONE]"]
    chance = random.Random(7)
    for step in range(1, len(data) + 1):
        reader, found = EventReader(), []
        for start in range(0, len(data), step):
            found += reader.feed(data[start : start + step])
        assert found == expected
    for _ in range(200):
        cuts = sorted(chance.choices(range(len(data)), k=chance.randrange(8)))
        reader, found = EventReader(), []
        for start, stop in zip([0, *cuts], [*cuts, len(data)], strict=True):
            found += reader.feed(data[start:stop])
        assert found == expected


def test_half_an_event_at_the_end_is_none() -> None:
    """A line without its end was cut."""
    assert EventReader().feed(b'data: {"token":') == []


def test_a_line_without_end_fills_no_memory() -> None:
    """What was held is counted anew after every line."""
    reader, piece = EventReader(), b"x" * 6_000_000
    for _ in range(3):
        reader.feed(piece + b"\n")
        reader.feed(piece)
    with pytest.raises(BadReply):
        for _ in range(3):
            reader.feed(piece)
