"""A judge that is a metric without a gradient, by policy gradient (REINFORCE)."""

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from speechgan.features.signal import Signal
from speechgan.features.stft import Stft
from speechgan.systems.enhancement.critics import QualityCritic

FLOOR = 1e-4
"""Mean square of a patch of an image below which it counts as silent."""


class Measure(Protocol):
    """Measures the quality of sounds."""

    def __call__(self, clean: Tensor, candidates: Tensor) -> Tensor:
        """Waves `(item, sample)` each to a quality `(item,)` from 0 to 1; NaN where unknown."""
        ...


class PolicyGradient(QualityCritic):
    """Maximises a metric by policy gradient (REINFORCE, Williams 1992), as Koizumi et al. (2018,
    arXiv:1810.09137) do with PESQ.

    The generator's output is the mean of the policy: the levels of patches of its image, in
    decibels, are drawn from normal distributions around its own. The sounds drawn are measured, and
    those that are better than the others of the same item are made more likely.

    Deliberate differences: in the paper the network also predicts the deviation, and the policy is
    over single points of a mask; the baseline of a draw is the mean of the others of the same item
    (Kool, van Hoof & Welling 2019), where theirs is the network's output without noise.

    Args:
        features: image to wave.
        measure: of quality.
        draws: sounds per item, at least two.
        spread: standard deviation of the levels, in decibels.
        patch: its size, in bins and frames.

    Raises:
        ValueError: fewer draws, or no spread.
    """

    def __init__(
        self,
        features: Stft,
        measure: Measure,
        draws: int = 4,
        spread: float = 2.0,
        patch: tuple[int, int] = (16, 8),
    ) -> None:
        super().__init__()
        if draws < 2 or spread <= 0:
            raise ValueError(f"draws {draws}, spread {spread}: must be at least 2, and above 0")
        self.features, self.measure = features, measure
        self.draws, self.spread, self.patch = draws, spread, tuple(patch)

    def shortfall(self, enhanced: Signal, clean: Signal) -> Tensor:
        """A scalar whose gradient estimates that of the mean quality of drawn sounds, negated; its
        value has no meaning."""
        levels = self.levels(enhanced.image)
        with torch.no_grad():
            steps = self.spread * torch.randn(self.draws, *levels.shape, device=levels.device)
            qualities = torch.stack([self._try(step, enhanced, clean) for step in steps])
            known = qualities.isfinite().all(0)
            advantages = torch.where(known, qualities - self.baselines(qualities), 0.0)
        unlikely = (levels.detach() + steps - levels).square().sum((-2, -1)) / (2 * self.spread**2)
        return (advantages * unlikely).mean()

    def levels(self, image: Tensor) -> Tensor:
        """`(batch, 2, frequency, frame)` to its patches' levels in dB, `(batch, band, stretch)`."""
        power = image.square().sum(1, keepdim=True)
        mean = F.avg_pool2d(power, self.patch, ceil_mode=True, count_include_pad=False)[:, 0]
        return 10 / self.features.power * torch.log10(mean + FLOOR)

    @staticmethod
    def baselines(qualities: Tensor) -> Tensor:
        """For each draw the mean of the others, `(draw, item)` to the same."""
        draws = len(qualities)
        return (qualities.sum(0) - qualities) / (draws - 1)

    def _try(self, step: Tensor, enhanced: Signal, clean: Signal) -> Tensor:
        """Quality `(item,)` of the enhanced sounds, levels changed by `(item, band, stretch)`."""
        bins, frames = enhanced.image.shape[-2:]
        gain = 10 ** (step * self.features.power / 20)
        for axis, (size, length) in enumerate(zip(self.patch, (bins, frames), strict=True), 1):
            gain = gain.repeat_interleave(size, axis).narrow(axis, 0, length)
        image = enhanced.image * gain[:, None]
        wave = self.features.inverse(image, enhanced.wave.shape[-1])
        return self.measure(clean.wave, wave).to(wave.device)
