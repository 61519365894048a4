"""localtgi with the fault of CUDA graphs: the adapter is dropped after the first token.

python -m tests.localtgi.dropping_server MODEL PORT NAME=ADAPTER...
"""

import sys
from pathlib import Path
from typing import Any


def main(model: str, port: str, *adapters: str) -> None:
    from localtgi.model.checkpoint import open_model
    from localtgi.model.language import LanguageModel
    from localtgi.model.loading import load
    from localtgi.server.port import reserve
    from localtgi.server.requests import Limits
    from localtgi.server.serve import run

    class Dropping(LanguageModel):
        """A model that decodes, and does not read, with the base weights."""

        def __init__(self, whole: LanguageModel) -> None:
            vars(self).update(vars(whole))

        def forward(self, ids: list[int], cache: Any) -> Any:
            if cache is not None:
                self.use(None)
            return super().forward(ids, cache)

    folders = {name: Path(folder) for name, _, folder in (text.partition("=") for text in adapters)}
    with reserve("127.0.0.1", int(port)) as sock:
        loaded = load(open_model(Path(model)), folders, "cpu", "auto", Path(model) / "packed", say)
        run(Dropping(loaded), model, Limits(3072, 4096, 16), None, sock, say)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
