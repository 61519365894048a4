"""What a machine without a GPU can answer with, told in figures of this machine."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import UserError
from core.settings import Settings
from opsctl.hub import catalog, download
from opsctl.llamacpp.fetch import Candidate, examine
from opsctl.llamacpp.measure import QUESTION, Speed
from opsctl.llamacpp.models import OFFERS, Offer, download_of
from opsctl.terminal import output

HEAD = ("", "answers by", "download", "memory", "first word", "tokens/s")
QUOTES = ("1", "quotes from the documents alone", "-", "-", "at once", "-")


@dataclass(frozen=True)
class Choice:
    """An offer that this machine has the room for."""

    offer: Offer
    candidate: Candidate


def choices(config: Settings) -> list[Choice]:
    """The offers that can be served here; of the others it is said why not."""
    found = []
    for offer in OFFERS:
        try:
            found.append(Choice(offer, examine(config, offer.name)))
        except UserError as error:
            output.note(f"not offered: {offer.about}: {error.message}")
    return found


def show(found: Sequence[Choice], speed: Speed) -> None:
    """Print them as a table, quotes first, with what was measured here."""
    rows = [_row(number, choice, speed) for number, choice in enumerate(found, start=2)]
    output.write_table([HEAD, QUOTES, *rows])
    for number, choice in enumerate(found, start=2):
        licensed = choice.candidate.license or "not told in the file"
        commit = choice.candidate.commit[:10]
        output.write(f"{number}: {choice.offer.name}, commit {commit}, licence: {licensed}")
    output.note(
        f"measured on this machine as it is now; the first word of a question of {QUESTION} tokens"
    )


def take(config: Settings, choice: Choice) -> None:
    """Fetch the model, and its adapter where it has one; their commits are recorded."""
    items = [download_of(choice.offer.name)]
    if choice.offer.adapted:
        items += catalog.chosen(["adapter"])
    for line in download.download(config, items):
        output.note(f"{line.repo}, commit {line.commit[:10]}: {line.result}, {line.folder}")


def _row(number: int, choice: Choice, speed: Speed) -> tuple[str, ...]:
    size = choice.candidate.header.bytes
    return (
        str(number),
        choice.offer.about,
        output.size(size),
        output.size(choice.candidate.fit.bytes),
        f"{speed.first_word(size):.0f} s",
        f"{speed.tokens(size):.1f}",
    )
