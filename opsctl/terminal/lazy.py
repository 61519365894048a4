"""A group of commands that are imported when they are called, and not to list or complete them.

`help COMMAND` is `COMMAND --help`.
"""

import re
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


def lazy_group(
    package: str, commands: Mapping[str, tuple[str, str]], **settings: Any
) -> typer.Typer:
    """An application of commands, each ("module:attribute" in the package, a line that lists it).

    The attribute is the command's function, or an application of its own.
    """

    class Group(TyperGroup):
        def resolve_command(self, ctx: Any, args: list[str]) -> Any:
            if args == ["help"]:
                typer.echo(ctx.get_help())
                ctx.exit()
            if args[0] == "help":
                args = [*args[1:], "--help"]
            name, _, rest = super().resolve_command(ctx, args)
            return name, name and _load(name, f"{package}.{commands[name][0]}"), rest

    app = typer.Typer(cls=Group, rich_markup_mode=None, no_args_is_help=True, **settings)
    for name, (_, line) in commands.items():
        app.command(name, short_help=line)(_nothing)
    return app


class _Command(TyperCommand):
    """Takes a number below zero, such as the id of a group, for no option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.ignore_unknown_options = any(re.fullmatch(r"-\d+", arg) for arg in args)
        return super().parse_args(ctx, args)


def _nothing() -> None:
    """Stands for a command that is not imported yet."""


def _load(name: str, place: str) -> Any:
    module, _, attribute = place.partition(":")
    found: typer.Typer | Callable[..., None] = getattr(import_module(module), attribute)
    if not isinstance(found, typer.Typer):
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(name, cls=_Command)(found)
        found = alone
    command = typer.main.get_command(found)
    command.name = name
    return command
