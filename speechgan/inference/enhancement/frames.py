"""Sound to spectra and back, in blocks of any size, at any sample rate; NumPy alone."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from speechgan.audio import Wave

Spectrum = np.ndarray[Any, np.dtype[np.complex64]]
"""`(channel, frame, bin)`, of windowed frames."""

# Frames of each sound at a time, where several go through a network together: more would not fit
# into a CPU's cache.
ROUND_FRAMES = 64


@dataclass(frozen=True)
class Framing:
    """Windows and steps of a model, kept in seconds at another sample rate.

    Frames of the same duration have their bins at the same frequencies: those that the model knows
    are the first of a wider band, and no resampling is needed (Paulus & Torcoli 2022). At a rate
    such as 44.1 kHz, where the step is no whole number of samples, both are off by 0.3 % at most.

    Attributes:
        n_fft: window and transform, in samples.
        hop_length: step between frames, in samples.
        bins: of these frames.
        model_bins: that the model takes.
        scale: on a spectrum, for the levels that the model's own transform has.
    """

    n_fft: int
    hop_length: int
    model_bins: int
    scale: float

    @classmethod
    def at(cls, rate: float, model_rate: float, n_fft: int, hop_length: int) -> "Framing":
        """The framing of a model of `n_fft` and `hop_length` at `model_rate`, at another rate."""
        hop = max(1, round(hop_length * rate / model_rate))
        size = hop * (n_fft // hop_length)
        return cls(size, hop, n_fft // 2 + 1, n_fft / size)

    @property
    def bins(self) -> int:
        return self.n_fft // 2 + 1

    @property
    def overlap(self) -> int:
        """Samples that a frame shares with those before it."""
        return self.n_fft - self.hop_length

    @property
    def window(self) -> Wave:
        """The root of a periodic Hann window, as `speechgan.features.stft.Stft` has it."""
        phase = 2 * np.pi * np.arange(self.n_fft) / self.n_fft
        return np.sqrt(0.5 - 0.5 * np.cos(phase)).astype(np.float32)

    @property
    def dual_window(self) -> Wave:
        """With which overlap-add is an exact inverse."""
        square = np.square(self.window).reshape(-1, self.hop_length).sum(0)
        return (self.window / np.tile(square, self.n_fft // self.hop_length)).astype(np.float32)


class Analyser:
    """A wave in blocks to the frames that are complete; what is left waits for the next block."""

    def __init__(self, framing: Framing, channels: int) -> None:
        self.framing, self.window = framing, framing.window
        self.waiting = np.zeros((channels, framing.overlap), np.float32)

    def __call__(self, wave: Wave) -> tuple[Spectrum, Wave]:
        """`(channel, sample)` to `(channel, frame, bin)`, with perhaps no frame at all.

        And the samples that completed them: `(channel, frame * hop_length)`.
        """
        framing, window = self.framing, self.window
        hop, overlap = framing.hop_length, framing.overlap
        wave = np.concatenate([self.waiting, wave], axis=1)
        count = max(0, (wave.shape[1] - overlap) // hop)
        self.waiting = wave[:, count * hop :].copy()
        row, sample = wave.strides
        # Frames overlap where they lie; nothing is copied to make them.
        frames = np.ndarray(
            (len(wave), count, framing.n_fft), wave.dtype, wave, strides=(row, hop * sample, sample)
        )
        spectrum = np.fft.rfft(frames * window).astype(np.complex64, copy=False)
        return spectrum, wave[:, overlap : overlap + count * hop]


class Synthesiser:
    """Frames to the samples that no later frame changes."""

    def __init__(self, framing: Framing, channels: int) -> None:
        self.framing, self.window = framing, framing.dual_window
        self.unfinished = np.zeros((channels, framing.overlap), np.float32)

    def __call__(self, spectrum: Spectrum) -> Wave:
        """`(channel, frame, bin)` to `(channel, frame * hop_length)`.

        The first `overlap` samples of the first frames precede the wave that was analysed.
        """
        hop, size = self.framing.hop_length, self.framing.n_fft
        channels, count, _ = spectrum.shape
        frames = np.fft.irfft(spectrum, size) * self.window
        wave = np.zeros((channels, count * hop + self.framing.overlap), np.float32)
        wave[:, : self.framing.overlap] = self.unfinished
        for part in range(size // hop):
            added = frames[:, :, part * hop : (part + 1) * hop].reshape(channels, -1)
            wave[:, part * hop : part * hop + added.shape[1]] += added
        self.unfinished = wave[:, count * hop :].copy()
        return wave[:, : count * hop]
