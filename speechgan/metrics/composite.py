"""Composite measures: predicted listeners' ratings of signal, background and overall quality.

Hu & Loizou, "Evaluation of objective quality measures for speech enhancement", IEEE Transactions
on Audio, Speech, and Language Processing 16(1), 2008, computed as their `composite.m` does.
"""

from typing import NamedTuple

import numpy as np

from speechgan.metrics.framing import Block, Wave, measure_frames, power_spectrum
from speechgan.metrics.intrusive import pesq_wb, segmental_snr

# Centres and widths of the critical bands, in Hz. They end at 4 kHz whatever the sample rate.
_CRITICAL_BANDS = np.array(
    [
        (50, 70),
        (120, 70),
        (190, 70),
        (260, 70),
        (330, 70),
        (400, 70),
        (470, 70),
        (540, 77.3724),
        (617.372, 86.0056),
        (703.378, 95.3398),
        (798.717, 105.411),
        (904.128, 116.256),
        (1020.38, 127.914),
        (1148.30, 140.423),
        (1288.72, 153.823),
        (1442.54, 168.154),
        (1610.70, 183.457),
        (1794.16, 199.776),
        (1993.93, 217.153),
        (2211.08, 235.631),
        (2446.71, 255.255),
        (2701.97, 276.072),
        (2978.04, 298.126),
        (3276.17, 321.465),
        (3597.63, 346.136),
    ]
)


class Composite(NamedTuple):
    """Predicted ratings from 1 (bad) to 5 (excellent)."""

    csig: float
    """Signal: is the speech itself undistorted?"""
    cbak: float
    """Background: is it unobtrusive?"""
    covl: float
    """Overall."""


class Basics(NamedTuple):
    """The measures that the composite ones are regressed from."""

    pesq: float
    """Wide-band PESQ, as throughout the literature on VoiceBank+DEMAND."""
    llr: float
    """Log-likelihood ratio."""
    wss: float
    """Weighted spectral slope distance."""
    segmental_snr: float
    """In dB."""


def measure_basics(clean: Wave, enhanced: Wave, sample_rate: int) -> Basics:
    """The four basic measures of two waves `(sample,)` at 16000 Hz, full scale at 1.

    Raises:
        UnmeasurableError: see `intrusive.pesq_wb`.
    """
    pair = (clean, enhanced, sample_rate)
    return Basics(
        pesq_wb(*pair),
        log_likelihood_ratio(*pair),
        weighted_spectral_slope(*pair),
        segmental_snr(*pair),
    )


def rate(basics: Basics) -> Composite:
    """The three regressions of Hu & Loizou on four basic measures, limited to 1..5."""
    pesq, llr, wss, ssnr = basics
    csig = 3.093 - 1.029 * llr + 0.603 * pesq - 0.009 * wss
    cbak = 1.634 + 0.478 * pesq - 0.007 * wss + 0.063 * ssnr
    covl = 1.594 + 0.805 * pesq - 0.512 * llr - 0.007 * wss
    return Composite(*(min(max(rating, 1.0), 5.0) for rating in (csig, cbak, covl)))


def log_likelihood_ratio(clean: Wave, enhanced: Wave, sample_rate: int) -> float:
    """Log ratio of linear prediction errors on the clean wave; 0 is no difference.

    The error that the enhanced wave's predictor makes on the clean wave, over the error of the
    clean wave's own predictor. Order 16 (10 below 10 kHz), frames of 30 ms that overlap by 75 %,
    mean of the best 95 % of the frames.

    Raises:
        UnmeasurableError: the waves are shorter than 38 ms.
    """
    order = 10 if sample_rate < 10000 else 16
    lags = np.abs(np.subtract.outer(np.arange(order + 1), np.arange(order + 1)))

    def measure(clean: Block, enhanced: Block) -> Block:
        correlation = autocorrelate(clean, order)
        matrix = correlation[:, lags]
        # In an almost constant frame the error is a rounding error, and may be negative.
        least = correlation[:, 0] * 1e-12
        own, other = (
            np.maximum(np.einsum("fi,fij,fj->f", error_filter, matrix, error_filter), least)
            for error_filter in (
                solve_levinson(correlation),
                solve_levinson(autocorrelate(enhanced, order)),
            )
        )
        return np.log(other / own)

    length = round(0.030 * sample_rate)
    return _mean_of_best(measure_frames(clean, enhanced, length, length // 4, measure))


def weighted_spectral_slope(clean: Wave, enhanced: Wave, sample_rate: int) -> float:
    """Distance of the slopes of two critical-band spectra (Klatt 1982); 0 is no difference.

    25 bands up to 4 kHz, frames of 30 ms that overlap by 75 %, mean of the best 95 % of the
    frames. Slopes near spectral peaks weigh most.

    Raises:
        UnmeasurableError: the waves are shorter than 38 ms.
    """
    length = round(0.030 * sample_rate)
    n_fft = 2 ** int(np.ceil(np.log2(2 * length)))
    bands = make_critical_bands(n_fft, sample_rate)

    def measure(clean: Block, enhanced: Block) -> Block:
        slopes, weights = [], []
        for frames in (clean, enhanced):
            energy = power_spectrum(frames, n_fft)[:, : n_fft // 2] @ bands.T
            level = 10 * np.log10(np.maximum(energy, 1e-10))
            slope = np.diff(level)
            below_peak = level.max(axis=1, keepdims=True) - level[:, :-1]
            below_local_peak = find_local_peaks(level, slope) - level[:, :-1]
            slopes.append(slope)
            weights.append(20 / (20 + below_peak) / (1 + below_local_peak))
        weight = weights[0] + weights[1]
        return (weight * np.square(slopes[0] - slopes[1])).sum(axis=1) / weight.sum(axis=1)

    return _mean_of_best(measure_frames(clean, enhanced, length, length // 4, measure))


def make_critical_bands(n_fft: int, sample_rate: int) -> Block:
    """Gaussian filters of equal area, zero below -30 dB: `(band, frequency)`, `n_fft / 2` bins."""
    centres, widths = (_CRITICAL_BANDS * n_fft / sample_rate).T[..., None]
    distance = (np.arange(n_fft // 2) - np.floor(centres)) / widths
    filters = np.exp(-11 * np.square(distance)) * widths[0] / widths
    # composite.m has 2.303 for ln 10; more digits would give other filters.
    return np.where(filters > np.exp(-30 / (2 * 2.303)), filters, 0)


def find_local_peaks(level: Block, slope: Block) -> Block:
    """Level of the peak that each slope leads up to: `(frame, band - 1)`.

    On a rising slope it is the level of the last band before the peak, as in `composite.m`, which
    the coefficients of the regressions were fitted to.
    """
    peaks = level[:, :-1].copy()
    for band in range(1, slope.shape[1]):
        descends = (slope[:, band] <= 0) & (slope[:, band - 1] <= 0)
        peaks[descends, band] = peaks[descends, band - 1]
    for band in range(slope.shape[1] - 2, -1, -1):
        rises = (slope[:, band] > 0) & (slope[:, band + 1] > 0)
        peaks[rises, band] = peaks[rises, band + 1]
    return peaks


def autocorrelate(frames: Block, order: int) -> Block:
    """Autocorrelation at the lags 0..order: `(frame, sample)` to `(frame, lag)`."""
    length = frames.shape[1]
    products = (
        np.einsum("fs,fs->f", frames[:, : length - lag], frames[:, lag:])
        for lag in range(order + 1)
    )
    return np.stack(list(products), axis=1)


def solve_levinson(correlation: Block) -> Block:
    """Prediction error filters by the Levinson-Durbin recursion.

    Args:
        correlation: autocorrelations `(frame, order + 1)`, positive at lag 0.

    Returns:
        Filters `(frame, order + 1)` that begin with 1.
    """
    error_filter = np.zeros_like(correlation)
    error_filter[:, 0] = 1
    error = correlation[:, 0].copy()
    for order in range(1, correlation.shape[1]):
        history = error_filter[:, :order]
        reflection = (history * correlation[:, order:0:-1]).sum(axis=1) / error
        error_filter[:, 1 : order + 1] -= reflection[:, None] * history[:, ::-1]
        # By rounding, the residual error of a constant frame could be zero or negative.
        error = np.maximum(error * (1 - np.square(reflection)), correlation[:, 0] * 1e-15)
    return error_filter


def _mean_of_best(values: Block) -> float:
    """Mean without the worst 5 % of the frames, as in `composite.m`."""
    # MATLAB rounds halves up, and Python to the even number.
    best = int(len(values) * 0.95 + 0.5)
    return float(np.sort(values)[:best].mean())
