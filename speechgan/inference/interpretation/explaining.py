"""Explains a discriminator's scores of enhanced speech by saliency maps.

A score is the mean of a head's patches, as a function of the enhanced magnitudes. Its gradient
(Simonyan et al. 2014, arXiv:1312.6034) shows where a small change would change it. Integrated
gradients (Sundararajan et al. 2017, arXiv:1703.01365) attribute the difference to a baseline, the
score of the noisy recording in place of the enhanced one.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from speechgan.features.signal import Signal
from speechgan.features.stft import Stft, magnitude
from speechgan.inference.interpretation.trainings import load_discriminator
from speechgan.models.discriminators.spectrogram import TwoHeadedDiscriminator
from speechgan.pretrained.build import build_part
from speechgan.systems.enhancement.supervised import level_gain
from speechgan.utils.errors import SpeechganError

# Steps of integration: the sum of all attributions is then within a percent or two of the
# difference of scores.
STEPS = 64
# Shortest recording, in seconds: less may be less than a patch.
SHORTEST = 0.5
# Longest one, in seconds: of more a picture shows nothing.
LONGEST = 30.0


@dataclass(frozen=True)
class Explanation:
    """The explanation of one head's score.

    Attributes:
        head: its name.
        noisy, enhanced: scores of the noisy recording in place of the enhanced one, and of that.
        patches: scores of the enhanced one's patches, each at all its points.
        saliency: absolute gradient of the enhanced one's score.
        attribution: contribution of each point to `enhanced - noisy`, which is about their sum.

    All maps are `(frequency, frame)`.
    """

    head: str
    noisy: float
    enhanced: float
    patches: np.ndarray
    saliency: np.ndarray
    attribution: np.ndarray


class Explainer:
    """Explains the scores of a discriminator with two heads.

    Args:
        discriminator: in evaluation mode.
        features: wave to image, as in its training.
        sample_rate: in Hz.
    """

    def __init__(
        self, discriminator: TwoHeadedDiscriminator, features: Stft, sample_rate: int
    ) -> None:
        self.discriminator, self.features = discriminator, features
        self.sample_rate = sample_rate

    @classmethod
    def from_training(cls, name: str | os.PathLike[str]) -> "Explainer":
        """The explainer of a training's discriminator, from the training's folder.

        Raises:
            SpeechganError: see `load_discriminator`.
        """
        remedy = (
            "a training of train enhance with discriminator=two_headed, such as system=balanced"
        )
        config, network = load_discriminator(name, TwoHeadedDiscriminator, remedy)
        features = build_part(Path(name), config, "features")
        return cls(network, features, config["sample_rate"])

    @torch.no_grad()
    def look(self, noisy: np.ndarray, enhanced: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Compressed magnitudes `(frequency, frame)` of two waves `(sample,)`, with the same gain.

        Raises:
            SpeechganError: waves of different lengths, or too short or too long.
        """
        if len(noisy) != len(enhanced):
            raise SpeechganError(
                f"{len(noisy)} noisy and {len(enhanced)} enhanced samples: must be as many"
            )
        seconds = len(noisy) / self.sample_rate
        if not SHORTEST <= seconds <= LONGEST:
            raise SpeechganError(f"{seconds:.1f} s: must be {SHORTEST} to {LONGEST:.0f} s")
        waves = torch.from_numpy(np.stack([noisy, enhanced]).astype(np.float32))
        images = magnitude(self.features(waves * level_gain(waves[:1])))[:, 0].numpy()
        least = self.discriminator.clarity.stride
        if images.shape[2] < least:
            shortest = least * self.features.hop_length / self.sample_rate
            raise SpeechganError(
                f"{seconds:.1f} s: this discriminator needs {shortest:.1f} s or more"
            )
        return images[0], images[1]

    def explain(self, noisy: np.ndarray, enhanced: np.ndarray) -> list[Explanation]:
        """One explanation for each head, from the magnitudes of `look`."""
        before, after = (torch.from_numpy(x)[None, None] for x in (noisy, enhanced))
        found = []
        for head in self.discriminator.heads:
            _, start = self._slope(head, before, before)
            slope, patches = self._slope(head, before, after)
            shares = (torch.arange(STEPS) + 0.5) / STEPS
            slopes = [self._slope(head, before, before.lerp(after, s))[0] for s in shares]
            attribution = (after - before) * torch.stack(slopes).mean(0)
            found.append(
                Explanation(
                    head,
                    start.mean().item(),
                    patches.mean().item(),
                    spread(patches[0, 0].numpy(), after.shape[2:]),
                    slope.abs()[0, 0].numpy(),
                    attribution[0, 0].numpy(),
                )
            )
        return found

    def _slope(self, head: str, condition: Tensor, candidate: Tensor) -> tuple[Tensor, Tensor]:
        """Gradient of a head's score by the candidate's magnitudes, and the patches' scores."""
        seen = candidate.clone().requires_grad_()
        scores = self.discriminator(_show(condition), _show(seen))[head]
        [slope] = torch.autograd.grad(scores.mean(), seen)
        return slope, scores.detach()


def _show(size: Tensor) -> Signal:
    """Magnitudes `(1, 1, frequency, frame)` as a signal of phase 0, as only they are used."""
    return Signal(size.new_zeros(1, 0), torch.cat([size, torch.zeros_like(size)], 1))


def spread(patches: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Repeats patch scores `(row, column)` over the points of the image, `(frequency, frame)`.

    Points at the ends that do not fill a patch get the last one's score.
    """
    stride = shape[0] // patches.shape[0]
    rows, columns = (
        np.minimum(np.arange(size) // stride, count - 1)
        for size, count in zip(shape, patches.shape, strict=True)
    )
    wide: np.ndarray = patches[rows][:, columns]
    return wide
