"""Held-out recordings, enhanced and measured during training."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from speechgan.data.enhancement.batch import PairedBatch
from speechgan.data.enhancement.mixing import Mixtures
from speechgan.data.enhancement.paired import PairStore
from speechgan.metrics.intrusive import estoi, pesq_wb, si_sdr
from speechgan.training.logging import RunLog
from speechgan.utils.errors import UnmeasurableError

MEASURES = {"pesq": pesq_wb, "estoi": estoi, "si_sdr": si_sdr}


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
        scores: dict[str, list[float]] = {name: [] for name in MEASURES}
        for number, (name, pair) in enumerate(self._each()):
            enhanced = system.infer(pair.to(device)).wave[0].cpu()
            clean = pair.clean[0]
            if number < self.shown:
                waves = {"noisy": pair.noisy[0], "enhanced": enhanced, "clean": clean}
                images = {k: system.features(w[None].to(device))[0] for k, w in waves.items()}
                log.signals(step, name, images, waves, self.sample_rate)
            for score, measure in MEASURES.items():
                try:
                    scores[score].append(measure(clean.numpy(), enhanced.numpy(), self.sample_rate))
                except UnmeasurableError:  # silence, or an output that is not finite yet
                    continue
        return {k: float(np.mean(v)) if v else 0.0 for k, v in scores.items()}

    def _each(self) -> Iterator[tuple[str, PairedBatch]]:
        if isinstance(self.pairs, PairStore):
            yield from self.pairs
        else:
            for number in range(self.items):
                yield f"mixture {number}", self.pairs[number]
