"""All recordings of one role as one file of samples, decoded once."""

import copy
import hashlib
import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soxr

from speechgan import audio
from speechgan.data.manifest import Recording
from speechgan.utils.errors import SpeechganError
from speechgan.utils.files import remove_abandoned, replace_whole, write_whole

REMEDY = "choose another folder with data.cache=DIR"

HEADER = 128
"""Bytes before the samples in a file of `numpy.save`."""

log = logging.getLogger(__name__)


class WaveStore:
    """Mono 16-bit waves at one sample rate, one after the other in a file.

    Decoding and resampling thousands of files each epoch costs more than training a small
    network on them; from here a random crop costs one read. The file's name is a hash of the
    recordings' paths, sizes and times of change, so that changed data is decoded again.

    A recording that cannot be read is left out, and named in a warning each time. What is left out
    is kept with the samples, so that a run that goes on draws from the same recordings.

    Args:
        recordings: what to hold, in this order.
        root: what their paths are relative to.
        sample_rate: in hertz.
        folder: where the decoded file is kept.

    Attributes:
        kept: which of the recordings that were asked for are there, `(recording,)` bool.
        recordings: those.
        lengths: of each of them, in samples.

    Raises:
        SpeechganError: none of the recordings can be read, or the folder cannot be written.
    """

    def __init__(
        self, recordings: Sequence[Recording], root: Path, sample_rate: int, folder: Path
    ) -> None:
        self.sample_rate = sample_rate
        stats = [(r.path, *_size_and_time(root / r.path)) for r in recordings]
        key = json.dumps([sample_rate, str(root.resolve()), stats])
        self.path = folder / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.npy"
        found = self._look_up(len(stats)) or self._decode([root / r.path for r in recordings])
        for problem in dict.fromkeys(x for x in found if isinstance(x, str)):
            log.warning("left out: %s", problem)
        self.kept = np.array([isinstance(x, int) for x in found], dtype=bool)
        self.recordings = [r for r, kept in zip(recordings, self.kept, strict=True) if kept]
        if recordings and not self.recordings:
            what = " ".join(filter(None, (recordings[0].split, recordings[0].role)))
            raise SpeechganError(
                f"{root}: none of the {len(recordings)} {what} recordings can be read; "
                "mend those that are named above, or add others"
            )
        self.lengths = np.array([x for x in found if isinstance(x, int)], dtype=np.int64)
        self.starts = np.cumsum(self.lengths) - self.lengths

    def __len__(self) -> int:
        return len(self.recordings)

    def __getitem__(self, index: int) -> np.ndarray:
        """One whole recording, `(sample,)` float32 in [-1, 1]."""
        return self.crop(index, 0, int(self.lengths[index]))

    def crop(self, index: int, start: int, samples: int) -> np.ndarray:
        """Part of a recording, shorter where the recording ends before.

        Raises:
            SpeechganError: the decoded file is gone or damaged.
        """
        count = max(0, min(samples, int(self.lengths[index]) - start))
        place = HEADER + 2 * (int(self.starts[index]) + start)
        try:
            # Read and not mapped into memory: a mapped file that is cut ends the process.
            part = np.fromfile(self.path, np.int16, count, offset=place)
        except OSError:
            part = np.zeros(0, np.int16)
        if len(part) < count:
            raise SpeechganError(
                f"{self.path}: decoded recordings are gone or damaged; the same command with "
                "--resume decodes them anew and goes on"
            )
        return part.astype(np.float32) / 32768

    def select(self, chosen: np.ndarray) -> "WaveStore":
        """The same store with these of its recordings only, `(recording,)` bool."""
        other = copy.copy(self)
        other.recordings = [r for r, wanted in zip(self.recordings, chosen, strict=True) if wanted]
        other.lengths, other.starts = self.lengths[chosen], self.starts[chosen]
        return other

    def _look_up(self, count: int) -> list[int | str] | None:
        """What is decoded already: the length of each recording, or why it is left out."""
        try:
            found = json.loads(self.path.with_suffix(".json").read_text("utf-8"))
            samples = sum(x for x in found if isinstance(x, int))
            whole = self.path.stat().st_size == HEADER + 2 * samples
            return found if whole and len(found) == count else None
        except (OSError, ValueError, TypeError):
            return None

    def _decode(self, paths: Sequence[Path]) -> list[int | str]:
        waves: list[np.ndarray] = []
        found: list[int | str] = []
        for path in paths:
            try:
                waves.append(self._read(path))
                found.append(len(waves[-1]))
            except SpeechganError as error:
                found.append(str(error))
        remove_abandoned(self.path.parent)
        write_whole(self.path.with_suffix(".json"), json.dumps(found), REMEDY)
        with replace_whole(self.path, REMEDY) as beside, beside.open("wb") as file:
            np.save(file, np.concatenate(waves) if waves else np.zeros(0, np.int16))
        return found

    def _read(self, path: Path) -> np.ndarray:
        wave, rate = audio.read(path)
        mono = wave.mean(0)
        if rate != self.sample_rate:
            mono = soxr.resample(mono, rate, self.sample_rate)
        if not len(mono):
            raise SpeechganError(
                f"{path}: shorter than a sample at {self.sample_rate} Hz; leave it out"
            )
        return np.clip(np.round(mono * 32768), -32768, 32767).astype(np.int16)


def _size_and_time(path: Path) -> tuple[int, int]:
    """What changes when a file does; of what cannot be read, a value of no file."""
    try:
        stat = path.stat()
    except OSError:
        return -1, -1
    return (stat.st_size, stat.st_mtime_ns) if os.access(path, os.R_OK) else (-1, -1)
