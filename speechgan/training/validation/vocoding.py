"""Held-out recordings, taken apart and put together again during training."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from speechgan.data.waves import WaveBatch
from speechgan.metrics.intrusive import estoi, pesq_wb
from speechgan.training.logging import RunLog
from speechgan.training.processes import count, share
from speechgan.training.validation.measuring import Means, Measure


class VocoderValidation:
    """ESTOI and at 16 kHz wide-band PESQ of held-out recordings that went there and back.

    Args:
        waves: `(sample,)` each.
        sample_rate: in hertz; PESQ has no wide-band rate but 16000.
        shown: recordings whose pictures and sounds go to TensorBoard.
    """

    def __init__(self, waves: Sequence[np.ndarray], sample_rate: int, shown: int = 2) -> None:
        self.waves, self.sample_rate, self.shown = waves, sample_rate, shown
        self.measures: dict[str, Measure] = {"pesq": pesq_wb} if sample_rate == 16000 else {}
        self.measures |= {"estoi": estoi}

    @property
    def figures(self) -> tuple[str, ...]:
        """What can be monitored."""
        return tuple(self.measures)

    def __call__(self, system: Any, log: RunLog | None, step: int) -> dict[str, float]:
        """Means over all recordings, by the names of `figures`."""
        device = next(system.parameters()).device
        means = Means(self.measures, self.sample_rate)
        for number, wave in share(self.waves):
            real = torch.from_numpy(wave)
            made = system.infer(WaveBatch(real[None].to(device)))[0].cpu()
            # The first process has the log, and its share begins with the first recording.
            if log and number < self.shown * count():
                waves = {"real": real, "generated": made}
                images = {k: system.features.mel(w[None].to(device))[0] for k, w in waves.items()}
                log.signals(step, f"recording {number}", images, waves, self.sample_rate)
            means.add(wave, made.numpy())
        return means.take()
