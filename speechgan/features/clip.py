"""A short word as an image of one size, whatever its length and level."""

import numpy as np
import torch
from torch import nn

from speechgan.features.mel import DB_PER_NEPER, MelVoice
from speechgan.features.voice import Voice

# A frame belongs to the word if its loudest band lies no further below the loudest of all, in dB.
WORD_RANGE = 40.0


class MelClip(nn.Module):
    """Log-mel images of `frames` frames with the word in their middle, in [-1, 1].

    Each is relative to its own loudest point, which is 1; -1 is `span` decibels below it or less,
    so that room noise is no part of the image, and a generator can end in tanh.

    Args:
        sample_rate, n_fft, hop_length, bands: as of `LogMel`.
        frames: width of the image.
        span: range of levels, in decibels.
        loudest: log-mel magnitude of the loudest point of a sound synthesised from an image.

    Raises:
        ValueError: a span that is not above 0, or less than one frame.
    """

    vocoders = MelVoice.vocoders

    def __init__(
        self,
        sample_rate: int = 16000,
        n_fft: int = 1024,
        hop_length: int = 256,
        bands: int = 80,
        frames: int = 64,
        span: float = 60.0,
        loudest: float = 0.0,
    ) -> None:
        super().__init__()
        if not span > 0 or frames < 1:
            raise ValueError(f"span {span}, frames {frames}: must be above 0, and at least 1")
        self.sample_rate, self.hop_length, self.bins = sample_rate, hop_length, bands
        self.frames, self.span, self.loudest = frames, span, loudest
        # So that a vocoder of such log-mel images accepts these.
        voice = MelVoice(sample_rate, n_fft, hop_length, bands)
        self.settings, self.mel = voice.settings, voice.mel

    @property
    def seconds(self) -> float:
        """Length of an image."""
        return self.frames * self.hop_length / self.sample_rate

    @torch.no_grad()
    def analyse(self, wave: np.ndarray) -> np.ndarray:
        """`(sample,)`, full scale at ±1, to `(bin, frame)`; silence is -1 everywhere.

        Of a longer word, the part with the highest sum of levels is taken.
        """
        peak = float(np.abs(wave).max(initial=0))
        if peak == 0:
            return np.full((self.bins, self.frames), -1, np.float32)
        # Scaled to full scale, as parts of a quiet recording would lie below LogMel's floor.
        loud = torch.from_numpy(np.asarray(wave / peak, np.float32))
        image = DB_PER_NEPER * self.mel(loud[None])[0, 0].numpy()
        start = self._find_word(image)
        left, right = max(0, start), min(image.shape[1], start + self.frames)
        part = image[:, left:right] - image[:, left:right].max()
        clip = np.full((self.bins, self.frames), -self.span, np.float32)
        clip[:, left - start : right - start] = part
        return (2 * np.maximum(clip, -self.span) / self.span + 1).astype(np.float32)

    def _find_word(self, image: np.ndarray) -> int:
        """The frame of `(bin, frame)`, in decibels, at which the image begins."""
        level = image.max(0) - image.max()
        (word,) = np.nonzero(level > -WORD_RANGE)
        first, last = int(word[0]), int(word[-1])
        if last - first < self.frames:
            return (first + last + 1) // 2 - self.frames // 2
        within = np.convolve(np.maximum(level, -self.span), np.ones(self.frames), "valid")
        return int(within.argmax())

    def sound(self, image: np.ndarray) -> Voice:
        """`(bin, frame)` in [-1, 1] as log magnitudes, for a vocoder."""
        log_mel = (np.asarray(image, np.float32) - 1) / 2 * self.span / DB_PER_NEPER + self.loudest
        return Voice(
            log_mel.astype(np.float32), (DB_PER_NEPER * log_mel.mean(0)).astype(np.float32)
        )


def sheet(images: np.ndarray, columns: int = 10) -> np.ndarray:
    """Tiles images `(image, bin, frame)`, low bands at the bottom, with 0 in between.

    Returns:
        `(height, width)` in [0, 1].
    """
    count, bins, frames = images.shape
    rows = -(-count // columns)
    canvas = np.zeros((rows * (bins + 2), columns * (frames + 2)), np.float32)
    for number, image in enumerate(images):
        y, x = (number // columns) * (bins + 2), (number % columns) * (frames + 2)
        canvas[y : y + bins, x : x + frames] = (np.clip(image[::-1], -1, 1) + 1) / 2
    return canvas
