"""Checks of visitors' uploads."""

import os
from pathlib import Path

from speechgan.audio import Reader
from speechgan.service.limits import Limits, weigh
from speechgan.utils.errors import SpeechganError

# Tolerance in seconds for equal lengths: a codec's padding, a resampler's rounding.
SLACK = 0.05


def accept(upload: str | None, limits: Limits, what: str = "recording") -> tuple[Path, float]:
    """Checks a recording; its path, and its length in seconds.

    Args:
        upload: path of the file; None if the visitor gave none.
        limits: of its length.
        what: its name in the message if it is missing.

    Raises:
        SpeechganError: none, removed, not audio, empty, too long, or digital silence throughout.
    """
    if upload is None:
        raise SpeechganError(f"{what}: none is given; upload or record one")
    path = Path(upload)
    if not path.exists():
        raise SpeechganError(f"{path}: not kept any longer; upload or record it again")
    os.utime(path)  # Gradio removes files by their age
    with Reader(path) as reader:
        if weigh(reader.samples, reader.sample_rate, reader.channels) > limits.sound_seconds:
            raise SpeechganError(
                f"{path}: longer than {limits.sound_seconds:g} s, its channels counted one after "
                "the other; cut it in parts"
            )
        if not any(block.any() for block in reader.blocks(reader.sample_rate)):
            raise SpeechganError(
                f"{path}: digital silence; check the microphone, or choose another recording"
            )
        return path, reader.samples / reader.sample_rate


def accept_reference(upload: str | None, seconds: float, limits: Limits) -> Path | None:
    """Checks a clean recording of the same speech; its path, or None without one.

    Args:
        upload: path of the file; None if there is none.
        seconds: length of the recording that it belongs to.
        limits: of its length.

    Raises:
        SpeechganError: see `accept`; or it has another length.
    """
    if upload is None:
        return None
    path, own = accept(upload, limits)
    if abs(own - seconds) > SLACK:
        raise SpeechganError(
            f"{path}: {own:.2f} s long, and the recording {seconds:.2f} s; a reference is the same "
            "recording without its noise"
        )
    return path
