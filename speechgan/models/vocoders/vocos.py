"""Vocos: a vocoder that works at the frame rate, with an inverse STFT as its last layer."""

import torch
from torch import Tensor, nn

from speechgan.features.mel import MelVoice
from speechgan.models.layers.conv_next import ConvNeXtBlock, initialise

# torchaudio's momentum of 0.99, as a factor of the previous spectrum.
MOMENTUM = 0.99 / 1.99


class Vocos(nn.Module):
    """Vocos (Siuzdak 2023, arXiv:2306.00814): log-mel image to wave.

    Two departures for small budgets, both off where `iterations` is None: the magnitude starts from
    the mel filters' pseudo-inverse, which the network corrects (FreeV, arXiv:2406.08196); and the
    phase, which takes such networks most of their training, is found by the fast Griffin-Lim
    iteration (Perraudin et al. 2013) on the corrected magnitude. It starts from zero and has no
    gradient; that of the magnitude goes through the last inverse transform.

    Frames are centred, as the image's are, and as in the paper's release for mel images.

    Args:
        features: that make the images.
        channels: of the backbone; the paper has 512.
        hidden: of its perceptrons; the paper has 1536.
        blocks: of the backbone; the paper has 8.
        iterations: of the phase; None to predict it, as the paper does.
    """

    def __init__(
        self,
        features: MelVoice,
        channels: int = 512,
        hidden: int = 1536,
        blocks: int = 8,
        iterations: int | None = None,
    ) -> None:
        super().__init__()
        self.n_fft, self.hop_length = features.mel.n_fft, features.mel.hop_length
        self.iterations = iterations
        self.enter = nn.Conv1d(features.bins, channels, 7, padding=3)
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.blocks = nn.Sequential(
            *(ConvNeXtBlock(channels, hidden, 1 / blocks) for _ in range(blocks))
        )
        self.last_norm = nn.LayerNorm(channels, eps=1e-6)
        self.leave = nn.Linear(
            channels, self.n_fft + 2 if iterations is None else self.n_fft // 2 + 1
        )
        self.register_buffer("window", torch.hann_window(self.n_fft), persistent=False)
        self.window: Tensor
        self.register_buffer("inverse", torch.linalg.pinv(features.mel.filters), persistent=False)
        self.inverse: Tensor
        initialise(self)

    def forward(self, image: Tensor, samples: int | None = None) -> Tensor:
        """`(batch, 1, bin, frame)` to `(batch, samples)`; `(frame - 1) * hop_length` if None.

        An image of two frames or more.
        """
        x = self.norm(self.enter(image[:, 0]).transpose(1, 2)).transpose(1, 2)
        x = self.leave(self.last_norm(self.blocks(x).transpose(1, 2))).transpose(1, 2)
        if self.iterations is None:
            log_magnitude, phase = x.chunk(2, 1)
            # As in the paper's release: an exponential that runs away early in training is cut off.
            magnitude = log_magnitude.exp().clamp(max=1e2)
            direction = torch.polar(torch.ones_like(phase), phase)
        else:
            magnitude = x.exp() * (self.inverse @ image[:, 0].exp()).clamp(min=1e-5)
            direction = self._find_phase(magnitude.detach())
        return self._invert(magnitude * direction, samples)

    @torch.no_grad()
    def _find_phase(self, magnitude: Tensor) -> Tensor:
        """Phases as complex numbers of magnitude 1; torchaudio's `griffinlim` returns none."""
        direction = torch.ones_like(magnitude, dtype=torch.cfloat)
        before = torch.zeros_like(direction)
        for _ in range(self.iterations or 0):
            wave = self._invert(magnitude * direction)
            spectrum = torch.stft(
                wave, self.n_fft, self.hop_length, window=self.window, return_complex=True
            )
            direction = spectrum - MOMENTUM * before
            direction = direction / direction.abs().clamp(min=1e-16)
            before = spectrum
        return direction

    def _invert(self, spectrum: Tensor, samples: int | None = None) -> Tensor:
        wave: Tensor = torch.istft(
            spectrum, self.n_fft, self.hop_length, window=self.window, length=samples
        )
        return wave
