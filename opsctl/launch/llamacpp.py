"""llama.cpp's server as a background process of this machine: its own program, or xllamacpp's."""

import hashlib
import json
import re
import shutil
import sys
from functools import cached_property
from pathlib import Path
from typing import Any

from core import extras
from core.errors import UserError
from core.settings import Settings
from opsctl.launch.process import ProcessService
from opsctl.llamacpp import convert, header
from opsctl.llamacpp.fetch import window
from opsctl.llamacpp.fit import Fit, Gpu, check_sound, fit
from opsctl.llamacpp.header import Header
from opsctl.llamacpp.log import LLAMACPP_LOG
from opsctl.llamacpp.models import place_of
from opsctl.llamacpp.peft import PeftAdapter, Unfit
from opsctl.machine.memory import lacks
from opsctl.machine.programs import run
from opsctl.server.adapters import other_base, places
from opsctl.server.address import port_of
from opsctl.terminal import output
from training.model.adapter_files import CONFIG, WEIGHTS

PROGRAM = "llama-server"
PING_SECONDS = 10  # between signs of life while a long prompt is read
DEVICE = re.compile(r"^\s+(\w+): (.+) \((\d+) MiB, (\d+) MiB free\)$", re.MULTILINE)


class LlamaService(ProcessService):
    """The process of llama.cpp's server with one model and, where it fits, the adapter.

    The adapter is loaded at scale 0 and every request names its scale: one that named none would
    be answered out of what a slot has read at another. The RAM cache of prompts is off: it does
    not look at the scale at all.
    """

    kind, api, log = "llamacpp", "openai", LLAMACPP_LOG
    word = "--sse-ping-interval"  # of its command line, whichever program runs
    stop_seconds = 5.0  # it would wait for its clients

    def __init__(self, settings: Settings, model: str) -> None:
        super().__init__(settings, model and str(place_of(model, settings)))
        self._has_looked = False

    def command(self) -> list[str]:
        """The command line, with a window, slots, threads and layers for this machine."""
        chosen = self._fit()
        self._take_adapter()
        lora = ["--lora", str(self._lora)] if self.adapter else []
        layers = ["--n-gpu-layers", str(chosen.layers)] if self._gpu else []
        return [
            *self._program, "--model", self.model, "--alias", self._alias,
            "--host", "127.0.0.1", "--port", str(port_of(self.settings.server_url)),
            "--ctx-size", str(chosen.window * chosen.slots), "--parallel", str(chosen.slots),
            "--threads", str(chosen.threads), "--threads-batch", str(chosen.threads),
            "--cache-ram", "0", self.word, str(PING_SECONDS), "--metrics", "--no-webui",
            *lora, "--lora-init-without-apply", *layers,
        ]  # fmt: skip

    def naming(self, adapter: str) -> dict[str, Any]:
        """The adapter's scale, always where one is loaded."""
        return {"lora": [{"id": 0, "scale": 1.0 if adapter else 0.0}]} if self.adapter else {}

    def environment(self) -> dict[str, str | None]:
        """Its key, and threads that do not spin, which beside other programs is far faster."""
        return {"LLAMA_API_KEY": self.settings.api_key or None, "OMP_WAIT_POLICY": "passive"}

    def config(self) -> str:
        """A hash of what it would be started with now, but for what is free at the moment."""
        peft = [self._peft / WEIGHTS, self._peft / CONFIG] if self._peft else []
        told = [_stamp(path) for path in (Path(self.model), *peft)]
        content = [self.model, told, self._program, window(self.settings), self.settings.api_key]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]

    def prepare(self) -> None:
        """Look at the model's header, and make the adapter of peft's files."""
        port_of(self.settings.server_url)
        if self._program[0] == sys.executable:
            extras.check("llamacpp")
            if missing := lacks():
                raise UserError(
                    f"this processor lacks {', '.join(missing)}, which xllamacpp is built with",
                    f"build llama.cpp here and put its {PROGRAM} on PATH",
                )
        check_sound(self._header)
        self._take_adapter()

    def check_room(self) -> None:
        """Raise UserError when the port is taken or the memory is."""
        super().check_room()
        chosen = self._fit()
        output.note(
            f"{Path(self.model).name}: {chosen.slots} at a time, {chosen.window} tokens each,"
            f" {output.size(chosen.bytes)} of memory, {chosen.threads} threads"
            + (f", {chosen.layers} layers on {self._gpu.name}" if self._gpu else "")
        )

    @property
    def _alias(self) -> str:
        return "+".join(filter(None, (Path(self.model).stem, self.adapter)))

    def _fit(self) -> Fit:
        server = self.settings.server_file
        most = server.config.max_concurrent if server.exists else 128
        return fit(self._header, window(self.settings), most, self._gpu)

    @cached_property
    def _header(self) -> Header:
        return header.read(Path(self.model))

    @property
    def _peft(self) -> Path | None:
        """The folder of the adapter that requests are to name, as peft wrote it."""
        return places(self.settings).get(self.settings.adapter)

    @property
    def _lora(self) -> Path:
        return self.settings.adapters / f"{self.settings.adapter}.gguf"

    @cached_property
    def _program(self) -> list[str]:
        found = shutil.which(PROGRAM)
        return [found] if found else [sys.executable, "-m", "opsctl.llamacpp.serve"]

    @cached_property
    def _gpu(self) -> Gpu | None:
        """The first card that the program on PATH sees; xllamacpp's sees none."""
        if self._program[0] == sys.executable:
            return None
        found = DEVICE.search(run([*self._program, "--list-devices"], seconds=30).stdout)
        return Gpu(found[2], int(found[4]) << 20) if found else None

    def _take_adapter(self) -> None:
        """Make the adapter for this model; where it is for another, say so, and do without."""
        if self._has_looked or self._peft is None or not self._peft.is_dir():
            return
        self._has_looked = True
        if not extras.is_installed("llamacpp"):
            output.note("the adapter is left out: making it for llama.cpp needs the extra llamacpp")
            return
        try:
            convert.convert(self._peft, self._header, self._lora)
        except Unfit as error:
            output.note(f"{error.message}: the model answers without it")
            return
        self.adapter = self.settings.adapter
        base, called = PeftAdapter(self._peft).base, self._header.facts.get("general.name", "")
        if told := other_base(self.adapter, base, Path(self.model).name, str(called)):
            output.note(f"warning: {told}")


def _stamp(path: Path) -> tuple[int, int]:
    """What tells a file from another in its place."""
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_size, found.st_mtime_ns)
