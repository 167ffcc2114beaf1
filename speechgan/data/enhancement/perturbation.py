"""One recording made into many: speed, pitch, formants and spectrum, changed."""

import math

import numpy as np
import scipy.fft

N_FFT, HOP, QUEFRENCIES = 512, 128, 30


def change_speed(wave: np.ndarray, speed: float) -> np.ndarray:
    """A `(sample,)` wave played faster, `speed` > 1, or slower, its voice higher or lower.

    Through its whole spectrum: the roll-off of a resampling filter would teach a network that
    speech has no top, while the noise, which is not resampled, has one.
    """
    import scipy.signal  # two seconds, which trainings on pairs do not take

    return scipy.signal.resample(wave, math.ceil(len(wave) / speed))


def change_formants(wave: np.ndarray, factor: float) -> np.ndarray:
    """A `(sample,)` wave whose resonances lie `factor` times as high; pitch and tempo stay.

    A vocal tract of another length, as vocal tract length perturbation has it (Jaitly & Hinton
    2013), done to the sound itself: in each frame the spectral envelope, the cepstrum below
    `QUEFRENCIES`, is stretched over frequency, and the harmonics under it keep their places.
    """
    import scipy.signal

    window = scipy.signal.get_window("hann", N_FFT) ** 0.5
    transform = scipy.signal.ShortTimeFFT(
        window, HOP, fs=1, fft_mode="onesided", scale_to="magnitude"
    )
    spectrum = transform.stft(wave)
    level = np.abs(spectrum)
    # The floor of -60 dB keeps the envelope from following the gaps between words.
    cepstrum = scipy.fft.irfft(np.log(level + 1e-3 * level.max() + 1e-9), axis=0)
    cepstrum[QUEFRENCIES : 1 - QUEFRENCIES] = 0
    envelope = scipy.fft.rfft(cepstrum, axis=0).real
    # Up to 0.6 of the band in proportion, then so that the top of the band stays the top.
    top = len(envelope) - 1
    bend = 0.6 * top * min(factor, 1.0)
    place = np.interp(np.arange(top + 1), [0, bend, top], [0, bend / factor, top])
    below = np.minimum(place.astype(int), top - 1)
    share = (place - below)[:, None]
    stretched = (1 - share) * envelope[below] + share * envelope[below + 1]
    gain = np.exp(np.clip(stretched - envelope, -2.5, 2.5))
    changed: np.ndarray = transform.istft(spectrum * gain, k1=len(wave))
    return changed.astype(wave.dtype)


def shape_spectrum(wave: np.ndarray, decibels: np.ndarray) -> np.ndarray:
    """A `(sample,)` wave with gains, in decibels, at places that lie closer in the bass."""
    length = scipy.fft.next_fast_len(len(wave), real=True)
    places = np.linspace(0, 1, len(decibels)) ** 2
    gains = np.interp(np.linspace(0, 1, length // 2 + 1), places, decibels)
    shaped: np.ndarray = scipy.fft.irfft(scipy.fft.rfft(wave, length) * 10 ** (gains / 20), length)
    return shaped[: len(wave)].astype(wave.dtype)
