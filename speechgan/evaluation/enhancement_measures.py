"""The measures of enhancement; their parameters are attributes of `enhancement.Comparison`."""

from speechgan.evaluation.measure import measure
from speechgan.evaluation.opinions import DNSMOS
from speechgan.metrics import intrusive
from speechgan.metrics import sharpness as blur
from speechgan.metrics.composite import Basics, rate
from speechgan.metrics.framing import Wave


@measure("PESQ-WB", better="higher")
def pesq(basics: Basics) -> float:
    """Perceived quality, 1 to 4.64 (ITU-T P.862.2)."""
    return basics.pesq


@measure("CSIG", better="higher")
def csig(basics: Basics) -> float:
    """Speech undistorted, 1 to 5 (Hu & Loizou 2008)."""
    return rate(basics).csig


@measure("CBAK", better="higher")
def cbak(basics: Basics) -> float:
    """Background unobtrusive, 1 to 5 (Hu & Loizou 2008)."""
    return rate(basics).cbak


@measure("COVL", better="higher")
def covl(basics: Basics) -> float:
    """Overall quality, 1 to 5 (Hu & Loizou 2008)."""
    return rate(basics).covl


@measure("STOI", better="higher", digits=3)
def stoi(clean: Wave, enhanced: Wave, sample_rate: int) -> float:
    """Intelligibility, 0 to 1 (Taal et al. 2011)."""
    return intrusive.stoi(clean, enhanced, sample_rate)


@measure("ESTOI", better="higher", digits=3)
def estoi(clean: Wave, enhanced: Wave, sample_rate: int) -> float:
    """Intelligibility, 0 to 1 (Jensen & Taal 2016)."""
    return intrusive.estoi(clean, enhanced, sample_rate)


@measure("SI-SDR", better="higher", unit="dB", digits=1)
def si_sdr(clean: Wave, enhanced: Wave, sample_rate: int) -> float:
    """Speech over all error (Le Roux et al. 2019)."""
    return intrusive.si_sdr(clean, enhanced, sample_rate)


@measure("segSNR", better="higher", unit="dB", digits=1)
def segmental_snr(basics: Basics) -> float:
    """Mean SNR of frames, each -10 to 35 dB."""
    return basics.segmental_snr


@measure("LSD", better="lower", unit="dB", digits=1)
def log_spectral_distance(clean: Wave, enhanced: Wave, sample_rate: int) -> float:
    """Distance of the log spectra."""
    return intrusive.log_spectral_distance(clean, enhanced, sample_rate)


@measure("Sharpness", better="one")
def sharpness(clean: Wave, enhanced: Wave, sample_rate: int) -> float:
    """Local log-spectral variance over the clean's."""
    return blur.sharpness(clean, enhanced, sample_rate)


MEASURES = (
    pesq,
    csig,
    cbak,
    covl,
    stoi,
    estoi,
    si_sdr,
    segmental_snr,
    log_spectral_distance,
    sharpness,
    *DNSMOS,
)
"""All, in the order of the tables."""
