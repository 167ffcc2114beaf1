"""Held-out recordings, enhanced and measured during training."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pesq
import torch
from pystoi import stoi

from speechgan.data.batch import PairedBatch
from speechgan.data.mixing import Mixtures
from speechgan.data.paired import PairStore
from speechgan.losses.metric import si_sdr
from speechgan.systems.base import System
from speechgan.training.logging import RunLog


class EnhancementValidation:
    """Wide-band PESQ, ESTOI and SI-SDR of held-out pairs, and how the first of them sound.

    Args:
        pairs: recorded pairs, or mixtures of which the first `items` are used.
        sample_rate: 16000; PESQ has no other wide-band rate.
        items: mixtures to use.
        shown: pairs whose pictures and sounds go to TensorBoard.
    """

    def __init__(
        self, pairs: PairStore | Mixtures, sample_rate: int, items: int = 40, shown: int = 2
    ) -> None:
        self.pairs, self.sample_rate, self.items, self.shown = pairs, sample_rate, items, shown

    def __call__(self, system: Any, log: RunLog, step: int) -> dict[str, float]:
        device = next(system.parameters()).device
        scores: dict[str, list[float]] = {"pesq": [], "estoi": [], "si_sdr": []}
        for number, (name, pair) in enumerate(self._each()):
            enhanced = system.infer(pair.to(device)).wave[0].cpu()
            clean = pair.clean[0]
            if number < self.shown:
                waves = {"noisy": pair.noisy[0], "enhanced": enhanced, "clean": clean}
                images = {k: system.features(w[None].to(device))[0] for k, w in waves.items()}
                log.signals(step, name, images, waves, self.sample_rate)
            scores["si_sdr"].append(si_sdr(enhanced[None], clean[None]).item())
            reference, output = clean.numpy(), enhanced.numpy()
            if not np.isfinite(output).all():
                continue
            scores["estoi"].append(float(stoi(reference, output, self.sample_rate, extended=True)))
            try:
                scores["pesq"].append(pesq.pesq(self.sample_rate, reference, output, "wb"))
            except (pesq.NoUtterancesError, ValueError, ZeroDivisionError):
                continue
        return {k: float(np.mean(v)) if v else 0.0 for k, v in scores.items()}

    def _each(self) -> Iterator[tuple[str, PairedBatch]]:
        if isinstance(self.pairs, PairStore):
            yield from self.pairs
        else:
            for number in range(self.items):
                yield f"mixture {number}", self.pairs[number]
