"""ask, status and doctor before a real llama.cpp: what fakes had agreed on with their authors."""

import time
from concurrent.futures import ThreadPoolExecutor

from assistant.question.clean import is_russian
from tests.real.llamacpp.conftest import Start
from tests.workspace import Workspace

QUESTIONS = (
    "How much is a pass for a visitor?",
    "When does the supply ship come?",
    "Who services the pump of the boiler room?",
)
SHORT = {"OPSCTL_ANSWER_TOKENS": "40"}


def test_more_questions_than_slots_are_all_answered_by_the_model(
    start: Start, corpus: Workspace
) -> None:
    """Who waits in the server's queue is not taken for dead."""
    env = start(slots=2).settings() | SHORT
    asked = [QUESTIONS[number % 3] for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda question: corpus.answer(question, env=env), asked))
    assert [one["note"] for one in done if one["engine"] != "server"] == []
    assert all(one["text"].strip() for one in done)
    assert all("SmolLM2" in one["model"] for one in done)


def test_an_english_question_is_answered_in_english(start: Start, corpus: Workspace) -> None:
    env = start().settings() | SHORT
    for question in QUESTIONS:
        done = corpus.answer(question, env=env)
        assert done["engine"] == "server" and not is_russian(done["text"])


def test_status_and_doctor_tell_what_the_server_is(start: Start, corpus: Workspace) -> None:
    env = start(slots=2).settings()
    found = corpus.json("status", env=env)["server"]
    assert (found["state"], found["max_total_tokens"]) == ("ready", 2048)
    assert found["max_concurrent_requests"] == 2 and "SmolLM2" in found["model_id"]
    (check,) = (c for c in corpus.json("doctor", env=env, code=None) if c["name"] == "server")
    assert check["result"] == "ok"


def test_a_wrong_key_is_told_alike_by_ask_status_and_doctor(
    start: Start, corpus: Workspace
) -> None:
    env = start(key="sk-right").settings() | {"OPSCTL_API_KEY": "sk-wrong"}
    done = corpus.answer(QUESTIONS[0], env=env)
    assert done["engine"] == "extractive" and "did not accept the API key" in done["note"]
    found = corpus.json("status", env=env, code=3)["server"]
    assert found["state"] == "refuses" and "did not accept the API key" in found["reason"]
    (check,) = (c for c in corpus.json("doctor", env=env, code=None) if c["name"] == "server")
    assert check["result"] == "failed" and "did not accept the API key" in check["detail"]
    assert (
        corpus.answer(QUESTIONS[0], env=env | {"OPSCTL_API_KEY": "sk-right"})["engine"] == "server"
    )


def test_what_is_too_long_is_left_out_passage_by_passage(start: Start, corpus: Workspace) -> None:
    for number in range(6):
        corpus.write(
            f"long{number}.txt", f"The pass of visitor {number}. " + "Fuel is cold. " * 300
        )
    corpus.reindex()
    env = start(window=1024).settings() | SHORT
    done = corpus.answer("How much is the pass of a visitor?", env=env)
    assert done["engine"] == "server" and 0 < done["dropped_passages"] < 5


def test_a_server_that_dies_in_an_answer_leaves_what_came_and_says_so(
    start: Start, corpus: Workspace
) -> None:
    llama = start()
    env = llama.settings() | {"OPSCTL_ANSWER_TOKENS": "900"}
    with corpus.start("ask", f"{QUESTIONS[0]} Tell it at great length.", env=env) as asking:
        while asking.poll() is None and llama.written() < 5:
            time.sleep(0.01)
        llama.process.kill()
        out, err = asking.communicate()
    assert asking.returncode == 1 and out.strip()
    assert "the answer is cut here: the connection to" in err
