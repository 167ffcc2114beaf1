"""A generator of images from noise and, if it is conditional, labels."""

from collections.abc import Sequence

from torch import Tensor, nn

from speechgan.models.layers.dcgan import coarse_shape, init_weights, rise
from speechgan.models.layers.labels import LabelCode


class ImageGenerator(nn.Module):
    """The generator of DCGAN (Radford, Metz & Chintala 2015, arXiv:1511.06434), conditioned on
    labels as that of the conditional GAN (Mirza & Osindero 2014, arXiv:1411.1784).

    The code and the label embeddings are projected to a coarse image, which transposed convolutions
    of 4 x 4 upsample by 2 each, with batch normalisation and rectifiers; the last layer is a tanh.
    Deliberate differences: an image of 80 x 64 begins at 5 x 4 instead of 4 x 4; kernels are of
    4 x 4 instead of 5 x 5; channels are a quarter of the paper's, for a CPU; the noise is 64 normal
    numbers instead of 100 uniform ones.

    Args:
        bins, frames: size of the image; a multiple of 2 to the power of the number of widths.
        code: size of the noise.
        widths: channels of the coarse image and after each layer but the last.
        digits, speakers: numbers of labels that it is conditioned on; 0 for none.
        embedding: size of a label's.

    Raises:
        ValueError: an image that cannot be halved so often.
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
        self.coarse, self.width = coarse_shape(bins, frames, len(widths)), widths[0]
        self.labels = LabelCode(digits, speakers, embedding)
        height, width = self.coarse
        self.project = nn.Linear(code + self.labels.size, widths[0] * height * width)
        self.enter = nn.Sequential(nn.BatchNorm2d(widths[0]), nn.ReLU())
        self.layers = rise(widths)
        self.apply(init_weights)

    def forward(self, code: Tensor, labels: Tensor) -> Tensor:
        """`(batch, code)` and `(batch, 2)`, numbers of digit and speaker, to an image.

        Returns:
            `(batch, 1, bin, frame)` in [-1, 1].
        """
        return self.draw(self.labels(code, labels))

    def draw(self, told: Tensor) -> Tensor:
        """The image of codes concatenated with label embeddings, `(batch, code + embedding)`."""
        return self.refine(self.begin(told))

    def begin(self, told: Tensor) -> Tensor:
        """The coarse image `(batch, width, bin, frame)` of the input of `draw`."""
        coarse: Tensor = self.project(told).unflatten(1, (self.width, *self.coarse))
        return coarse

    def refine(self, coarse: Tensor) -> Tensor:
        """A coarse image, of any number of frames, to the full image."""
        made: Tensor = self.layers(self.enter(coarse))
        return made
