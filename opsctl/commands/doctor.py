"""opsctl doctor: look at everything that could be wrong, and name the fix."""

import dataclasses
from typing import Annotated

import typer

from core import settings
from core.setting_values import shown
from core.settings import Loaded
from core.text import printable
from opsctl.terminal import output
from opsctl.terminal.options import Json


def doctor(
    show_settings: Annotated[
        bool, typer.Option("--settings", help="Show every setting, its value and its origin.")
    ] = False,
    json: Json = False,
) -> None:
    """Check the installation, the documents and the index; exit 1 if a check failed."""
    from opsctl.doctor.checks import run_checks

    loaded = settings.load_with_origins()
    if show_settings:
        _show_settings(loaded, json)
        return
    checks = run_checks(loaded)
    if json:
        output.write_json([dataclasses.asdict(check) for check in checks])
    else:
        for check in checks:
            output.tell(f"{check.result:8} {check.name:10} {printable(check.detail)}")
            if check.fix:
                output.tell(f"{'':19} fix: {check.fix}")
    if any(check.result == "failed" for check in checks):
        raise typer.Exit(1)


def _show_settings(loaded: Loaded, json: bool) -> None:
    rows = [
        (
            settings.PREFIX + item.name.upper(),
            shown(item, getattr(loaded.settings, item.name)),
            loaded.origins[item.name],
        )
        for item in dataclasses.fields(loaded.settings)
    ]
    if json:
        keys = ("name", "value", "origin")
        output.write_json([dict(zip(keys, row, strict=True)) for row in rows])
    else:
        output.write_table([("name", "value", "origin"), *rows])
