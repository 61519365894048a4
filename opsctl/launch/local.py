"""localtgi as a background process of this machine."""

import sys

from opsctl.launch.process import ProcessService
from opsctl.server.adapters import places
from opsctl.server.address import port_of
from opsctl.tgi.log import TGI_LOG


class LocalService(ProcessService):
    """The process of `python -m localtgi`; its log has the words of TGI's."""

    kind, api, log, word = "local", "tgi", TGI_LOG, "localtgi"

    def command(self) -> list[str]:
        server = self.settings.server_file.config
        adapters = [
            word
            for name, folder in places(self.settings).items()
            for word in ("--adapter", f"{name}={folder}")
        ]
        return [
            sys.executable, "-m", self.word, "--model", self.model, *adapters,
            "--port", str(port_of(self.settings.server_url)),
            "--max-input-tokens", str(server.max_input),
            "--max-total-tokens", str(server.max_total),
            "--max-concurrent-requests", str(server.max_concurrent),
            "--cache", str(self.settings.state / "packed"),
        ]  # fmt: skip
