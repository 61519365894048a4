"""Proves that llama.cpp's server applies the adapter to whom it should, and to nobody else.

It takes an unknown number for the base model, and what another adapter has read of a prompt for
its own: out of the slot where a request names no adapter, out of the RAM cache always. All of it
is answered with 200 and wrong words, so the words are compared.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from opsctl.llamacpp import convert, header
from opsctl.llamacpp.asking import LlamaServer, Loaded, Said
from opsctl.server.proof import LONG_TOKENS, PASSAGE, PROMPTS, TOLERANCE, Step

TOKENS = 6
BASE, ADAPTER = 0.0, 1.0  # the scales
# Tokens that are read in a row, or beside those of others, are rounded otherwise than alone.
LOOSE = 2 * TOLERANCE
ROUNDS = (ADAPTER, BASE, BASE, ADAPTER)


@dataclass(frozen=True)
class Probe:
    """A prompt, and what is answered to it out of no cache, by the base and with the adapter."""

    prompt: tuple[int, ...]
    base: Said
    adapted: Said

    def at(self, scale: float) -> Said:
        """The beginning of the answer at a scale."""
        return (self.adapted if scale else self.base).part(0, TOKENS)

    def differs(self) -> bool:
        return self.adapted.differs(self.base, TOLERANCE)


async def prove(
    server: LlamaServer, adapter: str, folder: Path | None, model: Path, *, whole: bool
) -> AsyncIterator[Step]:
    """Yield the steps, the cheap ones first; stops at the first that fails.

    `folder` holds the adapter as peft wrote it, `model` is the file that the server has loaded.
    """
    known = await server.adapters()
    if adapter not in known:
        has = ", ".join(known) or "none"
        sentence = f"the server has no adapter {adapter} (it has: {has}) and answers as the base"
        yield Step("loaded", "failed", sentence)
        return
    found = known[adapter]
    yield (file := _compare_file(found, folder, model))
    if file.result == "failed":
        return
    probes = await _probes(server, found)
    yield (differs := _compare(adapter, probes))
    if differs.result == "failed" or not whole:
        return
    for step in (_decoding, _alternating, _at_once):
        yield (told := await step(server, found, probes))
        if told.result == "failed":
            return


def _compare_file(found: Loaded, folder: Path | None, model: Path) -> Step:
    if folder is None or not folder.is_dir():
        return Step("file", "skipped", f"peft's files are not here to compare {found.path} with")
    if convert.is_made_from(folder, header.read(model), found.path):
        return Step("file", "ok", f"{found.path.name} is made of {folder} for {model.name}")
    sentence = f"the server's {found.path} is not what {folder} gives for {model.name}"
    return Step("file", "failed", f"{sentence}: its answers are wrong")


async def _probes(server: LlamaServer, found: Loaded) -> list[Probe]:
    """The answers to compare with; a longer one where the short ones do not differ."""
    short = [await _probe(server, found, text, TOKENS) for text in PROMPTS]
    if any(probe.differs() for probe in short):
        return short
    return [await _probe(server, found, f"{PASSAGE} {PROMPTS[0]}", LONG_TOKENS), *short]


async def _probe(server: LlamaServer, found: Loaded, text: str, tokens: int) -> Probe:
    prompt = await server.tokenize(f"[INST] {text} [/INST]")
    base, adapted = [
        await server.write(prompt, tokens, found.id, scale, fresh=True) for scale in (BASE, ADAPTER)
    ]
    return Probe(tuple(prompt), base, adapted)


def _compare(adapter: str, probes: Sequence[Probe]) -> Step:
    if any(probe.differs() for probe in probes):
        return Step("differs", "ok", f"{adapter} and the base model answer differently")
    sentence = f"the server answers as the base model: {adapter} changes nothing"
    return Step("differs", "failed", sentence)


async def _decoding(server: LlamaServer, found: Loaded, probes: Sequence[Probe]) -> Step:
    """Compare tokens that were decoded with the same ones when the text before them is read."""
    for probe in probes:
        place = min(len(probe.adapted.tokens), TOKENS) - 1
        read = (*probe.prompt, *probe.adapted.tokens[:place])
        again = await server.write(read, 1, found.id, ADAPTER, fresh=True)
        if again.differs(probe.adapted.part(place, place + 1), LOOSE):
            return Step(
                "decoding", "failed", "a later token of the adapter's answer is not its own"
            )
    return Step("decoding", "ok", "later tokens carry the adapter too")


async def _alternating(server: LlamaServer, found: Loaded, probes: Sequence[Probe]) -> Step:
    """Ask as people do, with the caches, prompts and scales in turn, and push each prompt out of
    its slot in between."""
    others = [(first, *probes[0].prompt[::-1]) for first in range(3, 4 + await server.slots())]
    for scale in ROUNDS:
        for probe in probes:
            said = await server.write(probe.prompt, TOKENS, found.id, scale, fresh=False)
            if said.differs(probe.at(scale), LOOSE):
                return Step("alternating", "failed", _mixed(scale))
            for other in others:
                await server.write(other, 1, found.id, ADAPTER - scale, fresh=False)
    return Step("alternating", "ok", "base and adapter in turn answer as each does alone")


async def _at_once(server: LlamaServer, found: Loaded, probes: Sequence[Probe]) -> Step:
    asked = [(probe, scale) for scale in ROUNDS for probe in probes]
    answers = (
        server.write(probe.prompt, TOKENS, found.id, scale, fresh=False) for probe, scale in asked
    )
    for (probe, scale), said in zip(asked, await asyncio.gather(*answers), strict=True):
        if said.differs(probe.at(scale), LOOSE):
            return Step("at once", "failed", _mixed(scale))
    return Step("at once", "ok", f"{len(asked)} questions to both at once, each answered as alone")


def _mixed(scale: float) -> str:
    who = "the adapter" if scale else "the base model"
    return f"a question to {who} is answered out of what the other has read: a cache mixes them"
