"""Imports the product, and forks a process per command line: `fork_server.py SOCKET [torch]`.

It holds imported modules and one thread, nothing that a command line left. The other end of its
socket is in forked.py.
"""

import atexit
import contextlib
import gc
import importlib
import os
import pickle
import pkgutil
import runpy
import selectors
import signal
import socket
import sys
import threading
import time
import warnings
from pathlib import Path

# bot/ is not here: it changes the environment when it is imported.
LIGHT_ROOMS = ("assistant", "core", "indexer", "opsctl")
TORCH_ROOMS = ("localtgi", "training")
LIGHT = (
    "aiohttp", "docx", "faiss", "huggingface_hub", "lxml.etree", "lxml.html", "markdown_it",
    "numpy", "prometheus_client", "psutil", "pypdf", "razdel",
    "rich.console", "rich.live", "rich.progress", "rich.table", "semantic_text_splitter",
    "sqlite3", "Stemmer", "telegram.ext", "tenacity",
)  # fmt: skip
TORCH = ("torch", "transformers", "sentence_transformers", "peft", "matplotlib.pyplot", "pymorphy3")


def import_all(torch: bool) -> None:
    """The product's modules and the ones it would import when it needs them."""
    for package in map(importlib.import_module, (*LIGHT_ROOMS, *TORCH_ROOMS * torch)):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    for name in (*LIGHT, *TORCH * torch):
        importlib.import_module(name)
    threads = len(list(Path("/proc/self/task").iterdir()))
    assert threads == 1, f"{threads} threads: a fork would have one of them"
    gc.freeze()


class Server:
    """Takes orders, each with stdin, stdout, stderr and a socket for the news of its process."""

    def __init__(self, orders: socket.socket) -> None:
        self.orders = orders
        self.selector = selectors.DefaultSelector()
        self.selector.register(orders, selectors.EVENT_READ)
        self.children: dict[int, tuple[int, socket.socket]] = {}  # by the pidfd

    def serve(self) -> list[int]:
        """Fork at each order; returns in the child, with what came with the order."""
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is not self.orders:
                    self.bury(key.fd)
                elif descriptors := self.fork():
                    return descriptors

    def fork(self) -> list[int]:
        data, descriptors, _, _ = socket.recv_fds(self.orders, 1, 4)
        if not data:
            os._exit(0)
        pid = os.fork()
        if pid == 0:
            return self.only(descriptors)
        for descriptor in descriptors[:3]:
            os.close(descriptor)
        news = socket.socket(fileno=descriptors[3])
        tell(news, pid)
        watched = os.pidfd_open(pid)
        self.children[watched] = pid, news
        self.selector.register(watched, selectors.EVENT_READ)
        return []

    def only(self, descriptors: list[int]) -> list[int]:
        """Close what is the server's."""
        self.selector.close()
        self.orders.close()
        for watched, (_, news) in self.children.items():
            os.close(watched)
            news.close()
        return descriptors

    def bury(self, watched: int) -> None:
        self.selector.unregister(watched)
        os.close(watched)
        pid, news = self.children.pop(watched)
        with news:
            tell(news, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def tell(news: socket.socket, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # a test that no longer wants to know
        news.send(number.to_bytes(4, "little", signed=True))


def become(descriptors: list[int]) -> None:
    """Be the process of the order: its pipes, folder, environment and arguments."""
    for number, descriptor in enumerate(descriptors[:3]):
        os.dup2(descriptor, number)
        os.close(descriptor)
    with socket.socket(fileno=descriptors[3]) as news, news.makefile("rb") as order:
        argv, environment, folder, umask, first = pickle.load(order)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    warnings.simplefilter("ignore", ResourceWarning)  # a server that goes on is no leak
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv, sys.path[0] = argv, folder
    sys.stdin = os.fdopen(0, errors="surrogateescape", closefd=False)
    sys.stdout = os.fdopen(1, "w", errors="surrogateescape", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    if umask >= 0:
        os.umask(umask)
    if first:
        first()


def run(module: str) -> None:
    """`python -m MODULE`."""
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if not isinstance(end.code, int):
            raise
        exit_at_once(end.code)
    exit_at_once(0)


def exit_at_once(code: int) -> None:
    """Exit as Python does, but without taking apart thousands of modules, each a page to copy."""
    with contextlib.suppress(OSError):  # Python has its own words for a stream that is broken
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code & 0xFF)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import_all(torch="torch" in sys.argv)
    become(Server(socket.socket(fileno=int(sys.argv[1]))).serve())
    run(sys.argv[0])
