"""opsctl train use: let the server apply an adapter."""

from pathlib import Path
from typing import Annotated

import typer

from core import settings
from core.errors import UsageError, UserError
from core.server_file import ZERO_ADAPTER, local_of
from core.settings import Settings
from opsctl.hub import adapter
from opsctl.hub.adapter import AdapterFacts
from opsctl.server.adapters import check_rank, judge, other_base, place_of
from opsctl.server.folders import shape_of_model
from opsctl.server.local_env import put_adapter_first
from opsctl.terminal import output
from training.model.adapter_files import CONFIG


def use(
    name: Annotated[str, typer.Argument(help="The adapter of a run, or one declared already.")],
) -> None:
    """Let the server apply an adapter first.

    It becomes the first of LORA_ADAPTERS in deploy/tgi.local.env, the one that requests name.
    """
    from training.run.runs import check_name

    loaded = settings.load_with_origins()
    config = loaded.settings
    if name == ZERO_ADAPTER:
        raise UsageError(f"{name} stands for the base model and changes nothing", _choices(config))
    if name not in config.server_file.config.adapters:
        check_name(name)
    folder = _folder(name, config)
    if shape_of_model(config) == (None, None):
        model = config.server_file.config.model_id
        output.note(f"{model} is not here: the adapter was not compared with it")
    facts = judge(name, folder, config)
    check_rank(name, facts)
    _tell_other_base(name, config)
    _bring_zero(folder, facts, config)
    old, new = put_adapter_first(config.server_file, name)
    if old == new:
        output.note(f"{name} is the first adapter of {config.tgi_env} already")
    else:
        output.write(f"- LORA_ADAPTERS={old}" if old else "- no LORA_ADAPTERS")
        output.write(f"+ LORA_ADAPTERS={new}")
        output.note(f"written to {local_of(config.tgi_env)}")
    origin = loaded.origins["adapter"]
    if origin not in ("deploy/tgi.env", "default") and config.adapter != name:
        output.note(f"requests still name {config.adapter}: OPSCTL_ADAPTER is set ({origin})")
    output.note("next: opsctl restart && opsctl verify")


def _folder(name: str, config: Settings) -> Path:
    """Where the adapter is: where it is declared, or where runs put theirs. Raise UserError."""
    trained = config.adapters / name
    folder = place_of(name, config)
    if not folder.is_dir():
        raise UserError(f"there is no adapter {name}: {folder} is not a folder", _choices(config))
    if folder != trained and trained.is_dir():
        raise UserError(
            f"{name} is declared in {config.tgi_env} for {folder}, and {trained} is there too",
            f"give the one in {config.adapters} another name: mv {trained} {trained}-2",
        )
    return folder


def _choices(config: Settings) -> str:
    folders = config.adapters.glob(f"*/{CONFIG}")
    names = sorted(path.parent.name for path in folders)
    real = [name for name in names if name != ZERO_ADAPTER and "--" not in name]
    return f"trained here: {', '.join(real)}" if real else "opsctl train run --name NAME"


def _tell_other_base(name: str, config: Settings) -> None:
    """Say so when a run of this name was trained on another model than the server has."""
    from training.run.runs import Run, run_folder

    run = Run(run_folder(config.state, name))
    if not run.manifest.is_file():
        return
    base = str(run.read_manifest().get("base", ""))
    if told := other_base(name, base, Path(config.server_file.config.model_id).name):
        output.note(told)


def _bring_zero(folder: Path, facts: AdapterFacts, config: Settings) -> None:
    """Write the zero adapter where it is missing, damaged or of another shape."""
    target = place_of(ZERO_ADAPTER, config)
    known = adapter.find(target)
    same = known and known.zero and (known.rank, known.tensors) == (facts.rank, facts.tensors)
    if not same and adapter.write_zero(folder, target):
        output.note(f"the zero adapter was written: {target}")
