"""DNSMOS: listeners' ratings predicted by a network, without a clean reference."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from speechgan.metrics.framing import Wave
from speechgan.utils.errors import SpeechganError, UnmeasurableError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

_SAMPLE_RATE = 16000
_SEGMENT = int(9.01 * _SAMPLE_RATE)

# Polynomials of the authors that map the network's outputs to the scale of ITU-T P.835.
_SIGNAL = np.poly1d([-0.08397278, 1.22083953, 0.0052439])
_BACKGROUND = np.poly1d([-0.13166888, 1.60915514, -0.39604546])
_OVERALL = np.poly1d([-0.06766283, 1.11546468, 0.04602535])


class Dnsmos(NamedTuple):
    """Predicted mean opinions of ITU-T P.835, from 1 (bad) to 5 (excellent)."""

    signal: float
    """SIG: is the speech itself undistorted?"""
    background: float
    """BAK: is the background unobtrusive?"""
    overall: float
    """OVRL."""


def dnsmos(wave: Wave, sample_rate: int) -> Dnsmos:
    """DNSMOS P.835 (Reddy, Gopal & Cutler 2022, arXiv:2110.01763), on one thread.

    The network's input is 9.01 s. Shorter waves are repeated, longer ones are rated in windows that
    begin every second, and the mean is returned, as in the authors' script.

    Args:
        wave: `(sample,)`, full scale at 1; what exceeds full scale is clipped.
        sample_rate: 16000.

    Raises:
        UnmeasurableError: the wave is empty, or not finite.
        SpeechganError: the package with the network is not installed.
        ValueError: the sample rate is not 16000.
    """
    if sample_rate != _SAMPLE_RATE:
        raise ValueError(f"DNSMOS is defined at {_SAMPLE_RATE} Hz, not at {sample_rate}")
    if not (len(wave) and np.isfinite(wave).all()):
        raise UnmeasurableError("DNSMOS needs finite samples")
    while len(wave) < _SEGMENT:
        wave = np.concatenate([wave, wave])
    session = _load_network()
    ratings = []
    for second in range(int(len(wave) // _SAMPLE_RATE - 9.01) + 1):
        segment = np.clip(wave[second * _SAMPLE_RATE :][:_SEGMENT], -1, 1).astype(np.float32)
        signal, background, overall = session.run(None, {"input_1": segment[None]})[0][0]
        ratings.append((_SIGNAL(signal), _BACKGROUND(background), _OVERALL(overall)))
    return Dnsmos(*(float(rating) for rating in np.mean(ratings, axis=0)))


@cache
def _load_network() -> "InferenceSession":
    import onnxruntime

    # Not the package's own function, which imports librosa, loads a second network, uses a thread
    # for each core, and prints a progress bar.
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(
        str(network_path()), options, providers=["CPUExecutionProvider"]
    )


def network_path() -> Path:
    """The path of the network, as ONNX, in the package `speechmos`.

    Raises:
        SpeechganError: the package is not installed.
    """
    package = find_spec("speechmos")
    if package is None or not package.submodule_search_locations:
        raise SpeechganError("DNSMOS needs the package speechmos: pip install speechmos")
    return Path(package.submodule_search_locations[0], "dnsmos_models", "sig_bak_ovr.onnx")
