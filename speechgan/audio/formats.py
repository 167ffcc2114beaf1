"""File formats: extensions, containers, and the choice of a format similar to a given one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from speechgan.utils.errors import SpeechganError

Wave = np.ndarray[Any, np.dtype[Any]]
"""`(channel, sample)`, floating point, full scale at ±1."""

CONTAINERS = {
    ".aif": "AIFF",
    ".aifc": "AIFF",
    ".aiff": "AIFF",
    ".au": "AU",
    ".caf": "CAF",
    ".flac": "FLAC",
    ".mp3": "MP3",
    ".nist": "NIST",
    ".oga": "OGG",
    ".ogg": "OGG",
    ".opus": "OGG",
    ".rf64": "RF64",
    ".snd": "AU",
    ".sph": "NIST",
    ".w64": "W64",
    ".wav": "WAV",
}
AUDIO_EXTENSIONS = frozenset(CONTAINERS)
LOSSY_EXTENSIONS = frozenset({".mp3", ".oga", ".ogg", ".opus"})
WORDLESS = frozenset({"AU", "NIST", "W64"})
"""Containers in which libsndfile writes no comment."""

_WAV_FAMILY = ("WAV", "WAVEX", "RF64")
_FINER_THAN_16_BIT = ("PCM_24", "PCM_32", "FLOAT", "DOUBLE")
# Codecs with whole packets, which would lengthen the sound in another container than their own.
_BORROWED = ("IMA_ADPCM", "MS_ADPCM", "GSM610", "MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III")


@dataclass(frozen=True)
class Format:
    """The format of samples in a file, in libsndfile's names.

    Attributes:
        container: "WAV", "FLAC", "OGG" and so on.
        subtype: "PCM_16", "PCM_24", "FLOAT", "VORBIS" and so on.
    """

    container: str
    subtype: str


def choose_format(path: Path, like: Format | None = None) -> Format:
    """The format for a file of this name that loses least of `like`.

    Raises:
        SpeechganError: an extension that libsndfile does not write.
    """
    container = CONTAINERS.get(path.suffix.lower())
    if container is None:
        raise SpeechganError(
            f"{path}: cannot write files named *{path.suffix or ' without extension'}; "
            f"use one of {' '.join(sorted(AUDIO_EXTENSIONS))}"
        )
    default = "OPUS" if path.suffix.lower() == ".opus" else soundfile.default_subtype(container)
    if like is None:
        return Format(container, default)
    if container == "WAV" and like.container in _WAV_FAMILY:
        container = like.container
    if like.subtype not in _BORROWED and soundfile.check_format(container, like.subtype):
        return Format(container, like.subtype)
    if like.subtype in _FINER_THAN_16_BIT and soundfile.check_format(container, "PCM_24"):
        return Format(container, "PCM_24")
    return Format(container, default)
