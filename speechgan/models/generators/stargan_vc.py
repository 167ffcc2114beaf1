"""The generator of StarGAN-VC: one for all speakers, conditioned on the target."""

from torch import Tensor, nn
from torch.nn import functional as F

from speechgan.models.layers.gated import GatedBatchNorm, pad_time, scale_widths
from speechgan.models.layers.labels import append_code


class StarGenerator(nn.Module):
    """StarGAN-VC (Kameoka et al. 2018, arXiv:1806.02169): the target's code at each decoder layer.

    As in the paper, figure 3: an encoder of gated convolutions of 3x9, 4x8, 4x8, 3x5 and 9x5, to 5
    channels, a mirrored decoder, and the code repeated over the plane as further channels.

    Args:
        bins: height of the image, a multiple of 4.
        speakers: how many there are.
        width: channels relative to the paper's 32, 64, 128, 64, 5.
    """

    multiple = 4
    needs_source = False

    def __init__(self, bins: int, speakers: int, width: float = 1.0) -> None:
        super().__init__()
        if bins % 4:
            raise ValueError(f"{bins} bins: must be a multiple of 4")
        a, b, c, d = scale_widths([32, 64, 128, 64], width)
        neck, rows = 5, bins // 4
        self.speakers = speakers
        self.down = nn.Sequential(
            GatedBatchNorm(nn.Conv2d(1, 2 * a, (3, 9), padding=(1, 4))),
            GatedBatchNorm(nn.Conv2d(a, 2 * b, (4, 8), 2, padding=(1, 3))),
            GatedBatchNorm(nn.Conv2d(b, 2 * c, (4, 8), 2, padding=(1, 3))),
            GatedBatchNorm(nn.Conv2d(c, 2 * d, (3, 5), padding=(1, 2))),
            GatedBatchNorm(nn.Conv2d(d, 2 * neck, (rows, 5), padding=(0, 2))),
        )
        n = speakers
        self.up = nn.ModuleList(
            [
                GatedBatchNorm(nn.ConvTranspose2d(neck + n, 2 * d, (rows, 5), padding=(0, 2))),
                GatedBatchNorm(nn.ConvTranspose2d(d + n, 2 * c, (3, 5), padding=(1, 2))),
                GatedBatchNorm(nn.ConvTranspose2d(c + n, 2 * b, (4, 8), 2, padding=(1, 3))),
                GatedBatchNorm(nn.ConvTranspose2d(b + n, 2 * a, (4, 8), 2, padding=(1, 3))),
            ]
        )
        self.leave = nn.ConvTranspose2d(a + n, 1, (3, 9), padding=(1, 4))

    def forward(self, image: Tensor, target: Tensor, source: Tensor | None = None) -> Tensor:
        """`(batch, 1, bin, frame)` and targets `(batch,)` to the same shape."""
        frames = image.shape[-1]
        x = self.down(pad_time(image, self.multiple))
        code = F.one_hot(target, self.speakers).to(x)
        for layer in self.up:
            x = layer(append_code(x, code))
        return self.leave(append_code(x, code))[..., :frames]
