"""The discriminator of StarGAN-VC, conditioned on the speaker, and its speaker classifier."""

from torch import Tensor, nn
from torch.nn import functional as F

from speechgan.models.layers.gated import GatedBatchNorm, scale_widths
from speechgan.models.layers.labels import append_code


class StarDiscriminator(nn.Module):
    """That of StarGAN-VC (arXiv:1806.02169): is this a real voice of the given speaker?

    Kernels of 3x9, 3x8, 3x8, 3x6 and the whole height, the code added to each. Deliberate
    difference: scores along time are returned, not their product, for any objective to average.

    Args:
        bins: height of the image.
        speakers: how many there are.
        width: channels relative to the paper's 32.
    """

    def __init__(self, bins: int, speakers: int, width: float = 1.0) -> None:
        super().__init__()
        (a,) = scale_widths([32], width)
        n = speakers
        self.speakers = n
        self.layers = nn.ModuleList(
            [
                GatedBatchNorm(nn.Conv2d(1 + n, 2 * a, (3, 9), padding=(1, 4))),
                GatedBatchNorm(nn.Conv2d(a + n, 2 * a, (3, 8), (1, 2), padding=(1, 3))),
                GatedBatchNorm(nn.Conv2d(a + n, 2 * a, (3, 8), (1, 2), padding=(1, 3))),
                GatedBatchNorm(nn.Conv2d(a + n, 2 * a, (3, 6), (1, 2), padding=(1, 2))),
            ]
        )
        self.leave = nn.Conv2d(a + n, 1, (bins, 5), padding=(0, 2))

    def forward(self, image: Tensor, speaker: Tensor) -> Tensor:
        """`(batch, 1, bin, frame)` and speakers `(batch,)` to scores `(batch, 1, 1, step)`."""
        code = F.one_hot(speaker, self.speakers).to(image)
        x = image
        for layer in self.layers:
            x = layer(append_code(x, code))
        return self.leave(append_code(x, code))


class StarClassifier(nn.Module):
    """The domain classifier of StarGAN-VC, which predicts the speaker.

    Kernels of 4x4, 4x4, 4x4, 3x4 and 1x4, gated, on the lowest coefficients. Deliberate
    difference: the logits along time are averaged, where the paper multiplies probabilities.

    Args:
        bins: height of the image.
        speakers: how many there are.
        width: channels relative to the paper's 8, 16, 32, 16.
        lowest: number of the lowest coefficients that are its input.
    """

    def __init__(self, bins: int, speakers: int, width: float = 1.0, lowest: int = 8) -> None:
        super().__init__()
        a, b, c, d = scale_widths([8, 16, 32, 16], width)
        self.lowest = min(lowest, bins)
        self.layers = nn.Sequential(
            GatedBatchNorm(nn.Conv2d(1, 2 * a, (4, 4), 2, padding=1)),
            GatedBatchNorm(nn.Conv2d(a, 2 * b, (4, 4), 2, padding=1)),
            GatedBatchNorm(nn.Conv2d(b, 2 * c, (4, 4), 2, padding=(1, 1))),
            GatedBatchNorm(nn.Conv2d(c, 2 * d, (3, 4), (1, 2), padding=(1, 1))),
            nn.Conv2d(d, speakers, (1, 4), (1, 2), padding=(0, 1)),
        )

    def forward(self, image: Tensor) -> Tensor:
        """`(batch, 1, bin, frame)` to logits `(batch, speaker)`."""
        return self.layers(image[:, :, : self.lowest]).mean((2, 3))
