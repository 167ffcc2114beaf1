"""Vocal tract length perturbation of normalised images."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from speechgan.features.voice import VoiceFeatures


class TractWarp(nn.Module):
    """Vocal tract length perturbation (Jaitly & Hinton 2013), drawn for each item at every call.

    Args:
        features: make the warping matrices.
        deviation: `(bin,)` that the images were normalised by; None for 1 everywhere.
        share: factors are drawn from 1 - share to 1 + share.
    """

    def __init__(
        self, features: VoiceFeatures, deviation: Sequence[float] | None = None, share: float = 0.15
    ) -> None:
        super().__init__()
        self.features, self.share = features, share
        spread = torch.tensor(deviation if deviation is not None else [1.0])[:, None]
        self.register_buffer("deviation", spread, persistent=False)
        self.deviation: Tensor

    def forward(self, image: Tensor) -> Tensor:
        """`(batch, 1, bin, frame)`, the same shape.

        A warped speaker's mean is warped by the same matrix, and images are relative to the mean:
        the matrix suffices.
        """
        if not self.share:
            return image
        factors = 1 + self.share * (2 * torch.rand(len(image), device=image.device) - 1)
        warp = torch.from_numpy(self.features.warp(factors.cpu().numpy())).to(image.device)
        matrix = warp * self.deviation.mT / self.deviation
        return (matrix @ image[:, 0])[:, None]
