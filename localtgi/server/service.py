"""The queue before the model: one answer at a time, the others wait their turn."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

from localtgi.model.language import LanguageModel
from localtgi.server.errors import RequestError, failed, overloaded
from localtgi.server.generation import Generation, Token
from localtgi.server.requests import GenerateRequest, Limits, accept

T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """What is known at the end of an answer."""

    text: str
    finish_reason: str
    tokens: int
    input_length: int


@dataclass(frozen=True)
class Step:
    """A token, counted from 1; the last one brings the answer."""

    index: int
    token: Token
    answer: Answer | None


class Service:
    """Admits requests and runs them one after the other.

    Only one thread ever touches the model. A reader that goes away leaves at most one step behind
    in it, which ends before the first step of the next answer.
    """

    def __init__(self, model: LanguageModel, limits: Limits) -> None:
        self.model = model
        self.limits = limits
        self.waiting = self.running = 0
        self._admitted = 0
        self._turn = asyncio.Lock()
        self._failed = False  # the last step, or the check after it
        self._thread = ThreadPoolExecutor(1, "model")
        self._texts = ThreadPoolExecutor(thread_name_prefix="text")

    async def run(self, request: GenerateRequest) -> AsyncGenerator[Step, None]:
        """The tokens of an answer. Raise RequestError; close the iterator to stop the answer."""
        with self._admission():
            job = await self.aside(lambda: accept(request, self.limits, self.model.encode))
            async with self._turn_in_queue():
                generation = Generation(self.model, job)
                while not generation.finish_reason:
                    token = await self._on_model(generation.step)
                    made, reason, answer = len(generation.tokens), generation.finish_reason, None
                    if reason:
                        answer = Answer(generation.text, reason, made, len(job.prompt))
                    yield Step(made, token, answer)

    async def aside(self, work: Callable[[], T]) -> T:
        """The result of work on a text, which may take seconds, beside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._texts, work)

    async def healthy(self) -> bool:
        """Whether the model works. As TGI: only after a failure is it asked."""
        if self._failed:
            with suppress(RequestError):
                await self._on_model(self.model.check)
        return not self._failed

    async def _on_model(self, work: Callable[[], T]) -> T:
        try:
            result = await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except Exception as error:
            self._failed = True
            raise failed(error) from error
        self._failed = False
        return result

    @asynccontextmanager
    async def _turn_in_queue(self) -> AsyncIterator[None]:
        self.waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self.waiting -= 1
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1
            self._turn.release()

    @contextmanager
    def _admission(self) -> Iterator[None]:
        if self._admitted >= self.limits.max_concurrent_requests:
            raise overloaded()
        self._admitted += 1
        try:
            yield
        finally:
            self._admitted -= 1
