"""Data augmentation of single recordings: speed, pitch, formants and spectrum."""

import math

import numpy as np
import scipy.fft

N_FFT, HOP, QUEFRENCIES = 512, 128, 30


def change_speed(wave: np.ndarray, speed: float) -> np.ndarray:
    """Resamples a `(sample,)` wave, so that it is faster and higher, `speed` > 1, or the reverse.

    By FFT: from the roll-off of a resampling filter a network would learn that speech lacks the
    highest frequencies, which noise, if not resampled, has.
    """
    import scipy.signal  # takes two seconds, and trainings on pairs do not need it

    return scipy.signal.resample(wave, math.ceil(len(wave) / speed))


def change_formants(wave: np.ndarray, factor: float) -> np.ndarray:
    """Multiplies the formant frequencies of a `(sample,)` wave; pitch and tempo stay.

    Vocal tract length perturbation (Jaitly & Hinton 2013) of the wave itself: in each frame the
    spectral envelope, from the cepstrum below `QUEFRENCIES`, is stretched over frequency, and the
    harmonics keep their frequencies.
    """
    import scipy.signal

    window = scipy.signal.get_window("hann", N_FFT) ** 0.5
    transform = scipy.signal.ShortTimeFFT(
        window, HOP, fs=1, fft_mode="onesided", scale_to="magnitude"
    )
    spectrum = transform.stft(wave)
    level = np.abs(spectrum)
    # The floor of -60 dB keeps pauses between words out of the envelope.
    cepstrum = scipy.fft.irfft(np.log(level + 1e-3 * level.max() + 1e-9), axis=0)
    cepstrum[QUEFRENCIES : 1 - QUEFRENCIES] = 0
    envelope = scipy.fft.rfft(cepstrum, axis=0).real
    # Proportional up to 0.6 of the band, then linear so that the highest frequency stays.
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
    """Filters a `(sample,)` wave by gains in decibels, at frequencies that are denser below."""
    length = scipy.fft.next_fast_len(len(wave), real=True)
    places = np.linspace(0, 1, len(decibels)) ** 2
    gains = np.interp(np.linspace(0, 1, length // 2 + 1), places, decibels)
    shaped: np.ndarray = scipy.fft.irfft(scipy.fft.rfft(wave, length) * 10 ** (gains / 20), length)
    return shaped[: len(wave)].astype(wave.dtype)
