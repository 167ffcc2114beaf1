"""All measures of one recording, and what a table needs to know to print them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from speechgan.metrics.composite import log_likelihood_ratio, rate, weighted_spectral_slope
from speechgan.metrics.dnsmos import dnsmos
from speechgan.metrics.framing import Wave
from speechgan.metrics.intrusive import (
    estoi,
    log_spectral_distance,
    pesq_wb,
    segmental_snr,
    si_sdr,
    stoi,
)
from speechgan.metrics.sharpness import sharpness

SAMPLE_RATE = 16000
Scores = dict[str, float]


@dataclass(frozen=True)
class Measure:
    """A column of the tables.

    Attributes:
        key: its name in `Scores`, JSON and CSV.
        title: its name for people.
        unit: empty where there is none.
        digits: printed after the point.
        better: which way is better; `one` means nearer to 1, `zero` nearer to 0.
        meaning: one line.
    """

    key: str
    title: str
    unit: str
    digits: int
    better: Literal["higher", "lower", "one", "zero"]
    meaning: str


MEASURES = (
    Measure("pesq", "PESQ-WB", "", 2, "higher", "perceived quality, 1 to 4.64 (ITU-T P.862.2)"),
    Measure("csig", "CSIG", "", 2, "higher", "speech undistorted, 1 to 5 (Hu & Loizou 2008)"),
    Measure("cbak", "CBAK", "", 2, "higher", "background unobtrusive, 1 to 5 (Hu & Loizou 2008)"),
    Measure("covl", "COVL", "", 2, "higher", "overall quality, 1 to 5 (Hu & Loizou 2008)"),
    Measure("stoi", "STOI", "", 3, "higher", "intelligibility, 0 to 1 (Taal et al. 2011)"),
    Measure("estoi", "ESTOI", "", 3, "higher", "intelligibility, 0 to 1 (Jensen & Taal 2016)"),
    Measure("si_sdr", "SI-SDR", "dB", 1, "higher", "speech over all error (Le Roux et al. 2019)"),
    Measure("segmental_snr", "segSNR", "dB", 1, "higher", "mean SNR of frames, each -10 to 35 dB"),
    Measure("log_spectral_distance", "LSD", "dB", 1, "lower", "distance of the log spectra"),
    Measure("sharpness", "Sharpness", "", 2, "one", "local log-spectral variance over the clean's"),
    Measure("dnsmos_signal", "DNSMOS SIG", "", 2, "higher", "speech undistorted, 1 to 5"),
    Measure("dnsmos_background", "DNSMOS BAK", "", 2, "higher", "background unobtrusive, 1 to 5"),
    Measure("dnsmos_overall", "DNSMOS OVRL", "", 2, "higher", "overall quality, 1 to 5"),
)


def score(clean: Wave, enhanced: Wave, with_dnsmos: bool = True) -> Scores:
    """Every measure of `MEASURES`, in that order, by its key.

    Args:
        clean: reference, `(channel, sample)` at 16 kHz, full scale at 1.
        enhanced: what is judged, of the same shape. Each channel is compared with its own
            reference; the scores are means over channels.
        with_dnsmos: whether to run DNSMOS too, which takes longer than all others together.

    Raises:
        UnmeasurableError: a measure is not defined for a channel.
    """
    channels = [
        _score_channel(*pair, with_dnsmos=with_dnsmos) for pair in zip(clean, enhanced, strict=True)
    ]
    return {key: float(np.mean([scores[key] for scores in channels])) for key in channels[0]}


def _score_channel(clean: Wave, enhanced: Wave, with_dnsmos: bool) -> Scores:
    pair = (clean, enhanced, SAMPLE_RATE)
    pesq, ssnr = pesq_wb(*pair), segmental_snr(*pair)
    ratings = rate(pesq, log_likelihood_ratio(*pair), weighted_spectral_slope(*pair), ssnr)
    scores = {
        "pesq": pesq,
        "csig": ratings.csig,
        "cbak": ratings.cbak,
        "covl": ratings.covl,
        "stoi": stoi(*pair),
        "estoi": estoi(*pair),
        "si_sdr": si_sdr(*pair),
        "segmental_snr": ssnr,
        "log_spectral_distance": log_spectral_distance(*pair),
        "sharpness": sharpness(*pair),
    }
    if with_dnsmos:
        opinions = dnsmos(enhanced, SAMPLE_RATE)
        scores["dnsmos_signal"] = opinions.signal
        scores["dnsmos_background"] = opinions.background
        scores["dnsmos_overall"] = opinions.overall
    return scores
