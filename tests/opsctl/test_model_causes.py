"""What is wrong with the model server, told alike by ask, status and doctor, and what helps."""

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field

import pytest

from tests.fakes import broken_servers, odd_servers
from tests.fakes.odd_servers import CHAT, Reply, always, answering, chatting, refused, told, well
from tests.workspace import Workspace, question


@dataclass(frozen=True)
class Case:
    """A server, what is told of it, a word of what helps, and the state that status names."""

    name: str
    server: Callable[[], AbstractContextManager[str]]
    sentence: str
    help: str
    state: str
    env: dict[str, str] = field(default_factory=dict)


@contextmanager
def at(port: AbstractContextManager[int], scheme: str = "http") -> Iterator[str]:
    with port as number:
        yield f"{scheme}://127.0.0.1:{number}"


def speaking_ssh() -> AbstractContextManager[int]:
    """Another program on the port."""

    def greet(connection: socket.socket) -> None:
        with connection:
            connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
            connection.recv(1)

    return broken_servers.serving(greet)


def keyless(path: str, body: bytes) -> Reply:
    return refused(401, "Invalid API Key") if path != "/health" else told({})


CASES = [
    Case("gone", lambda: nullcontext("http://127.0.0.1:9"), "no model server listens at",
         "start it where it runs", "unreachable"),
    Case("restarting", lambda: at(broken_servers.resetting()), "connections and closes them",
         "start it where it runs", "unreachable"),
    Case("loading", lambda: answering(always(refused(503, "Loading model", code=503))),
         "is still loading its model", "wait for it", "starting"),
    Case("no memory", lambda: answering(chatting(refused(500, "CUDA out of memory"))),
         "failed while it was answering: CUDA out of memory", "log of the model", "unhealthy"),
    Case("wrong key", lambda: answering(keyless), "did not accept the API key: Invalid API Key",
         "OPSCTL_API_KEY in .env", "refuses"),
    Case("wrong name",
         lambda: answering(chatting(refused(404, "The model `x` does not exist."))),
         "has no such model: The model `x` does not exist",
         "OPSCTL_SERVER_MODEL in .env to a name that the server has: mistral", "refuses",
         {"OPSCTL_SERVER_MODEL": "x"}),
    Case("redirect",
         lambda: answering(always(Reply(308, (), headers=(("Location", "https://x/"),)))),
         "it redirects to https://x/", "OPSCTL_SERVER_URL in .env", "foreign"),
    Case("page", lambda: answering(always(odd_servers.PAGE)), "a web page",
         "OPSCTL_SERVER_URL", "foreign"),
    Case("endless", lambda: answering(chatting(odd_servers.ENDLESS)), "an event of over",
         "OPSCTL_SERVER_URL", "foreign"),
    Case("another program", lambda: at(speaking_ssh()), "it does not speak HTTP",
         "OPSCTL_SERVER_URL", "foreign"),
    Case("https", lambda: at(broken_servers.resetting(), "https"), "no secure connection",
         "begin with http://", "unreachable"),
    Case("wrong protocol", lambda: answering(well), "speaks the protocol of OpenAI",
         "OPSCTL_SERVER_API=openai", "foreign", {"OPSCTL_SERVER_API": "tgi"}),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_ask_status_and_doctor_tell_one_cause_and_what_helps(
    case: Case, indexed: Workspace
) -> None:
    with case.server() as url:
        env = {"OPSCTL_SERVER_API": "openai", "OPSCTL_SERVER_URL": url, **case.env}
        done = indexed.json("ask", question(1), env=env)
        status = indexed.json("status", env=env, code=3)["server"]
        checks = indexed.json("doctor", env=env, code=1)
    (check,) = (each for each in checks if each["name"] == "server")
    assert case.sentence in done["note"] and case.help in done["hint"]
    assert (status["reason"], status["fix"]) == (done["note"], done["hint"])
    assert (check["detail"], check["fix"]) == (done["note"], done["hint"])
    assert (done["engine"], status["state"], check["result"]) == (
        "extractive", case.state, "failed",
    )  # fmt: skip
    assert not {"opsctl start", "opsctl logs", "opsctl restart"} & set(done["hint"].split(";"))


def test_a_server_that_hangs_is_told_by_its_silence(indexed: Workspace) -> None:
    with at(broken_servers.silent()) as url:
        env = {"OPSCTL_SERVER_API": "openai", "OPSCTL_SERVER_URL": url}
        status = indexed.json("status", env=env, code=3)["server"]
    assert status["state"] == "unreachable" and "does not answer within 10 s" in status["reason"]


@pytest.mark.parametrize("answer", [odd_servers.GZIPPED, odd_servers.BY_BYTE], ids=["gzip", "byte"])
def test_an_answer_is_whole_however_its_bytes_come(answer: Reply, indexed: Workspace) -> None:
    """And no proxy of the environment is asked for a server that is none of its."""
    with answering(chatting(answer)) as url:
        proxies = {"HTTP_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "socks5://127.0.0.1:9"}
        env = {"OPSCTL_SERVER_API": "openai", "OPSCTL_SERVER_URL": url + CHAT, **proxies}
        done = indexed.answer(question(1), env=env)
    assert (done["engine"], done["text"]) == ("server", "".join(odd_servers.WORDS))
