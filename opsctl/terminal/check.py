"""What a check found, for `doctor`, `setup` and `start`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from core.errors import UserError
from core.settings import Settings

Result = Literal["ok", "warning", "failed"]


@dataclass(frozen=True)
class Check:
    """One finding: what was looked at, how it is, what was seen, and the command that mends it."""

    name: str
    result: Result
    detail: str
    fix: str = ""


def guarded(name: str, probe: Callable[[Settings], Check], config: Settings) -> Check:
    """Make a check; one that raises has failed."""
    try:
        return probe(config)
    except UserError as error:
        return Check(name, "failed", error.message, error.hint)
    except OSError as error:
        return Check(name, "failed", str(error))


def raise_first(found: Sequence[Check]) -> None:
    """Raise the first failed check as a UserError."""
    for check in found:
        if check.result == "failed":
            raise UserError(f"{check.name}: {check.detail}", check.fix)
