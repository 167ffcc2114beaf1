"""The baseline: closeness to the clean signal, no adversary."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from speechgan.audio.level import REFERENCE_LEVEL
from speechgan.data.enhancement.batch import PairedBatch
from speechgan.features.signal import Signal
from speechgan.features.stft import Stft
from speechgan.losses.closeness import Closeness
from speechgan.systems.base import Step, System


@dataclass(frozen=True)
class Enhancement:
    """What an enhancement system returns.

    Attributes:
        wave: `(batch, sample)`, at the level of the input.
    """

    wave: Tensor


class Supervised(System):
    """A generator from noisy to clean, trained by weighted distances to the clean signal.

    Every item is brought to the same level first, so that quiet recordings count as much as loud
    ones.

    Args:
        features: wave to image and back.
        generator: network that reads `wave` or `image`, as its attribute `reads` says.
        closeness: weighted distances to the clean signal.
    """

    turns: tuple[str, ...] = ("generator",)

    def __init__(self, features: Stft, generator: nn.Module, closeness: Closeness) -> None:
        super().__init__()
        self.features, self.generator = features, generator
        self.closeness = closeness

    def losses(self, player: str, step: Step[PairedBatch]) -> dict[str, Tensor]:
        """The generator's terms: `closeness/NAME` for each term of closeness."""
        noisy, clean = self.signals(step)
        terms: dict[str, Tensor] = self.closeness(self.generate(noisy), clean)
        return terms

    def infer(self, batch: PairedBatch) -> Enhancement:
        """The noisy waves of a batch, enhanced; the clean ones are not looked at."""
        gain = level_gain(batch.noisy)
        wave = batch.noisy * gain
        return Enhancement(self.generate(Signal(wave, self.features(wave))).wave / gain)

    def signals(self, step: Step[PairedBatch]) -> tuple[Signal, Signal]:
        """Noisy and clean of the step's batch at the common level, computed once a step."""

        def analyse() -> tuple[Signal, Signal]:
            gain = level_gain(step.batch.noisy)
            noisy, clean = step.batch.noisy * gain, step.batch.clean * gain
            return Signal(noisy, self.features(noisy)), Signal(clean, self.features(clean))

        return step.recall("signals", analyse)

    def generate(self, noisy: Signal) -> Signal:
        """The generator's output, as an image and as a wave, whichever of them it makes itself."""
        if self.generator.reads == "wave":
            wave = self.generator(noisy.wave).float()
            return Signal(wave, self.features(wave))
        return self.hear(self.generator(noisy.image), noisy)

    def hear(self, image: Tensor, noisy: Signal) -> Signal:
        """The signal of an enhanced image, as long as the noisy one."""
        # The inverse STFT needs single precision, whatever precision the network runs in.
        image = image.float()
        return Signal(self.features.inverse(image, noisy.wave.shape[-1]), image)


def level_gain(wave: Tensor) -> Tensor:
    """Gain `(batch, 1)` that brings each wave to the reference level; silence is left as it is."""
    level = wave.square().mean(-1, keepdim=True).sqrt()
    return torch.where(level > 0, REFERENCE_LEVEL / level.clamp(min=1e-12), 1.0)
