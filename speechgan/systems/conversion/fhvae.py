"""Unpaired, many speakers, by two codes of each segment: one of content, one of the voice."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from speechgan.data.conversion.unpaired import VoiceBatch
from speechgan.models.generators.fhvae import FHVAE
from speechgan.models.layers.normal import draw_code, kl_divergence, negative_log_likelihood
from speechgan.systems.base import Step
from speechgan.systems.conversion.base import ConversionSystem


class SegmentBound(ConversionSystem):
    """The discriminative segment variational lower bound (Hsu, Zhang & Glass 2017,
    arXiv:1709.07902); see `FHVAE`. There is no adversary.

    Deliberate differences, besides those of `FHVAE`: a batch has 64 segments instead of 256, as
    many of each speaker; gradients are clipped.

    Args:
        generator: encoders, decoder and a mu2 for each speaker.
        frames: numbers of training frames of each speaker; the prior of a speaker's mu2 counts once
            for all its segments, so each has its share.
        discriminative: weight of classifying the speaker by z2, the paper's alpha.

    Raises:
        ValueError: a generator without the two codes, or a negative weight.
    """

    turns = ("generator",)
    generator: FHVAE

    def __init__(
        self, generator: nn.Module, frames: Sequence[int], discriminative: float = 10.0
    ) -> None:
        super().__init__(generator)
        if not isinstance(generator, FHVAE):
            raise ValueError("this system needs a generator of two codes, such as FHVAE")
        if discriminative < 0:
            raise ValueError(f"discriminative {discriminative}: must be at least 0")
        self.discriminative = discriminative
        # At least 1: in fine-tuning, a speaker of the model may have no recordings.
        segments = torch.tensor(frames) / generator.segment
        self.register_buffer("segments", segments.clamp(min=1), persistent=False)
        self.segments: Tensor

    def losses(self, player: str, step: Step[VoiceBatch]) -> dict[str, Tensor]:
        """`reconstruction`, `prior/z1`, `prior/z2`, `prior/mu2` and `discriminative`.

        In nats per point of the image. The first four add up to the negative of the lower bound.
        """
        batch, model = step.batch, self.generator
        x = split(torch.cat([batch.source, batch.target]), model.segment)
        speaker = torch.cat([batch.source_speaker, batch.target_speaker])
        speaker = speaker.repeat_interleave(len(x) // len(speaker))
        mean2, log_variance2 = model.encode_z2(x)
        z2 = draw_code(mean2, log_variance2)
        mean1, log_variance1 = model.encode_z1(x, z2)
        made, log_variance = model.decode_x(draw_code(mean1, log_variance1), z2, x.shape[1])
        mu2, scores = model.mu2(speaker), model.score_speakers(mean2)
        self.observe("score/speaker/accuracy", (scores.argmax(1) == speaker).float().mean())
        # z2 is normalised by the mean mu2 and the deviation of its prior, so that the prior becomes
        # the standard normal one: the divergence is invariant to such a map of both distributions.
        moved2 = (mean2 - mu2) / model.deviation
        stretched2 = log_variance2 - 2 * math.log(model.deviation)
        prior = negative_log_likelihood(mu2, torch.zeros_like(mu2), torch.zeros_like(mu2))
        terms = {
            "reconstruction": negative_log_likelihood(x, made, log_variance).mean(),
            "prior/z1": kl_divergence(mean1, log_variance1),
            "prior/z2": kl_divergence(moved2, stretched2),
            "prior/mu2": (prior / self.segments[speaker]).mean(),
            "discriminative": self.discriminative * cross_entropy(scores, speaker),
        }
        return {name: term / x[0].numel() for name, term in terms.items()}


def split(image: Tensor, length: int) -> Tensor:
    """Crops `(batch, 1, bin, frame)` to consecutive segments, `(segment, frame, bin)`.

    An incomplete segment at the end of a crop is dropped; a shorter crop is a segment itself.
    """
    length = min(length, image.shape[-1])
    whole = image[:, 0, :, : image.shape[-1] // length * length]
    return whole.mT.unflatten(1, (-1, length)).flatten(0, 1)
