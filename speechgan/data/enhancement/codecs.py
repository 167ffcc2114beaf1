"""Simulation of telephone and music codecs."""

import io

import numpy as np
import soundfile
import soxr

# Container, subtype, and sample rate of the codec; None is the recording's own.
CODECS: dict[str, tuple[str, str, int | None]] = {
    "mu-law": ("WAV", "ULAW", 8000),
    "a-law": ("WAV", "ALAW", 8000),
    "gsm": ("WAV", "GSM610", 8000),
    "adpcm": ("WAV", "IMA_ADPCM", None),
    "vorbis": ("OGG", "VORBIS", None),
    "opus": ("OGG", "OPUS", None),
    "mp3": ("MP3", "MPEG_LAYER_III", None),
}
COMPRESSED = ("OGG", "MP3")


def pass_through_codec(
    wave: np.ndarray, sample_rate: int, codec: str, compression: float = 0.8
) -> np.ndarray:
    """A wave encoded and decoded, aligned with the input.

    Args:
        wave: `(sample,)`, full scale at ±1; louder samples are clipped.
        sample_rate: in Hz; 8, 12, 16, 24 or 48 kHz for Opus.
        codec: a key of `CODECS`.
        compression: for Vorbis, Opus and MP3, from 0, the best quality, to 1, the smallest file.

    Returns:
        The same shape, float32. Telephone codecs leave nothing above 4 kHz.
    """
    container, subtype, rate = CODECS[codec]
    # The MP3 encoder refuses a level of 1.
    level = min(compression, 0.99) if container in COMPRESSED else None
    sent = wave if rate is None else soxr.resample(wave, sample_rate, rate)
    memory = io.BytesIO()
    with soundfile.SoundFile(
        memory, "w", rate or sample_rate, 1, subtype, format=container, compression_level=level
    ) as file:
        file.write(np.clip(sent, -1, 1))
    memory.seek(0)
    decoded, _ = soundfile.read(memory, dtype="float32")
    if rate is not None:
        decoded = soxr.resample(decoded, rate, sample_rate)
    return _fit(decoded, len(wave))


def narrow(wave: np.ndarray, sample_rate: int, codec: str) -> np.ndarray:
    """Limits a `(sample,)` wave to the band of a codec's sample rate, without the codec."""
    rate = CODECS[codec][2]
    return wave if rate is None else resample_through(wave, sample_rate, rate)


def resample_through(wave: np.ndarray, sample_rate: int, rate: int) -> np.ndarray:
    """Resamples a `(sample,)` wave to another rate, in hertz, and back."""
    there = soxr.resample(wave, sample_rate, rate)
    return _fit(soxr.resample(there, rate, sample_rate), len(wave))


def _fit(wave: np.ndarray, samples: int) -> np.ndarray:
    """Cuts or pads to a length, as codecs round it up to whole frames."""
    return np.pad(wave[:samples], (0, max(0, samples - len(wave))))
