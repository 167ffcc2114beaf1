"""The baseline: closeness to the clean signal, no adversary."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from speechgan.data.enhancement.batch import PairedBatch
from speechgan.features.signal import Signal
from speechgan.features.stft import Stft
from speechgan.losses.closeness import choose_terms, weigh_terms
from speechgan.systems.base import System

# Root mean square of what a generator is given: -26 dBFS, where speech lies in telephony.
LEVEL = 0.05


@dataclass(frozen=True)
class Enhancement:
    """What an enhancement system returns.

    Attributes:
        wave: `(batch, sample)`, at the level of the input.
    """

    wave: Tensor


class Supervised(System):
    """A generator from noisy to clean that is told how close it came.

    Every item is brought to the same level first, so that quiet recordings count as much as loud
    ones.

    Args:
        features: wave to image and back.
        generator: network that reads `wave` or `image`, as its attribute `reads` says.
        closeness: weight of each term, by its name in `speechgan.losses.closeness.CLOSENESS`.
    """

    turns: tuple[str, ...] = ("generator",)

    def __init__(
        self, features: Stft, generator: nn.Module, closeness: Mapping[str, float]
    ) -> None:
        super().__init__()
        self.features, self.generator = features, generator
        self.closeness = choose_terms(closeness)

    def players(self) -> dict[str, Iterable[nn.Parameter]]:
        return {"generator": self.generator.parameters()}

    def losses(self, player: str, batch: PairedBatch, in_play: frozenset[str]) -> dict[str, Tensor]:
        noisy, clean = self.signals(batch)
        return self.closeness_terms(self.generate(noisy), clean)

    def infer(self, batch: PairedBatch) -> Enhancement:
        gain = level_gain(batch.noisy)
        wave = batch.noisy * gain
        return Enhancement(self.generate(Signal(wave, self.features(wave))).wave / gain)

    def signals(self, batch: PairedBatch) -> tuple[Signal, Signal]:
        """Noisy and clean at the common level."""
        gain = level_gain(batch.noisy)
        noisy, clean = batch.noisy * gain, batch.clean * gain
        return Signal(noisy, self.features(noisy)), Signal(clean, self.features(clean))

    def generate(self, noisy: Signal) -> Signal:
        """The generator's answer, as an image and as a wave, whichever of them it makes itself."""
        if self.generator.reads == "wave":
            wave = self.generator(noisy.wave)
            return Signal(wave, self.features(wave))
        image = self.generator(noisy.image)
        return Signal(self.features.inverse(image, noisy.wave.shape[-1]), image)

    def closeness_terms(self, enhanced: Signal, clean: Signal) -> dict[str, Tensor]:
        """Weighted terms by name."""
        return weigh_terms(self.closeness, enhanced, clean)


def level_gain(wave: Tensor) -> Tensor:
    """Gain `(batch, 1)` that brings each wave to `LEVEL`; silence is left as it is."""
    level = wave.square().mean(-1, keepdim=True).sqrt()
    return torch.where(level > 0, LEVEL / level.clamp(min=1e-12), 1.0)
