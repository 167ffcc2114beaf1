"""Measures that compare enhanced speech with its clean reference.

Every function takes `(clean, enhanced, sample_rate)`: two waves of one shape `(sample,)`, full
scale at 1, and hertz. It returns one number.
"""

import math
import warnings
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from speechgan.metrics.framing import (
    EPSILON,
    Block,
    Wave,
    check_pair,
    measure_frames,
    power_spectrum,
)
from speechgan.utils.errors import UnmeasurableError

_PESQ_SECONDS = 20
_STOI_SECONDS = 300
_BLOCK_SAMPLES = 2**16


def pesq_wb(clean: Wave, enhanced: Wave, sample_rate: int) -> float:
    """Wide-band PESQ (ITU-T P.862.2), as MOS-LQO from about 1 (bad) to 4.64 (no difference).

    Waves of up to 20 s are measured whole. The ITU's program has arrays for 50 utterances and fails
    with more, so longer waves are cut into equal parts of at most 20 s, which cannot contain more,
    and the mean over the parts in which PESQ finds speech is returned.

    Raises:
        UnmeasurableError: there is no speech in `clean` or `enhanced`, less than 1/4 s, or a
            sample is not finite.
        ValueError: `sample_rate` is not 16000.
    """
    check_pair(clean, enhanced)
    if sample_rate != 16000:
        raise ValueError(f"wide-band PESQ is defined at 16000 Hz, not at {sample_rate}")
    if not (np.isfinite(clean).all() and np.isfinite(enhanced).all()):
        raise UnmeasurableError("PESQ needs finite samples; there are NaN or infinite ones")
    return _average_parts(_score_pesq, clean, enhanced, sample_rate, _PESQ_SECONDS)


def normalised_pesq(clean: Wave, enhanced: Wave, sample_rate: int) -> float:
    """PESQ from 1..4.5 to 0..1, as in CMGAN; NaN where it is not defined.

    Cao, Abdulatif & Yang 2022, arXiv:2203.15149.
    """
    try:
        return (pesq_wb(clean, enhanced, sample_rate) - 1) / 3.5
    except UnmeasurableError:
        return math.nan


def _score_pesq(clean: Wave, enhanced: Wave, sample_rate: int) -> float:
    from pesq import BufferTooShortError, NoUtterancesError, pesq

    if not (clean.any() and enhanced.any()):
        which = "this" if clean.any() else "the clean"
        raise UnmeasurableError(f"PESQ finds no speech: {which} wave is digital silence")
    try:
        return float(pesq(sample_rate, clean, enhanced, "wb"))
    except NoUtterancesError:
        raise UnmeasurableError("PESQ finds no speech in the clean wave or in this one") from None
    except BufferTooShortError:
        raise UnmeasurableError("PESQ needs at least 1/4 s") from None


def stoi(clean: Wave, enhanced: Wave, sample_rate: int) -> float:
    """Short-time objective intelligibility, from 0 to 1 (Taal, Hendriks, Heusdens & Jensen 2011).

    Waves of up to 5 min are measured whole; longer ones would need gigabytes, so the mean over
    equal parts of at most 5 min is returned.

    Raises:
        UnmeasurableError: `clean` has less than about 0.4 s of speech.
    """
    check_pair(clean, enhanced)
    return _average_parts(_score_stoi, clean, enhanced, sample_rate, _STOI_SECONDS)


def estoi(clean: Wave, enhanced: Wave, sample_rate: int) -> float:
    """Extended STOI, which is also valid for modulated noise (Jensen & Taal 2016).

    Long waves are measured in parts, as in `stoi`.

    Raises:
        UnmeasurableError: `clean` has less than about 0.4 s of speech.
    """
    check_pair(clean, enhanced)
    measure = partial(_score_stoi, extended=True)
    return _average_parts(measure, clean, enhanced, sample_rate, _STOI_SECONDS)


def _score_stoi(clean: Wave, enhanced: Wave, sample_rate: int, extended: bool = False) -> float:
    import pystoi

    if not clean.any():
        raise UnmeasurableError("STOI finds no speech: the clean wave is digital silence")
    # pystoi adds a little noise from NumPy's global generator, so it is seeded, then restored.
    state = np.random.get_state()
    np.random.seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            return float(pystoi.stoi(clean, enhanced, sample_rate, extended=extended))
        except RuntimeWarning:
            raise UnmeasurableError("STOI needs at least 0.4 s of speech") from None
        finally:
            np.random.set_state(state)


def _average_parts(
    measure: Callable[[Wave, Wave, int], float],
    clean: Wave,
    enhanced: Wave,
    sample_rate: int,
    seconds: int,
) -> float:
    """Mean of a measure over equal parts of at most so many seconds, without unmeasurable ones."""
    count = max(math.ceil(len(clean) / (seconds * sample_rate)), 1)
    parts = zip(np.array_split(clean, count), np.array_split(enhanced, count), strict=True)
    scores = []
    reason: UnmeasurableError | None = None
    for part in parts:
        try:
            scores.append(measure(*part, sample_rate))
        except UnmeasurableError as error:
            reason = error
    if reason and not scores:
        raise reason
    return float(np.mean(scores))


def si_sdr(clean: Wave, enhanced: Wave, sample_rate: int) -> float:
    """Scale-invariant signal-to-distortion ratio in dB.

    Le Roux, Wisdom, Erdogan & Hershey 2019, arXiv:1811.02508.

    The means are subtracted first. It is limited to -100..100 dB, so that values of perfect copies
    can be averaged; the sample rate is not used.

    Raises:
        UnmeasurableError: `clean` is constant.
    """
    check_pair(clean, enhanced)
    blocks = partial(_centred_blocks, clean, enhanced)
    energy = sum(float(reference @ reference) for reference, _ in blocks())
    if energy == 0:
        raise UnmeasurableError("SI-SDR needs a clean wave that is not constant")
    scale = sum(float(reference @ estimate) for reference, estimate in blocks()) / energy
    residuals = (estimate - scale * reference for reference, estimate in blocks())
    signal, noise = scale**2 * energy, sum(float(residual @ residual) for residual in residuals)
    ratio = signal / max(noise, signal * 1e-10, np.finfo(np.float64).tiny)
    return 10 * math.log10(max(ratio, 1e-10))


def _centred_blocks(clean: Wave, enhanced: Wave) -> Iterator[tuple[Block, Block]]:
    """Both without their means, in double precision, block by block, to save memory."""
    means = [wave.mean(dtype=np.float64) for wave in (clean, enhanced)]
    for start in range(0, len(clean), _BLOCK_SAMPLES):
        part = slice(start, start + _BLOCK_SAMPLES)
        reference, estimate = (w[part] - m for w, m in zip((clean, enhanced), means, strict=True))
        yield reference, estimate


def segmental_snr(clean: Wave, enhanced: Wave, sample_rate: int) -> float:
    """Mean over frames of the SNR in dB, each limited to -10..35 dB (Hansen & Pellom 1998).

    Frames last 30 ms and overlap by 75 %, as in `composite.m` of Loizou (2007). It depends on the
    level: the enhanced wave is not scaled to fit.

    Raises:
        UnmeasurableError: the waves are shorter than 38 ms.
    """

    def measure(clean: Block, enhanced: Block) -> Block:
        signal = np.square(clean).sum(axis=1)
        noise = np.square(clean - enhanced).sum(axis=1)
        snr = 10 * np.log10(signal / (noise + EPSILON) + EPSILON)
        return np.clip(snr, -10, 35)

    length = round(0.030 * sample_rate)
    return float(measure_frames(clean, enhanced, length, length // 4, measure).mean())


def log_spectral_distance(
    clean: Wave, enhanced: Wave, sample_rate: int, above: float = 0.0
) -> float:
    """Distance of the short-time power spectra in dB (Gray & Markel 1976); 0 is no difference.

    For each frame, the root mean square over frequency of the difference of the two power spectra
    in dB; then the mean over frames. Frames last 32 ms and overlap by half. Power is limited from
    below at 80 dB under the strongest bin of the clean wave: without a floor, digital silence would
    dominate.

    Args:
        above: the lowest frequency that counts, in Hz, below half the sample rate; the strongest
            bin is that of all frequencies.

    Raises:
        UnmeasurableError: `clean` is silent, or the waves are shorter than 48 ms.
    """
    length = round(0.032 * sample_rate)
    hop = length // 2
    counts = np.fft.rfftfreq(length, 1 / sample_rate) >= above
    if not clean.any():
        raise UnmeasurableError("log-spectral distance needs a clean wave that is not silent")

    def find_peak(clean: Block, _: Block) -> Block:
        return power_spectrum(clean).max(axis=1)

    def measure(clean: Block, enhanced: Block) -> Block:
        powers = (
            np.maximum(power_spectrum(frames)[:, counts], floor) for frames in (clean, enhanced)
        )
        difference = np.subtract(*(10 * np.log10(power) for power in powers))
        return np.sqrt(np.square(difference).mean(axis=1))

    floor = measure_frames(clean, clean, length, hop, find_peak).max() * 1e-8
    return float(measure_frames(clean, enhanced, length, hop, measure).mean())
