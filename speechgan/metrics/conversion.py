"""Metrics of converted speech against target and source: envelope, pitch, modulation, content.

All take voices analysed by `speechgan.features.world.World`. Recordings of the same sentence by two
speakers are aligned by dynamic time warping first.
"""

import numpy as np

from speechgan.features.alignment import align, align_speech, locate_speech
from speechgan.features.voice import Voice
from speechgan.features.world import DECIBELS
from speechgan.utils.errors import UnmeasurableError

# Frames of a modulation spectrum: 2.56 s at 5 ms.
MODULATION_FRAMES = 512


def mel_cepstral_distortion(one: Voice, other: Voice) -> float:
    """Mel-cepstral distortion in dB (Kubichek 1993), aligned, without silence and loudness.

    `10 / ln 10 * sqrt(2 * sum over m >= 1 of (c_m - c'_m)^2)`, averaged over the alignment, with
    c_m of the log amplitude, `ln |H| = c_0 + sum over m of c_m cos(m w)`. WORLD codes the log power
    orthonormally, which is `sqrt(2)` times that, so the 2 under the root is contained here. It
    is the root mean square difference of the two envelopes on the mel scale.

    Raises:
        UnmeasurableError: nothing but silence in one of them.
    """
    path = align_speech(one, other)
    difference = one.image[1:, path[:, 0]] - other.image[1:, path[:, 1]]
    return float(DECIBELS * np.sqrt((difference**2).sum(0)).mean())


def log_f0_rmse(converted: Voice, target: Voice) -> float:
    """Root mean square error of log F0 (natural logarithm) where both are voiced, aligned.

    Raises:
        UnmeasurableError: no speech, or never both voiced.
    """
    path = align_speech(converted, target)
    one, other = _voiced(converted)[path[:, 0]], _voiced(target)[path[:, 1]]
    both = (one > 0) & (other > 0)
    if not both.any():
        raise UnmeasurableError("has no voiced frame in common with the reference")
    return float(np.sqrt((np.log(one[both] / other[both]) ** 2).mean()))


def log_f0_correlation(converted: Voice, source: Voice) -> float:
    """Pearson's correlation of log F0, frame by frame, where both are voiced.

    Raises:
        UnmeasurableError: less than three such frames, or a monotone voice.
    """
    frames = min(len(converted), len(source))
    one, other = _voiced(converted)[:frames], _voiced(source)[:frames]
    both = (one > 0) & (other > 0)
    if both.sum() < 3 or not (np.ptp(one[both]) > 0 and np.ptp(other[both]) > 0):
        raise UnmeasurableError("has too few voiced frames in common with the source")
    return float(np.corrcoef(np.log(one[both]), np.log(other[both]))[0, 1])


def modulation_spectrum(voice: Voice) -> np.ndarray:
    """Power spectrum in dB of each coefficient's course, `(modulation frequency, coefficient)`.

    Takamichi et al. (2014): it shows the oversmoothing of statistical mapping. The sequence is cut
    to, or padded with its mean to, `MODULATION_FRAMES`.
    """
    sequence = voice.image[1:, :MODULATION_FRAMES].T
    sequence = sequence - sequence.mean(0)
    spectrum = np.fft.rfft(sequence, MODULATION_FRAMES, axis=0)
    return 10 * np.log10(np.abs(spectrum) ** 2 / len(sequence) + 1e-8)


def modulation_distance(converted: Voice, targets: np.ndarray) -> float:
    """RMS difference in dB to a target speaker's mean modulation spectrum.

    Args:
        converted: one recording.
        targets: mean of `modulation_spectrum` over recordings of the target.
    """
    return float(np.sqrt(((modulation_spectrum(converted) - targets) ** 2).mean()))


def content_distance(one: Voice, other: Voice) -> float:
    """Distance of content, independent of the speaker: aligned, on normalised coefficients.

    Every coefficient is normalised to mean 0 and deviation 1 over the recording's speech, which
    removes voice and channel; then root mean square over coefficients, without a unit. The distance
    of the same sentence read by two speakers is a reference for its scale.

    Raises:
        UnmeasurableError: nothing but silence in one of them.
    """
    sequences = [_normalise(v) for v in (one, other)]
    path = align(*sequences)
    difference = sequences[0][path[:, 0]] - sequences[1][path[:, 1]]
    return float(np.sqrt((difference**2).mean(1)).mean())


def _voiced(voice: Voice) -> np.ndarray:
    """F0, which voices analysed by WORLD have."""
    assert voice.f0 is not None, "a voice that WORLD has analysed"
    return voice.f0


def _normalise(voice: Voice) -> np.ndarray:
    """The coefficients 1 to 24 of the speech, normalised, `(frame, coefficient)`."""
    speech = voice.image[1:25, locate_speech(voice)].T
    return (speech - speech.mean(0)) / (speech.std(0) + 1e-8)
