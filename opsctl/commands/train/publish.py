"""opsctl train publish: put the adapter of a run on the Hub, with its model card."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from core import settings
from core.errors import UserError
from core.settings import Settings
from opsctl.terminal import output

if TYPE_CHECKING:
    from training.run.runs import Run

CARD = "README.md"


def publish(
    name: Annotated[str, typer.Argument(help="The run.")],
    repo: Annotated[str, typer.Option("--repo", metavar="OWNER/NAME", help="Where to.")],
    private: Annotated[
        bool, typer.Option("--private", help="A new repository is for its owner only.")
    ] = False,
    license: Annotated[
        str, typer.Option("--license", help="As the Hub names it; Mistral's own by default.")
    ] = "apache-2.0",
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it nothing is sent.")] = False,
) -> None:
    """Show what would be published, or do it.

    With --yes the adapter goes to the Hub with a model card; without it nothing is sent.
    """
    from opsctl.hub.publish import check_repo, upload
    from training.run.runs import Run, run_folder

    check_repo(repo)
    config = settings.load()
    run = Run(run_folder(config.state, name))
    manifest = run.read_manifest()
    paths = _paths(run, manifest, config.adapters / name)
    card = _card(run, manifest, repo, license)
    total = output.size(len(card.encode()) + sum(path.stat().st_size for path in paths.values()))
    if yes:
        output.note(f"uploading {len(paths) + 1} files, {total}, to {config.hf_endpoint}/{repo}")
        files: dict[str, Path | bytes] = {**paths, CARD: card.encode()}
        output.write(upload(config.hf_endpoint, config.hf_token, repo, files, private))
        return
    sizes = {name: path.stat().st_size for name, path in paths.items()} | {CARD: len(card.encode())}
    output.write_table([("file", "size"), *((name, output.size(n)) for name, n in sizes.items())])
    output.write(f"\n{card}")
    output.note(_promise(repo, private, total, config))


def _paths(run: "Run", manifest: dict[str, Any], adapter: Path) -> dict[str, Path]:
    """The run's own files by their names on the Hub. Raises UserError when one is not there."""
    from training.model.adapter_files import CONFIG, WEIGHTS
    from training.run.results import own_adapter

    folder = own_adapter(run, manifest, adapter)
    if not run.picture.is_file():
        raise UserError(f"there is no {run.picture}", f"opsctl train plot {run.name}")
    paths = {name: folder / name for name in (CONFIG, WEIGHTS)} | {run.picture.name: run.picture}
    return paths


def _card(run: "Run", manifest: dict[str, Any], repo: str, license: str) -> str:
    from training.data.rows import Row
    from training.model.encode import prompt_text
    from training.model_card import Facts, model_card
    from training.run.results import comparison_of, report_of

    template = prompt_text(Row("{question}", "{passage}", ""))
    report, comparison = report_of(manifest), comparison_of(run, manifest)
    if report is None:
        output.note("the rows were prepared again after the run: the card says nothing about them")
    if comparison is None:
        output.note(f"the card compares nothing: opsctl train compare {run.name}")
    events = run.read_log()
    return model_card(
        Facts(run.name, repo, license, template, manifest, report, events, comparison)
    )


def _promise(repo: str, private: bool, total: str, config: Settings) -> str:
    kind = "private" if private else "public"
    host = urlsplit(config.hf_endpoint).netloc
    token = "" if config.hf_token else "; it will need a token: HF_TOKEN is not set"
    return (
        f"nothing was sent. --yes makes the {kind} repository {repo} on {host}, unless it exists,"
        f" and uploads these files, {total}, in one commit{token}"
    )
