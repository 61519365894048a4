"""What is installed only with the extra `train`."""

from importlib import import_module
from types import ModuleType

from indexer.errors import UserError

INSTALL = 'pip install -e ".[train]"'


def need(module: str) -> ModuleType:
    """Import a module of the extra; raise UserError with the command that installs it."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise
        raise UserError(f"training needs {error.name}, which is not installed", INSTALL) from error
