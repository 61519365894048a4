"""opsctl train: from a data set to an adapter that the model server applies."""

import typer

from opsctl.commands.train.compare import compare
from opsctl.commands.train.plot import plot
from opsctl.commands.train.prepare import prepare
from opsctl.commands.train.publish import publish
from opsctl.commands.train.run import run
from opsctl.commands.train.use import use

app = typer.Typer(
    help="Fine-tune an adapter: prepare the rows, run, look at it, compare, publish, use.",
    rich_markup_mode=None,
    no_args_is_help=True,
)
app.command()(prepare)
app.command()(run)
app.command()(plot)
app.command()(compare)
app.command()(publish)
app.command()(use)
