"""Whether the vLLM of this machine loads the model: told before a download and before a start."""

from pathlib import Path

from core.errors import UserError
from core.settings import Settings
from opsctl.hub.catalog import chosen
from opsctl.server.folders import find_model
from opsctl.terminal.check import Check
from opsctl.vllm.model import has_act_order, refusal
from opsctl.vllm.program import find_program, version_of


def check(config: Settings) -> Check | None:
    """What `doctor` says of it; None where there is no vLLM, which nobody needs."""
    try:
        program = find_program(config)
    except UserError as error:
        return Check("vllm", "failed", error.message, error.hint)
    if program is None:
        return None
    version = version_of(program)
    found = f"vLLM {version or 'of an unknown version'} at {program}"
    model = config.server_file.values.get("MODEL_ID", "the model")
    if refused := refusal(Path(model).name, _has_act_order(config), version):
        return Check("vllm", "failed", refused.message, refused.hint)
    return Check("vllm", "ok", found)


def _has_act_order(config: Settings) -> bool:
    """By the model's files, or by the name of the branch that would be downloaded."""
    try:
        return has_act_order(Path(find_model(config.server_file.config.model_id, config)))
    except UserError:
        return "actorder_True" in chosen(["model"])[0].revision
