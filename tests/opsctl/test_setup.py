"""opsctl setup: a fresh checkout becomes one on which `opsctl start` works."""

import re
import stat
from pathlib import Path

from tests.fakes import hub_files, odd_servers
from tests.fakes.bot_api import TOKEN as telegram_token
from tests.fakes.embeddings import embedding_server
from tests.fakes.hub import FakeHub
from tests.fakes.systemd import Scenario
from tests.gpu_server import GPUServer
from tests.opsctl.telegram import STRANGER, USER, telegram_for
from tests.terminal import CTRL_C, on_a_terminal
from tests.workspace import UNITS, Workspace, note, question

TOKEN = "123456789:AAE-not_a_real_token_but_of_its_form"
ASKED = re.compile(r"\(Enter: [^)]*\): ")
OFFERED = "some seconds [y/N]: "  # models for the processor


def test_setup_then_start_then_ask_on_a_fresh_server(fresh_server: GPUServer) -> None:
    workspace = fresh_server.workspace
    workspace.write("note1.txt", note(1))
    with FakeHub() as hub:
        hub.push_all()
        workspace.env["OPSCTL_HF_ENDPOINT"] = hub.url
        done = workspace.run("setup", "--yes")
        assert done.returncode == 0, done
        assert re.search(r"next: \S*opsctl start$", done.stderr.rstrip())
        hub.seen.clear()
        assert workspace.run("setup", "--yes").returncode == 0
        assert not [seen for seen in hub.seen if "/resolve/" in seen.path]
    assert workspace.run("start").returncode == 0
    assert workspace.answer(question(1))["engine"] == "server"


def test_setup_offers_the_better_embedder_and_takes_the_answer(fresh_server: GPUServer) -> None:
    workspace = fresh_server.workspace
    workspace.env["OPSCTL_EMBEDDER"] = ""
    answered: set[str] = set()

    def typing(shown: str) -> str:
        """Yes to both questions, Enter to those about the bot."""
        end = shown[shown.rstrip().rfind("\n") :].strip()
        if not end.endswith(":") or end in answered:
            return ""
        answered.add(end)
        return "y\n" if end.endswith("]:") else "\n"

    with FakeHub() as hub:
        hub.push_all()
        hub.push("sergeyzh/BERTA", "main", hub_files.embedder())
        workspace.env["OPSCTL_HF_ENDPOINT"] = hub.url
        done = on_a_terminal(workspace, "setup", typing=typing)
    assert "71.0 against 29.0" in done.stdout, done
    assert (workspace.state / "models" / "sergeyzh--BERTA" / "config.json").is_file(), done
    assert "OPSCTL_EMBEDDER=sergeyzh/BERTA\n" in (workspace.root / ".env").read_text()


def test_without_a_gpu_setup_indexes_and_says_who_will_answer(workspace: Workspace) -> None:
    workspace.write("note1.txt", note(1))
    done = workspace.run("setup", "--yes")
    assert done.returncode == 0, done
    assert "answers will be quotes from the documents" in done.stderr
    assert workspace.answer(question(1))["engine"] == "extractive"


def test_setup_says_whether_a_server_that_others_start_answers(workspace: Workspace) -> None:
    workspace.write("note1.txt", note(1))
    with odd_servers.answering(odd_servers.well) as url:
        env = {"OPSCTL_SERVER_API": "openai", "OPSCTL_SERVER_URL": url}
        done = workspace.run("setup", "--yes", env=env)
    assert f"the model server at {url}, which opsctl did not start, answers" in done.stderr
    assert "no model server" not in done.stderr
    gone = workspace.run("setup", "--yes", env=env)
    assert "does not answer: no model server listens at" in gone.stderr


def test_setup_makes_vectors_unless_a_bot_will(workspace: Workspace) -> None:
    workspace.write("note1.txt", note(1))
    with embedding_server() as server:
        workspace.env |= {"OPSCTL_EMBEDDER": "auto", "OPSCTL_EMBEDDER_URL": server.url}
        bot = {"OPSCTL_TELEGRAM_TOKEN": TOKEN, "OPSCTL_TELEGRAM_API_URL": "http://127.0.0.1:9/bot"}
        done = workspace.run("setup", "--yes", env=bot)
        assert done.returncode == 0, done
        assert (
            f"vectors: 0 of {UNITS} rows and sentences, opsctl reindex, or the bot" in done.stderr
        )
        assert workspace.source(question(1)) == "note1.txt"
        assert workspace.run("setup", "--yes").returncode == 0
        assert workspace.vectors() == UNITS


def test_env_is_written_for_its_owner_alone_and_what_stands_there_stays(
    workspace: Workspace,
) -> None:
    env = workspace.root / ".env"
    env.write_text("# mine\nOPSCTL_TOP_K=3\n")
    env.chmod(0o644)
    assert workspace.run("setup", "--yes").returncode == 0
    assert stat.S_IMODE(env.stat().st_mode) == 0o600
    assert env.read_text() == "# mine\nOPSCTL_TOP_K=3\n"
    env.unlink()
    assert workspace.run("setup", "--yes").returncode == 0
    assert stat.S_IMODE(env.stat().st_mode) == 0o600


def test_a_machine_that_can_not_hold_the_model_is_told_before_the_download(
    fresh_server: GPUServer,
) -> None:
    fresh_server.gpu_memory(used=20_000)
    with FakeHub() as hub:
        hub.push_all()
        done = fresh_server.workspace.run("setup", "--yes", env={"OPSCTL_HF_ENDPOINT": hub.url})
        assert hub.seen == []
    assert done.returncode == 1
    assert "failed   memory" in done.stdout
    assert "not downloaded" in done.stderr


def test_without_documents_setup_says_where_to_put_them(workspace: Workspace) -> None:
    workspace.documents.rmdir()
    done = workspace.run("setup", "--yes")
    assert done.returncode == 0, done
    assert "put documents into" in done.stderr


def test_without_a_terminal_setup_says_what_it_did_not_ask(workspace: Workspace) -> None:
    workspace.write("note1.txt", note(1))
    done = workspace.run("setup")
    assert done.returncode == 0, done
    assert "no terminal to ask in" in done.stderr and "OPSCTL_TELEGRAM_TOKEN" in done.stderr
    assert "added 1" in done.stdout and "next: opsctl ask" in done.stderr
    assert "no terminal" not in workspace.run("setup", "--yes").stderr


def test_on_a_terminal_setup_asks_for_the_token_once_and_never_shows_it(
    workspace: Workspace,
) -> None:
    workspace.env["OPSCTL_TELEGRAM_API_URL"] = "http://127.0.0.1:9/bot"
    said = answering(workspace, answers=["nonsense", TOKEN, "@me", "7"])
    assert said.count("/newbot") == 1 and "that is not a bot token" in said
    assert "could not be checked" in said and "an id is a number" in said
    assert TOKEN not in said and "/start" not in said
    written = (workspace.root / ".env").read_text()
    assert f"OPSCTL_TELEGRAM_TOKEN={TOKEN}\nOPSCTL_ADMINS=7\n" in written
    assert "token" not in answering(workspace, answers=[])
    assert (workspace.root / ".env").read_text() == written
    assert TOKEN not in workspace.run("doctor", "--settings").stdout


def test_without_an_id_setup_shows_the_code_that_makes_an_administrator(
    workspace: Workspace, tmp_path: Path
) -> None:
    with telegram_for(workspace, Scenario(manager="")) as telegram:
        (workspace.root / "telegram_token.txt").unlink()
        del workspace.env["OPSCTL_ALLOWED_USERS"]
        wrong = telegram_token.replace("FAKE", "fake")
        said = answering(workspace, answers=[wrong, telegram_token, ""])
        assert "does not know this token" in said and "this is @documents_bot" in said
        code = re.findall(r"/start ((?:\d{4}-){3}\d{4})", said)[0]
        assert f"t.me/documents_bot?start={code}" in said
        assert code in answering(workspace, answers=[""])  # once more: the same
        started = workspace.run("start", "--server", "none")
        assert started.returncode == 0 and "opsctl users claim" in started.stderr, started
        assert code not in (workspace.state / "logs" / "bot.log").read_text()
        assert code in answering(workspace, [], command=("start", "--server", "none"))
        telegram.write("/start", STRANGER)
        telegram.reply_with("вашу просьбу я сохранил", STRANGER)
        telegram.write(f"/start {code}", USER)
        telegram.reply_with("Вы администратор", USER)
        telegram.reply_with("Просит доступ", USER)
        assert "no administrator" not in workspace.run("start", "--server", "none").stderr


def test_a_token_that_telegram_does_not_know_is_asked_for_again(workspace: Workspace) -> None:
    with telegram_for(workspace, Scenario(manager="")):
        env = workspace.root / ".env"
        env.write_text(f"OPSCTL_TELEGRAM_TOKEN={TOKEN}\nOPSCTL_ADMINS=7\n")
        said = answering(workspace, answers=[telegram_token])
        assert "does not know the token that is set" in said and "this is @documents_bot" in said
        assert env.read_text().endswith(f"OPSCTL_TELEGRAM_TOKEN={telegram_token}\n")
        assert workspace.run("start", "--server", "none").returncode == 0


def test_without_questions_a_wrong_token_is_told_when_all_else_is_done(
    workspace: Workspace,
) -> None:
    workspace.write("note1.txt", note(1))
    with telegram_for(workspace, Scenario(manager="")):
        (workspace.root / "telegram_token.txt").unlink()
        (workspace.root / ".env").write_text(f"OPSCTL_TELEGRAM_TOKEN={TOKEN}\n")
        done = workspace.run("setup", "--yes")
        assert done.returncode == 1 and "next:" not in done.stderr
        assert "error: Telegram does not accept the bot's token" in done.stderr
        assert "hint: compare OPSCTL_TELEGRAM_TOKEN in .env" in done.stderr
        assert workspace.json("status")["index"]["documents"] == 1
        away = {"OPSCTL_TELEGRAM_API_URL": "http://127.0.0.1:9/bot"}
        done = workspace.run("setup", "--yes", env=away)
        assert done.returncode == 0 and "could not be checked: nothing listens" in done.stderr


def test_what_was_typed_before_ctrl_c_is_kept(workspace: Workspace) -> None:
    workspace.env["OPSCTL_TELEGRAM_API_URL"] = "http://127.0.0.1:9/bot"
    said = answering(workspace, answers=[TOKEN, CTRL_C], code=130)
    assert "Aborted" not in said and "Traceback" not in said
    assert f"OPSCTL_TELEGRAM_TOKEN={TOKEN}\n" in (workspace.root / ".env").read_text()


def answering(
    workspace: Workspace, answers: list[str], code: int = 0, command: tuple[str, ...] = ("setup",)
) -> str:
    """Run a command on a terminal, answering its questions; return all that it showed."""
    given, declined = 0, False

    def typing(shown: str) -> str:
        nonlocal given, declined
        if shown.endswith(OFFERED) and not declined:
            declined = True
            return "\n"
        # The blank after the colon comes when the terminal is ready for a hidden answer.
        if given == len(answers) or len(ASKED.findall(shown)) == given:
            return ""
        given += 1
        return answers[given - 1] + ("" if answers[given - 1] == CTRL_C else "\n")

    done = on_a_terminal(workspace, *command, typing=typing)
    assert done.returncode == code, done
    return done.stdout
