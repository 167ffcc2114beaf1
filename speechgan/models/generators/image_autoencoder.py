"""Auto-encoders of images."""

from collections.abc import Sequence

from torch import Tensor, nn

from speechgan.models.generators.dcgan import ImageGenerator
from speechgan.models.layers.dcgan import Trunk, coarse_shape
from speechgan.models.layers.labels import LabelCode
from speechgan.models.layers.normal import split_normal


class ImageEncoder(nn.Module):
    """Mean and log variance of the code of an image (Kingma & Welling 2013, arXiv:1312.6114).

    Args:
        code: its size.
        widths: channels of the layers.
        shape: height and width of the image.
        labels: embeds the labels that it is conditioned on.
    """

    def __init__(
        self, code: int, widths: Sequence[int], shape: tuple[int, int], labels: LabelCode
    ) -> None:
        super().__init__()
        self.labels, self.trunk = labels, Trunk(widths)
        height, width = coarse_shape(*shape, len(widths))
        self.leave = nn.Linear(widths[-1] * height * width + labels.size, 2 * code)

    def forward(self, image: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """`(batch, 1, bin, frame)` and `(batch, 2)` to mean and log variance `(batch, code)`."""
        found = self.trunk(image)[-1].flatten(1)
        return split_normal(self.leave(self.labels(found, labels)))


class ImageAutoencoder(nn.Module):
    """An encoder of images, and a generator as the decoder.

    Called like `ImageGenerator`, it generates.

    Args:
        widths: channels, from the coarse image to the fine one; the encoder's are the reverse.
        Others: of `ImageGenerator`.
    """

    def __init__(
        self,
        bins: int = 80,
        frames: int = 64,
        code: int = 64,
        widths: Sequence[int] = (256, 128, 64, 32),
        digits: int = 0,
        speakers: int = 0,
        embedding: int = 32,
    ) -> None:
        super().__init__()
        self.code, self.digits, self.speakers = code, digits, speakers
        self.decoder = ImageGenerator(bins, frames, code, widths, digits, speakers, embedding)
        labels = LabelCode(digits, speakers, embedding)
        self.encoder = ImageEncoder(code, widths[::-1], (bins, frames), labels)

    def encode(self, image: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of the code, see `ImageEncoder`."""
        mean, log_variance = self.encoder(image, labels)
        return mean, log_variance

    def rebuild(self, image: Tensor, labels: Tensor) -> Tensor:
        """Images `(batch, 1, bin, frame)` encoded and decoded, by the means of their codes."""
        mean, _ = self.encode(image, labels)
        return self(mean, labels)

    def forward(self, code: Tensor, labels: Tensor) -> Tensor:
        """`(batch, code)` and `(batch, 2)` to `(batch, 1, bin, frame)` in [-1, 1]."""
        made: Tensor = self.decoder(code, labels)
        return made
