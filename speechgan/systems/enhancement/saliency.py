"""Which points of a noisy spectrogram are speech: a map, predicted with or without an adversary."""

from typing import Any

from torch import Tensor

from speechgan.data.enhancement.batch import PairedBatch
from speechgan.features.ratio_mask import ideal_ratio_mask
from speechgan.features.signal import Signal
from speechgan.models.generators.saliency_unet import SaliencyUNet
from speechgan.systems.base import Step
from speechgan.systems.enhancement.balanced import BalancedGAN
from speechgan.systems.enhancement.supervised import Supervised


class Saliency(Supervised):
    """`Supervised`, trained by the distance of the predicted map from the ideal ratio mask.

    The `image` of a signal is here a map: the ideal mask for the clean signal, the predicted one
    for the generated signal, whose wave is the noisy one with the map as a gain.

    Args:
        settings: of `Supervised`; terms of closeness compare maps.

    Raises:
        ValueError: a generator that draws no map.
    """

    generator: SaliencyUNet

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        if not hasattr(self.generator, "draw_map"):
            kind = type(self.generator).__name__
            raise ValueError(f"{kind} draws no map; set generator=saliency_unet")

    def signals(self, step: Step[PairedBatch]) -> tuple[Signal, Signal]:
        """Noisy signal with its image, clean signal with the ideal ratio mask."""
        noisy, clean = super().signals(step)

        def mask() -> Tensor:
            return ideal_ratio_mask(clean.wave, noisy.wave, self.features)

        return noisy, Signal(clean.wave, step.recall("ideal_ratio_mask", mask))

    def generate(self, noisy: Signal) -> Signal:
        """The predicted map, and the noisy wave with it as a gain."""
        saliency = self.generator.draw_map(noisy.image)
        image = self.generator.weigh(saliency, noisy.image)
        return Signal(self.features.inverse(image, noisy.wave.shape[-1]), saliency)


class JudgedSaliency(Saliency, BalancedGAN):
    """`Saliency` against a discriminator of pairs: SalGAN (Pan et al. 2017, arXiv:1701.01081).

    The discriminator is shown the noisy image with its ideal map, with the predicted one, and with
    the ideal map of another item. Deliberate differences: mismatched pairs, and an adversarial
    weight that adapts to the gradients, where SalGAN's is fixed.

    Args:
        settings: of `BalancedGAN`.
    """
