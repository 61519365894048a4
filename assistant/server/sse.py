"""Server-sent events out of the bytes of a body, however these were cut on the way."""


class EventReader:
    """Collects bytes and gives the payloads of whole `data:` lines; comments are passed over.

    One line is one event: so do TGI, vLLM, SGLang and llama.cpp write them.
    """

    def __init__(self) -> None:
        self._partial: list[bytes] = []

    def feed(self, chunk: bytes) -> list[bytes]:
        """Add bytes; return the payloads that they complete, in order."""
        *lines, rest = chunk.split(b"\n")
        if lines and self._partial:
            lines[0] = b"".join((*self._partial, lines[0]))
            self._partial.clear()
        if rest:
            self._partial.append(rest)
        return [line[5:].strip() for line in lines if line.startswith(b"data:")]
