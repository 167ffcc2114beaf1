"""A metric of how blurred the spectrogram of enhanced speech is."""

import numpy as np
from scipy.ndimage import uniform_filter

from speechgan.metrics.framing import Block, Wave, measure_frames, power_spectrum
from speechgan.utils.errors import UnmeasurableError

_FLOOR = 1e-6
_SPEECH_LEVEL = -40.0
_NEIGHBOURHOOD = 5


def sharpness(clean: Wave, enhanced: Wave, sample_rate: int) -> float:
    """Local variance of the log spectrogram of the enhanced speech, relative to that of the clean.

    1 is as sharp as the clean speech. Below 1, the valleys between harmonics and syllables are
    filled, by blur, as in the mean of all plausible outputs (which L1 and L2 training aim at), or
    by residual noise. Above 1, they are too deep: over-suppression, musical noise.

    Definition: the power spectrogram in dB (frames of 32 ms, overlapping by half), limited from
    below at 60 dB under its own maximum, so that the level has no influence; the variance, in dB²,
    within every square of 5 frames by 5 bins; the sum of it over the squares with speech, that is,
    whose mean level in the clean spectrogram is within 40 dB of the maximum. That sum for
    `enhanced`, divided by that sum for `clean`. Pauses are left out because there the variance
    depends on the floor. Variance as a measure of over-smoothing goes back to the global variance
    of Toda & Tokuda (2007); a local one measures fine structure, not the contrast of speech and
    pause.

    Args:
        clean: reference, `(sample,)`.
        enhanced: to be rated, `(sample,)`.
        sample_rate: in Hz.

    Raises:
        UnmeasurableError: either wave is silent or shorter than 48 ms.
    """
    length = round(0.032 * sample_rate)
    hop = length // 2

    def find_peaks(*pair: Block) -> Block:
        return np.stack([power_spectrum(frames).max(axis=1) for frames in pair], axis=1)

    def sum_variances(*pair: Block) -> Block:
        images = [
            10 * np.log10(np.maximum(power_spectrum(frames) / peak, _FLOOR))
            for frames, peak in zip(pair, peaks, strict=True)
        ]
        speech = _average(images[0]) > _SPEECH_LEVEL
        variances = (_average(np.square(image)) - np.square(_average(image)) for image in images)
        return np.stack([(speech * variance).sum(axis=1) for variance in variances], axis=1)

    if not (clean.any() and enhanced.any()):
        raise UnmeasurableError("sharpness needs waves that are not digital silence")
    peaks = measure_frames(clean, enhanced, length, hop, find_peaks).max(axis=0)
    reference, judged = measure_frames(clean, enhanced, length, hop, sum_variances).sum(axis=0)
    return float(judged / reference)


def _average(image: Block) -> Block:
    return uniform_filter(image, _NEIGHBOURHOOD, mode="nearest")
