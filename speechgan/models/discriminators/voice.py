"""A discriminator of voices at several resolutions of time, conditioned on the speaker."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from speechgan.models.discriminators.judgement import Judgement, judge


class OneVoiceDiscriminator(nn.Module):
    """Scores along time, each plus a projection on the speaker (see `VoiceDiscriminator`).

    Args:
        bins: height of the image.
        speakers: how many there are.
        widths: channels; each layer but the first halves the time.
    """

    def __init__(self, bins: int, speakers: int, widths: Sequence[int]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv1d(before, after, 5, 2 if number else 1, padding=2))
            for number, (before, after) in enumerate(zip((bins, *widths), widths, strict=False))
        )
        self.leave = weight_norm(nn.Conv1d(widths[-1], 1, 3, padding=1))
        self.speaker = nn.Embedding(speakers, widths[-1])
        nn.init.zeros_(self.speaker.weight)

    def forward(self, image: Tensor, speaker: Tensor) -> Judgement:
        """`(batch, bin, frame)` and `(batch,)` to scores `(batch, 1, patch)` and features."""
        scores, features = judge(image, self.layers, self.leave)
        match = torch.einsum("bct,bc->bt", features[-1], self.speaker(speaker))
        return scores + match[:, None], features


class VoiceDiscriminator(nn.Module):
    """One for each resolution, of images averaged over so many frames.

    As MelGAN judges waves at several rates (Kumar et al. 2019, arXiv:1910.06711), so that fine
    structure and the course of a sentence are judged separately. The speaker is a condition by
    projection (Miyato & Koyama 2018, arXiv:1802.05637): features are common to all speakers, and a
    speaker is a direction in them, so that two minutes of a speaker suffice.

    Deliberate differences: bins are channels, as neighbouring mel-cepstral coefficients are not
    more similar than others; the projection is of every patch, not of their sum.

    Args:
        bins: height of the image.
        speakers: how many there are.
        widths: channels of the layers.
        resolutions: frames that are averaged.
    """

    def __init__(
        self,
        bins: int,
        speakers: int,
        widths: Sequence[int] = (64, 128, 128),
        resolutions: Sequence[int] = (1, 2, 4),
    ) -> None:
        super().__init__()
        self.resolutions = tuple(resolutions)
        self.of_resolution = nn.ModuleList(
            OneVoiceDiscriminator(bins, speakers, widths) for _ in self.resolutions
        )

    def forward(self, image: Tensor, speaker: Tensor) -> dict[str, list[Judgement]]:
        """`(batch, 1, bin, frame)` and `(batch,)` to the judgements of the kind `resolution`."""
        judgements = [
            network(F.avg_pool1d(image[:, 0], frames), speaker)
            for network, frames in zip(self.of_resolution, self.resolutions, strict=True)
        ]
        return {"resolution": judgements}
