"""Enhancement without training, to compare with: MMSE-LSA, and noisereduce's spectral gating."""

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import exp1

from speechgan import audio

Array = NDArray[Any]

LEAST_POWER = 1e-12


class NoiseTracker:
    """Power of the noise by recursive averaging where speech is improbable.

    The tracker of Gerkmann & Hendriks (2012), "Unbiased MMSE-based noise power estimation with low
    complexity and low tracking delay", with the constants of the paper.

    Args:
        first: power of the first frame, `(channel, bin)`, taken for noise.
    """

    speech_snr = 10 ** (15 / 10)
    smoothing = 0.8
    probability_smoothing = 0.9
    greatest_probability = 0.99

    def __init__(self, first: Array) -> None:
        self.power = np.maximum(first, LEAST_POWER)
        self.mean_probability = np.full_like(first, 0.5)

    def update(self, noisy: Array) -> Array:
        """Takes in the power of a frame; returns the noise's in it."""
        ratio = self.speech_snr / (1 + self.speech_snr)
        likelihood = (1 + self.speech_snr) * np.exp(-ratio * noisy / self.power)
        probability = 1 / (1 + likelihood)
        self.mean_probability *= self.probability_smoothing
        self.mean_probability += (1 - self.probability_smoothing) * probability
        # Believing in speech for long, the tracker would never learn that the noise became louder.
        stuck = self.mean_probability > self.greatest_probability
        probability[stuck] = np.minimum(probability[stuck], self.greatest_probability)
        expected = probability * self.power + (1 - probability) * noisy
        self.power = self.smoothing * self.power + (1 - self.smoothing) * expected
        np.maximum(self.power, LEAST_POWER, out=self.power)
        return self.power


class MmseLsa:
    """The log-spectral amplitude estimator of Ephraim & Malah (1985).

    The a priori SNR is decision-directed (Ephraim & Malah 1984) with 0.98, and at least -25 dB.
    Frames of 32 ms, half overlapping, under a sine window on the way in and out.

    Args:
        sample_rate: in Hz.
        channels: how many; each is enhanced by itself.
    """

    decision_directed = 0.98
    least_snr = 10 ** (-25 / 10)

    def __init__(self, sample_rate: int, channels: int) -> None:
        self.hop = round(0.016 * sample_rate)
        self.channels = channels
        self.window = np.sin(np.pi * (np.arange(2 * self.hop) + 0.5) / (2 * self.hop))
        self.tracker: NoiseTracker | None = None
        self.amplitude = np.zeros((channels, self.hop + 1))

    def enhance(self, blocks: Iterable[audio.Wave], samples: int) -> Iterator[audio.Wave]:
        """Noisy blocks `(channel, sample)`, of `samples` together, to enhanced ones.

        State goes from block to block: any division into blocks has the same result.
        """
        start = self.hop  # what comes out first precedes the sound
        for piece in self._overlap_add(blocks):
            wave = piece[:, start : start + samples]
            start -= min(start, piece.shape[1])
            samples -= wave.shape[1]
            yield wave.astype(np.float32)

    def _overlap_add(self, blocks: Iterable[audio.Wave]) -> Iterator[Array]:
        hop = self.hop
        buffer, tail = np.zeros((self.channels, hop)), np.zeros((self.channels, hop))
        for block in itertools.chain(blocks, [np.zeros((self.channels, 2 * hop))]):
            buffer = np.concatenate([buffer, block], axis=1)
            end = (buffer.shape[1] // hop - 1) * hop
            output = np.pad(tail, ((0, 0), (0, end)))
            for frame in range(0, end, hop):
                place = slice(frame, frame + 2 * hop)
                spectrum = np.fft.rfft(buffer[:, place] * self.window)
                enhanced = self._compute_gain(np.abs(spectrum) ** 2) * spectrum
                output[:, place] += np.fft.irfft(enhanced, 2 * hop) * self.window
            buffer, tail = buffer[:, end:], output[:, end:]
            yield output[:, :end]

    def _compute_gain(self, noisy: Array) -> Array:
        if self.tracker is None:
            self.tracker = NoiseTracker(noisy)
        noise = self.tracker.update(noisy)
        posterior = np.clip(noisy / noise, 1e-6, 1e6)
        prior = self.decision_directed * self.amplitude**2 / noise
        prior += (1 - self.decision_directed) * np.maximum(posterior - 1, 0)
        np.maximum(prior, self.least_snr, out=prior)
        share = prior / (1 + prior)
        gain = share * np.exp(0.5 * exp1(np.maximum(share * posterior, 1e-10)))
        np.minimum(gain, 1, out=gain)
        self.amplitude = gain * np.sqrt(noisy)
        return gain
