"""Held-out recordings, enhanced and measured during training."""

from collections.abc import Iterable
from typing import Any

from speechgan.data.enhancement.batch import PairedBatch
from speechgan.metrics.intrusive import estoi, log_spectral_distance, pesq_wb, si_sdr
from speechgan.training.logging import RunLog
from speechgan.training.processes import count, share
from speechgan.training.validation.measuring import Means, Measure


class EnhancementValidation:
    """ESTOI, SI-SDR, log-spectral distance and at 16 kHz wide-band PESQ of held-out pairs, and how
    the first sound.

    Args:
        pairs: with their names, `(1, sample)` each.
        sample_rate: in hertz; PESQ has no wide-band rate but 16000.
        shown: pairs whose pictures and sounds go to TensorBoard.
    """

    def __init__(
        self, pairs: Iterable[tuple[str, PairedBatch]], sample_rate: int, shown: int = 2
    ) -> None:
        self.pairs, self.sample_rate, self.shown = pairs, sample_rate, shown
        self.measures: dict[str, Measure] = {"pesq": pesq_wb} if sample_rate == 16000 else {}
        self.measures |= {"estoi": estoi, "si_sdr": si_sdr}
        # Measured, but not to be monitored: the least is best.
        self.distances: dict[str, Measure] = {"log_spectral_distance": log_spectral_distance}

    @property
    def figures(self) -> tuple[str, ...]:
        """What can be monitored."""
        return tuple(self.measures)

    def __call__(self, system: Any, log: RunLog | None, step: int) -> dict[str, float]:
        """Means over all pairs, by name."""
        device = next(system.parameters()).device
        means = Means(self.measures | self.distances, self.sample_rate)
        for number, (name, pair) in share(self.pairs):
            enhanced = system.infer(pair.to(device)).wave[0].cpu()
            clean = pair.clean[0]
            # The first process has the log, and its share begins with the first pair.
            if log and number < self.shown * count():
                waves = {"noisy": pair.noisy[0], "enhanced": enhanced, "clean": clean}
                images = {k: system.features(w[None].to(device))[0] for k, w in waves.items()}
                log.signals(step, name, images, waves, self.sample_rate)
            means.add(clean.numpy(), enhanced.numpy())
        return means.take()
