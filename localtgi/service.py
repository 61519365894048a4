"""The queue before the model: one answer at a time, the others wait their turn."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

from localtgi.errors import RequestError, failed, overloaded
from localtgi.generation import Generation, PromptToken, Token
from localtgi.metrics import Metrics
from localtgi.model import LanguageModel
from localtgi.parameters import GenerateRequest
from localtgi.validation import Job, Limits, accept

T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """What is known at the end of an answer; times in seconds."""

    text: str
    finish_reason: str
    tokens: int
    input_length: int
    seed: int | None
    prefill: list[PromptToken]
    times: dict[str, float]


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
        self.metrics = Metrics()
        self._admitted = 0
        self._turn = asyncio.Lock()
        self._failed = False  # the last step, or the check after it
        self._thread = ThreadPoolExecutor(1, "model")
        self._texts = ThreadPoolExecutor(thread_name_prefix="text")

    async def run(self, request: GenerateRequest) -> AsyncGenerator[Step, None]:
        """The tokens of an answer. Raise RequestError; close the iterator to stop the answer."""
        with self._counted(), self._admission():
            began = time.monotonic()
            job = await self.aside(lambda: accept(request, self.limits, self.model.encode))
            accepted = time.monotonic()
            async with self._turn_in_queue():
                started = time.monotonic()
                generation = Generation(self.model, job)
                while not generation.finish_reason:
                    token = await self._on_model(generation.step)
                    answer = None
                    if generation.finish_reason:
                        ended = time.monotonic()
                        marks = {"validation": accepted - began, "queue": started - accepted}
                        answer = _answer(generation, job, marks | {"inference": ended - started})
                    yield Step(len(generation.tokens), token, answer)

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
        self.metrics.add("tgi_queue_size")
        try:
            await self._turn.acquire()
        finally:
            self.metrics.add("tgi_queue_size", -1)
        self.metrics.add("tgi_batch_current_size")
        try:
            yield
        finally:
            self.metrics.add("tgi_batch_current_size", -1)
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

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Count the request and what becomes of it."""
        self.metrics.add("tgi_request_count")
        try:
            yield
        except Exception as error:
            label = error.label if isinstance(error, RequestError) else "generation"
            self.metrics.add("tgi_request_failure", err=label)
            raise
        except (asyncio.CancelledError, GeneratorExit):
            self.metrics.add("tgi_request_failure", err="dropped")
            raise
        self.metrics.add("tgi_request_success")


def _answer(generation: Generation, job: Job, times: dict[str, float]) -> Answer:
    return Answer(
        text=generation.text,
        finish_reason=generation.finish_reason,
        tokens=len(generation.tokens),
        input_length=len(job.prompt),
        seed=job.seed if job.parameters.samples else None,
        prefill=generation.prefill,
        times=times,
    )
