"""Sound files and pipes: formats, reading, writing, resampling, level."""

from speechgan.audio.formats import (
    AUDIO_EXTENSIONS,
    CONTAINERS,
    LOSSY_EXTENSIONS,
    Format,
    Wave,
    choose_format,
)
from speechgan.audio.level import REFERENCE_LEVEL, bring_to_level, measure_level
from speechgan.audio.live_resampling import LiveResampler
from speechgan.audio.reading import Reader, read, require_finite
from speechgan.audio.resampling import Resampler, resample, resample_blocks
from speechgan.audio.writing import Writer, write

__all__ = [
    "AUDIO_EXTENSIONS",
    "CONTAINERS",
    "LOSSY_EXTENSIONS",
    "REFERENCE_LEVEL",
    "Format",
    "LiveResampler",
    "Reader",
    "Resampler",
    "Wave",
    "Writer",
    "bring_to_level",
    "choose_format",
    "measure_level",
    "read",
    "require_finite",
    "resample",
    "resample_blocks",
    "write",
]
