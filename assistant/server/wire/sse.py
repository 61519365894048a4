"""Server-sent events out of the bytes of a body, however these were cut on the way."""

from assistant.server.errors import BadReply

# No event, and no answer of a small route, comes near this size; memory has to end somewhere.
MOST_BYTES = 16_000_000


class EventReader:
    """Collects bytes and gives the payloads of whole `data:` lines.

    Comments, and lines without a payload, are signs of life and no more.

    One line is one event: so do TGI, vLLM, SGLang and llama.cpp write them.
    """

    def __init__(self) -> None:
        self._partial: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """Add bytes; return the payloads that they complete, in order. Raises BadReply."""
        *lines, rest = chunk.split(b"\n")
        if lines and self._partial:
            lines[0] = b"".join((*self._partial, lines[0]))
            self._partial.clear()
            self._size = 0
        if rest:
            self._partial.append(rest)
            self._size += len(rest)
            if self._size > MOST_BYTES:
                raise BadReply(f"the model server sent an event of over {MOST_BYTES} bytes")
        payloads = (line[5:].strip() for line in lines if line.startswith(b"data:"))
        return [payload for payload in payloads if payload]
