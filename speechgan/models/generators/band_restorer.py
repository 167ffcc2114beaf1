"""A network over frequency bands that also makes what is not there to be masked."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from speechgan.models.generators.band_crn import BandCRN, spread
from speechgan.models.layers.mask import complex_product

# Logarithm of the amplitude that is made at first, over the level: in the wave, 87 dB below it.
FAINT = -3.0
# The most that it may become: an exponential that runs away early in training is cut off.
LOUDEST = 3.0
# Of the level: what is softer has hardly a phase to be copied.
SOFT = 0.05
# Bin from which on there is a phase: direct currents are taken off before.
LOWEST = 2
# Bins that difference tones are heard in: what a telephone leaves lies there, and more costs time.
HEARD = 128
# Square of the length below which two parts hardly are a direction: of less the angle is arbitrary.
SHORT = 0.01


class BandRestorer(BandCRN):
    """`BandCRN`, which in addition makes a sound of its own: amplitude and phase of each bin.

    What is made takes its phase from the enhanced image some bins below, as band replication does
    (Dietz et al. 2002), and from a direction that the network finds itself. Moved by a multiple of
    the frames in a window, an image is that of the same sound moved in frequency, so the phases of
    neighbouring frames agree; amplitudes are learned, and so are the weights of the copies. What
    noise covers is masked, what a telephone or a codec took away is made, by one network.

    Below a telephone's band there is nothing to copy. Where `tones` are asked for, the lowest bins
    have their `difference_tones` besides, which a listener hears in place of a missing fundamental
    and which nonlinear circuits have widened bands downwards by.

    The output scales with the input, and frames of digital silence stay silent.

    Args:
        shifts: bins by which copies are moved up; multiples of window over hop.
        tones: lowest bins that have difference tones, a multiple of `stride`; 0 for none.
        bidirectional, floor, context, size: of `BandCRN`.

    Raises:
        ValueError: a shift that leaves nothing to be copied, tones in more bins than are heard or
            that the stride does not divide, and as of `BandCRN`.
    """

    grown = ("blocks.", "make_out.", "tone_out.")

    def __init__(
        self,
        shifts: tuple[int, ...] = (64, 128, 192),
        tones: int = 0,
        bidirectional: bool = True,
        floor: float = 0.15,
        context: int = 50,
        **size: int,
    ) -> None:
        super().__init__(bidirectional, floor, context, **size)
        most = self.size.bins - LOWEST - 1
        if not all(0 < shift <= most for shift in shifts):
            raise ValueError(f"shifts {list(shifts)}: must be from 1 to {most} bins")
        self.shifts = tuple(shifts)
        stride = self.size.stride
        parts = 3 + 2 * len(self.shifts)
        self.make_out = nn.ConvTranspose2d(
            self.size.channels, parts, (1, 2 * stride), (1, stride), (0, stride // 2)
        )
        nn.init.normal_(self.make_out.weight, std=0.015)
        # A direction of nothing, and each copy as it is.
        begin = [FAINT, 0.0, 0.0] + [1.0, 0.0] * len(self.shifts)
        self.make_out.bias = nn.Parameter(torch.tensor(begin))
        if not 0 <= tones < min(HEARD, self.size.bins) or tones % stride:
            raise ValueError(
                f"tones {tones}: must be a multiple of stride {stride}, from 0 to below {HEARD}"
            )
        self.tones = tones
        if tones:
            self.tone_out = nn.ConvTranspose2d(
                self.size.channels, 2, (1, 2 * stride), (1, stride), (0, stride // 2)
            )
            for parameter in self.tone_out.parameters():
                nn.init.zeros_(parameter)

    def compose(self, features: Tensor, image: Tensor, level: Tensor) -> Tensor:
        """What is left of the image and what is made, as in `BandCRN.compose`."""
        enhanced = super().compose(features, image, level)
        loudness, direction, *weights = spread(self.make_out(features)).split(
            [1, 2] + [2] * len(self.shifts), 1
        )
        size = enhanced.square().sum(1, keepdim=True)
        least = torch.finfo(torch.float32).tiny
        phases = enhanced / (size + (SOFT * level).square()).clamp(min=least).sqrt()
        for weight, shift in zip(weights, self.shifts, strict=True):
            copy = F.pad(phases[:, :, LOWEST:-shift], (0, 0, shift + LOWEST, 0))
            direction = direction + complex_product(weight, copy)
        if self.tones:
            # The bins at a subband's edge are its upper neighbour's too.
            lowest = features[..., : self.tones // self.size.stride + 1]
            weight = self.tone_out(lowest)[..., : self.tones].transpose(2, 3)
            tone = complex_product(weight, difference_tones(enhanced, self.tones))
            direction = direction + F.pad(tone, (0, 0, 0, self.size.bins - self.tones))
        length = (direction.square().sum(1, keepdim=True) + SHORT).sqrt()
        heard = (image.abs().amax((1, 2), keepdim=True) > 0).to(image.dtype)
        amplitude = heard * level * loudness.clamp(max=LOUDEST).exp()
        return enhanced + amplitude * direction / length


def difference_tones(image: Tensor, bins: int) -> Tensor:
    """What harmonics beat in, with the phase of the missing ones up to a slow change.

    In each frame all pairs of bins that lie so far apart, one times the other's conjugate, over the
    energy of all: the spectrum of the squared envelope, of sounds below `HEARD` bins.

    Args:
        image: `(batch, 2, frequency, frame)`.
        bins: how many, from 0 on.

    Returns:
        `(batch, 2, bins, frame)`, at most 1 long; nothing at 0, which has no phase.
    """
    real, imaginary = image[:, :, :HEARD].unbind(1)
    tones = [torch.zeros_like(image[:, :, 0])]
    for apart in range(1, bins):
        up, down = (slice(None), slice(apart, None)), (slice(None), slice(None, -apart))
        along = real[up] * real[down] + imaginary[up] * imaginary[down]
        across = imaginary[up] * real[down] - real[up] * imaginary[down]
        tones.append(torch.stack([along.sum(1), across.sum(1)], 1))
    energy = (real.square() + imaginary.square()).sum(1)
    least = torch.finfo(torch.float32).tiny
    return torch.stack(tones, 2) / energy.clamp(min=least)[:, None, None]
