"""llama.cpp's own server, as PyPI's xllamacpp holds it: serve.py MODEL PORT SLOTS WINDOW [KEY].

It runs in a Python of its own, and says "listening" when the port is open.
"""

import os
import signal
import sys

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # before the import: threads that do not spin
import xllamacpp  # type: ignore[import-not-found]


def main() -> None:
    """Serve until SIGTERM."""
    model, port, slots, window, *keys = sys.argv[1:]
    # Before the C++ threads start, which would take the signal else.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    params = xllamacpp.CommonParams()
    params.model.path, params.hostnames, params.port = model, ["127.0.0.1"], int(port)
    params.n_parallel, params.n_ctx = int(slots), int(slots) * int(window)
    params.api_keys, params.endpoint_slots = keys, True
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 2
    server = xllamacpp.Server(params)
    sys.stdout.write(f"listening {server.listening_address}\n")
    sys.stdout.flush()
    signal.sigwait({signal.SIGTERM})
    os._exit(0)  # deleting the server would wait for its running answers


main()
