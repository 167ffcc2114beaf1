"""The adversaries of the shared-latent system: one of voices by speaker, one of codes."""

import torch
from torch import Tensor, nn

from speechgan.models.discriminators.cyclegan_vc import GatedPatchDiscriminator


class CodeClassifier(nn.Sequential):
    """Classifies the speaker by the code (Chou et al. 2018, arXiv:1804.02812).

    Args:
        code: channels of the code.
        speakers: how many there are.
        channels: of the hidden layers.
    """

    def __init__(self, code: int, speakers: int, channels: int = 64) -> None:
        super().__init__(
            nn.Conv1d(code, channels, 5, padding=2),
            nn.LeakyReLU(0.2),
            nn.Conv1d(channels, channels, 5, stride=2, padding=2),
            nn.LeakyReLU(0.2),
            nn.Conv1d(channels, speakers, 1),
            nn.AdaptiveAvgPool1d(1),
            nn.Flatten(),
        )


class SpeakerDiscriminator(nn.Module):
    """Is this a recording of that speaker? Patch scores, with an output channel for each speaker.

    The gated patch discriminator of CycleGAN-VC2 with an output for each speaker, as in the
    multi-task discriminator of FUNIT (Liu et al. 2019, arXiv:1905.01723).

    Args:
        speakers: how many there are.
        width: as of `GatedPatchDiscriminator`.
    """

    def __init__(self, speakers: int, width: float = 1.0) -> None:
        super().__init__()
        self.layers = GatedPatchDiscriminator(width)
        last = self.layers[-1]
        assert isinstance(last, nn.Conv2d)
        self.layers[-1] = nn.Conv2d(last.in_channels, speakers, (1, 3), padding=(0, 1))

    def forward(self, image: Tensor, speaker: Tensor) -> Tensor:
        """`(batch, 1, bin, frame)` and `(batch,)` to scores `(batch, patch, patch)`."""
        scores = self.layers(image)
        return scores[torch.arange(len(image), device=image.device), speaker]


class _Reversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: object, *gradients: Tensor) -> Tensor:
        return -gradients[0]


def reverse_gradient(x: Tensor) -> Tensor:
    """The identity, with the sign of the gradient reversed (arXiv:1409.7495)."""
    reversed_: Tensor = _Reversal.apply(x)
    return reversed_
