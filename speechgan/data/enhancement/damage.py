"""Degradations of a noisy recording as a whole: filters, clipping, codecs, packet loss."""

from collections.abc import Callable

import numpy as np
import scipy.fft

from speechgan.audio.clipping import declip
from speechgan.audio.gaps import fill_gaps
from speechgan.data.enhancement.codecs import CODECS, narrow, pass_through_codec, resample_through
from speechgan.data.enhancement.degradation import Degradation

# Lowest and highest frequency and sample rate of a telephone, in hertz.
TELEPHONE = 300.0, 3400.0, 8000


class Damage:
    """Damages batches of recordings.

    To keep the batches of existing configurations unchanged, a new degradation must draw its random
    numbers after all older ones.

    Args:
        settings: chances and ranges.
        sample_rate: in hertz.
    """

    def __init__(self, settings: Degradation, sample_rate: int) -> None:
        self.settings, self.sample_rate = settings, sample_rate

    def __call__(
        self, rng: np.random.Generator, noisy: np.ndarray, clean: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Noisy and clean `(item, sample)` to the same, at the level of the settings."""
        settings, items = self.settings, len(noisy)
        noisy, clean = self._colour(rng, noisy, clean)
        peak = np.abs(noisy).max(1, keepdims=True)
        level = 10 ** (settings.draw("level_dbfs", rng, items) / 20) / np.maximum(peak, 1e-6)
        noisy, clean = noisy * level, clean * level
        share = draw_height(rng, items)
        clipped = settings.befalls("clip", rng, items)
        noisy = np.where(clipped, clip(noisy, share), noisy)
        noisy, clean = self._send(rng, noisy, clean)
        for name, lose in LOSSES.items():
            for item in np.flatnonzero(settings.befalls(name, rng, items)):
                noisy[item] = lose(rng, noisy[item], self.sample_rate)
        return noisy, clean

    def _colour(
        self, rng: np.random.Generator, noisy: np.ndarray, clean: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """One random filter for noisy and clean: a smooth tilt, a low-pass, or both."""
        half, (items, samples) = self.sample_rate / 2, noisy.shape
        anchors = rng.uniform(-6, 6, (items, 6))
        cutoff = rng.uniform(0.35, 0.95, (items, 1)) * half
        tilted = self.settings.befalls("equalise", rng, items)
        limited = self.settings.befalls("band_limit", rng, items)
        chosen = np.flatnonzero(tilted | limited)
        if not len(chosen):
            return noisy, clean
        length = scipy.fft.next_fast_len(samples, real=True)
        frequency = np.linspace(0, half, length // 2 + 1)
        places = np.linspace(0, half, anchors.shape[1])
        tilt = np.stack([np.interp(frequency, places, a) for a in anchors[chosen]])
        gain = np.where(tilted[chosen], 10 ** (tilt / 20), 1.0)
        slope = 1 / (1 + (frequency / cutoff[chosen]) ** 40)
        gain = np.where(limited[chosen], gain * slope, gain).astype(np.float32)
        both = np.stack([noisy[chosen], clean[chosen]]).astype(np.float32)
        both = scipy.fft.irfft(scipy.fft.rfft(both, length) * gain, length)[..., :samples]
        noisy, clean = noisy.copy(), clean.copy()
        noisy[chosen], clean[chosen] = both
        return noisy, clean

    def _send(
        self, rng: np.random.Generator, noisy: np.ndarray, clean: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Passes some noisy items through a codec, and limits the clean ones to its band."""
        for item in np.flatnonzero(self.settings.befalls("codec", rng, len(noisy))):
            codec, compression = draw_codec(rng)
            noisy[item] = pass_through_codec(noisy[item], self.sample_rate, codec, compression)
            clean[item] = narrow(clean[item], self.sample_rate, codec)
        return noisy, clean


def draw_codec(rng: np.random.Generator) -> tuple[str, float]:
    """A codec and its compression, see `pass_through_codec`."""
    return str(rng.choice(sorted(CODECS))), rng.uniform(0.3, 0.9)


def draw_height(rng: np.random.Generator, items: int) -> np.ndarray:
    """Clipping levels `(item, 1)`, as shares of the items' peaks."""
    share: np.ndarray = 10 ** rng.uniform(-1, np.log10(0.9), (items, 1))
    return share


def clip(wave: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Waves `(item, sample)` cut off at shares `(item, 1)` of their peaks."""
    limit = np.abs(wave).max(1, keepdims=True) * share
    clipped: np.ndarray = np.clip(wave, -limit, limit)
    return clipped


def lose_band(rng: np.random.Generator, wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """Limits a `(sample,)` wave to a telephone's band or, in every second case, to 2 to 6 kHz.

    The slopes are between those of a loudspeaker and of a codec. A telephone's wave, and every
    second of the others, is resampled to the lowest rate for its band and back.
    """
    low, high, rate = TELEPHONE
    resampled = True
    if rng.random() < 0.5:
        low, high = 0.0, rng.uniform(2000, 6000)
        rate, resampled = round(2 * high), rng.random() < 0.5
    slope = np.exp(rng.uniform(np.log(8), np.log(80)))
    length = scipy.fft.next_fast_len(len(wave), real=True)
    frequency = np.linspace(0, sample_rate / 2, length // 2 + 1)
    # Zero phase, as the clean side is not delayed.
    gain = 1 / (1 + (frequency / high) ** slope)
    gain *= 1 - 1 / (1 + (frequency / low) ** slope) if low else 1
    narrowed = scipy.fft.irfft(scipy.fft.rfft(wave, length) * gain, length)[: len(wave)]
    return resample_through(narrowed, sample_rate, rate) if resampled else narrowed


def lose_quality(rng: np.random.Generator, wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """Passes a `(sample,)` wave through a random codec."""
    return pass_through_codec(wave, sample_rate, *draw_codec(rng))


def lose_packets(rng: np.random.Generator, wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """Makes gaps of 10 to 120 ms in a `(sample,)` wave: at least one, 0.2 to 4 a second.

    They are zero, every third of them with fades of 1 to 5 ms before and after it.
    """
    density = np.exp(rng.uniform(np.log(0.2), np.log(4)))
    gain, time = np.ones(len(wave)), np.arange(len(wave)) / sample_rate
    for _ in range(max(1, round(density * len(wave) / sample_rate))):
        seconds = rng.uniform(0.01, 0.12)
        start = rng.uniform(0, max(time[-1] - seconds, 0))
        fade = rng.uniform(0.001, 0.005) if rng.random() < 1 / 3 else 0.0
        edges = [start - fade, start, start + seconds, start + seconds + fade]
        gain = np.minimum(gain, np.interp(time, edges, [1, 0, 0, 1]))
    return wave * gain


def conceal_packets(rng: np.random.Generator, wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """The same with the gaps filled as `Restorer` fills them before the network."""
    return fill_gaps(lose_packets(rng, wave, sample_rate), sample_rate)


def conceal_clipping(rng: np.random.Generator, wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """A `(sample,)` wave clipped, and declipped as in `Restorer`."""
    return declip(clip(wave[None], draw_height(rng, 1))[0], sample_rate)


LOSSES: dict[str, Callable[[np.random.Generator, np.ndarray, int], np.ndarray]] = {
    "band_loss": lose_band,
    "codec_loss": lose_quality,
    "packet_loss": conceal_packets,
    "clip_loss": conceal_clipping,
}
"""Degradations of the noisy side alone, in this order, by the names of their chances."""
