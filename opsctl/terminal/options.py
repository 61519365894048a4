"""Options that several commands share."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
JsonLines = Annotated[bool, typer.Option("--json", help="Print a line of JSON an answer.")]
EngineName = Annotated[
    str | None,
    typer.Option("--engine", help="Who answers: auto, server or extractive.", show_default=False),
]
