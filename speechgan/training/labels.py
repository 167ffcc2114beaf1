"""Measured quality as labels for a metric critic, found beside the training."""

import os
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache

import torch
from torch import Tensor

from speechgan.metrics.intrusive import normalised_pesq
from speechgan.training.processes import count_neighbours
from speechgan.utils.errors import SpeechganError
from speechgan.utils.ranges import require_whole
from speechgan.utils.workers import start_workers

SAMPLE_RATE = 16000


class QualityLabels:
    """A queue of candidates whose PESQ is being measured by worker processes.

    `ask` hands candidates over and returns at once; `take` returns those of `delay` calls ago. The
    delay is counted in calls, not seconds, so that a training run gives the same weights however
    busy the machine is: only a label that is later than that is waited for.

    Args:
        items: how many items of a batch are measured, from its start. Of the last of several the
            noisy wave is measured, not the enhanced one, so that the critic knows poor signals too.
        delay: calls between asking and taking.
        sample_rate: 16000; PESQ has no other wide-band rate.

    Raises:
        ValueError: another rate, no items, or a negative delay.
    """

    def __init__(self, items: int = 4, delay: int = 4, sample_rate: int = SAMPLE_RATE) -> None:
        if sample_rate != SAMPLE_RATE:
            raise ValueError(
                f"sample_rate={sample_rate}: PESQ needs {SAMPLE_RATE}; train without it, "
                "system.judges.metric=null"
            )
        self.items, self.delay = items, delay
        require_whole("labels.", self, {"items": 1, "delay": 0})
        self.queue: deque[tuple[Tensor, Tensor, list[Future[float]]]] = deque()

    def ask(self, clean: Tensor, enhanced: Tensor, noisy: Tensor) -> None:
        """Hands over waves `(batch, sample)`."""
        count = min(self.items, len(clean))
        made = max(1, count - 1)
        candidate = torch.cat([enhanced[:made], noisy[made:count]])
        self._submit(clean[:count].detach().cpu(), candidate.detach().cpu())

    def take(self) -> tuple[Tensor, Tensor, Tensor] | None:
        """Clean and candidate waves with their PESQ `(item,)`, 0..1, NaN where none exists.

        None while nothing is old enough.
        """
        if len(self.queue) <= self.delay:
            return None
        clean, candidate, futures = self.queue.popleft()
        return clean, candidate, torch.tensor(_wait(clean, candidate, futures))

    def pending(self) -> list[list[Tensor]]:
        """What has been asked and not taken, for a checkpoint."""
        return [[clean, candidate] for clean, candidate, _ in self.queue]

    def restore(self, pending: list[list[Tensor]]) -> None:
        """Asks again for what a checkpoint held."""
        self.queue.clear()
        for clean, candidate in pending:
            self._submit(clean.cpu(), candidate.cpu())

    def _submit(self, clean: Tensor, candidate: Tensor) -> None:
        self.queue.append((clean, candidate, _ask(clean, candidate)))


def measure_pesq(clean: Tensor, candidates: Tensor) -> Tensor:
    """PESQ of waves `(item, sample)` at 16 kHz, `(item,)`, from 0 to 1, NaN where none exists."""
    clean, candidates = clean.detach().cpu(), candidates.detach().cpu()
    return torch.tensor(_wait(clean, candidates, _ask(clean, candidates)))


def _ask(clean: Tensor, candidates: Tensor) -> list[Future[float]]:
    """Submits pairs to the pool, or to a new one where a process of the pool was killed."""
    pairs = list(zip(clean.numpy().copy(), candidates.numpy().copy(), strict=True))
    try:
        return [_pool().submit(normalised_pesq, *pair, SAMPLE_RATE) for pair in pairs]
    except BrokenProcessPool:
        _pool.cache_clear()
        return [_pool().submit(normalised_pesq, *pair, SAMPLE_RATE) for pair in pairs]


def _wait(clean: Tensor, candidates: Tensor, answers: list[Future[float]]) -> list[float]:
    """The scores; if a process of the pool was killed, all pairs are measured once more.

    SIGTERM to all processes of a training ends those of the pool, while the trainer still has a
    step to finish and a state to save.
    """
    for _ in range(2):
        try:
            return [answer.result() for answer in answers]
        except BrokenProcessPool:
            answers = _ask(clean, candidates)
    raise SpeechganError(
        "processes that measure PESQ were killed, perhaps for want of memory; go on with --resume"
    )


@cache
def _pool() -> ProcessPoolExecutor:
    """One pool for the process, of its share of the cores; one is left to the training step."""
    return start_workers(max(1, (os.cpu_count() or 1) // count_neighbours() - 1))
