"""The model server: what it needs, and whether it answers."""

from core.settings import Settings
from opsctl.terminal.check import Check, Result


def server(config: Settings) -> list[Check]:
    """What the server needs, and whether it answers; vLLM where it is installed."""
    from opsctl.vllm.check import check

    vllm = check(config)
    return [*([vllm] if vllm else []), *_needed(config)]


def _needed(config: Settings) -> list[Check]:
    """What TGI needs where there is a GPU for it, else its settings; whether a server answers."""
    from assistant.server.record import is_foreign, read_record
    from opsctl.launch.checks import can_run_tgi, checks

    record = read_record(config)
    wanted = record.wanted if record else ""
    no_gpu = can_run_tgi()
    if wanted == "llamacpp":
        return [_answers(config, no_gpu)]
    if not is_foreign(config) and (wanted == "docker" or (wanted in ("", "none") and not no_gpu)):
        needs = checks(config)
        return [*needs, _answers(config, no_gpu)] if wanted == "docker" else needs
    if not is_foreign(config) and config.tgi_env.is_file():
        return [*checks(config, {"tgi.env"}), _answers(config, no_gpu)]
    return [_answers(config, no_gpu)]


def _answers(config: Settings, no_gpu: str) -> Check:
    """Whether the model server answers, where there should be one."""
    from assistant.server.record import is_expected
    from assistant.server.state import look

    found = look(config)
    if found.error is None:
        return Check("server", "ok", f"answers at {config.server_url}")
    if found.lives or config.engine == "server" or is_expected(config):
        result: Result = "warning" if found.lives else "failed"
        return Check("server", result, found.error.message, found.error.hint)
    detail = f"none on this machine ({no_gpu}): answers are quotes from the documents"
    return Check("server", "ok", detail)
