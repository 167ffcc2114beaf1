"""Distance of spectral envelopes, by linear prediction."""

import torch
from torch import Tensor, nn

from speechgan.features.signal import Signal

ORDER, LENGTH, HOP = 16, 480, 240


class LogLikelihoodRatio(nn.Module):
    """Log ratio of prediction errors on the clean wave, mean over frames; 0 is no difference.

    The error that the made frame's predictor makes on the clean frame, over the error of the
    clean frame's own predictor (Itakura 1975), in the sizes that composite measures use at 16 kHz
    (Hu & Loizou 2008): order 16, frames of 30 ms. It is independent of levels, and most sensitive
    to missing bands, to which the other terms are least. Deliberate differences: frames overlap by
    half, none is left out, and a floor at -50 dB of the frame keeps the equations solvable.
    """

    def forward(self, made: Signal, clean: Signal) -> Tensor:
        """A scalar, mean over items and frames."""
        reference, candidate = autocorrelate(clean.wave), autocorrelate(made.wave)
        own, other = (prediction_filter(r).unsqueeze(-1) for r in (reference, candidate))
        matrix = toeplitz(reference)
        error = [(f.transpose(-1, -2) @ matrix @ f).flatten(1) for f in (other, own)]
        return torch.log(error[0] / error[1]).mean()


def autocorrelate(wave: Tensor) -> Tensor:
    """Autocorrelations of windowed frames, `(batch, sample)` to `(batch, frame, ORDER + 1)`."""
    window = torch.hann_window(LENGTH, device=wave.device)
    spectrum = torch.fft.rfft(wave.unfold(-1, LENGTH, HOP) * window, n=2 * LENGTH)
    power = torch.view_as_real(spectrum).square().sum(-1)
    correlation = torch.fft.irfft(power)[..., : ORDER + 1]
    # White noise 50 dB below the frame, and a constant for digital silence.
    noise = 1e-5 * correlation[..., :1] + 1e-7
    return torch.cat([correlation[..., :1] + noise, correlation[..., 1:]], -1)


def prediction_filter(correlation: Tensor) -> Tensor:
    """Error filters that begin with 1, `(..., ORDER + 1)` to the same."""
    scaled = correlation / correlation[..., :1]
    solution = torch.linalg.solve(toeplitz(scaled[..., :-1]), scaled[..., 1:])
    return torch.cat([torch.ones_like(solution[..., :1]), -solution], -1)


def toeplitz(column: Tensor) -> Tensor:
    """Symmetric Toeplitz matrices `(..., n, n)` of their first columns `(..., n)`."""
    place = torch.arange(column.shape[-1], device=column.device)
    return column[..., (place[:, None] - place[None]).abs()]
