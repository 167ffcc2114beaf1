"""All recordings of one role as one file of samples, decoded once."""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np

from speechgan.data.manifest import Recording
from speechgan.data.stores import Store, decode
from speechgan.utils.errors import SpeechganError
from speechgan.utils.files import remove_abandoned, replace_whole, write_whole

REMEDY = "choose another folder with data.cache=DIR"

HEADER = 128
"""Bytes before the samples in a file of `numpy.save`."""


class WaveStore(Store):
    """Mono 16-bit waves at one sample rate, one after the other in a file.

    Decoding and resampling thousands of files each epoch takes longer than training a small
    network on them; here a random crop takes one read. The file's name is a hash of the
    recordings' paths, sizes and modification times, so that changed data is decoded again.

    Which recordings are left out, as they cannot be read, is stored with the samples, so that a
    resumed run draws from the same recordings.

    Args:
        recordings: what to hold, in this order.
        root: what their paths are relative to.
        sample_rate: in hertz.
        folder: where the decoded file is kept.

    Attributes:
        kept: which of the requested recordings are not left out, `(recording,)` bool.
        recordings: those.
        lengths: of each of them, in samples.

    Raises:
        SpeechganError: none of the recordings can be read, or the folder cannot be written.
    """

    def __init__(
        self, recordings: Sequence[Recording], root: Path, sample_rate: int, folder: Path
    ) -> None:
        stats = [(r.path, *_size_and_time(root / r.path)) for r in recordings]
        key = json.dumps([sample_rate, str(root.resolve()), stats])
        self.path = folder / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.npy"
        found = self._look_up(len(stats)) or self._decode(
            [root / r.path for r in recordings], sample_rate
        )
        super().__init__(recordings, root, sample_rate, found)
        self.starts = np.cumsum(self.lengths) - self.lengths

    def _read(self, index: int, start: int, count: int) -> np.ndarray:
        place = HEADER + 2 * (int(self.starts[index]) + start)
        try:
            # Not memory-mapped: if a mapped file is truncated, a signal ends the process.
            part = np.fromfile(self.path, np.int16, count, offset=place)
        except OSError:
            part = np.zeros(0, np.int16)
        if len(part) < count:
            raise SpeechganError(
                f"{self.path}: decoded recordings are gone or damaged; the same command with "
                "--resume decodes them anew and goes on"
            )
        return part

    def select(self, chosen: np.ndarray) -> Self:
        other = super().select(chosen)
        other.starts = self.starts[chosen]
        return other

    def _look_up(self, count: int) -> list[int | str] | None:
        """If decoded already: the length of each recording, or why it is left out."""
        try:
            found = json.loads(self.path.with_suffix(".json").read_text("utf-8"))
            samples = sum(x for x in found if isinstance(x, int))
            whole = self.path.stat().st_size == HEADER + 2 * samples
            return found if whole and len(found) == count else None
        except (OSError, ValueError, TypeError):
            return None

    def _decode(self, paths: Sequence[Path], sample_rate: int) -> list[int | str]:
        found: list[int | str] = []
        remove_abandoned(self.path.parent)
        with replace_whole(self.path, REMEDY) as beside, beside.open("wb") as file:
            file.write(bytes(HEADER))
            # One after the other, as a large corpus need not fit into memory.
            for path in paths:
                try:
                    wave = decode(path, sample_rate)
                except SpeechganError as error:
                    found.append(str(error))
                    continue
                file.write(wave.tobytes())
                found.append(len(wave))
            file.seek(0)
            shape = (sum(x for x in found if isinstance(x, int)),)
            kind = np.lib.format.dtype_to_descr(np.dtype(np.int16))
            header = {"descr": kind, "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
        write_whole(self.path.with_suffix(".json"), json.dumps(found), REMEDY)
        return found


def _size_and_time(path: Path) -> tuple[int, int]:
    """Size and modification time in nanoseconds; -1 twice for what cannot be read."""
    try:
        stat = path.stat()
    except OSError:
        return -1, -1
    return (stat.st_size, stat.st_mtime_ns) if os.access(path, os.R_OK) else (-1, -1)
