"""All recordings of one role as one block of memory-mapped samples, decoded once."""

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import soxr

from speechgan import audio
from speechgan.data.manifest import Recording
from speechgan.utils.errors import SpeechganError
from speechgan.utils.files import replace_whole, write_whole

REMEDY = "choose another folder with data.cache=DIR"


class WaveStore:
    """Mono 16-bit waves at one sample rate, one after the other in a memory-mapped file.

    Decoding and resampling thousands of files each epoch costs more than training a small
    network on them; from here a random crop costs a page fault. The file's name is a hash of the
    recordings' paths, sizes and times of change, so that changed data is decoded again.

    Args:
        recordings: what to hold, in this order.
        root: what their paths are relative to.
        sample_rate: in hertz.
        folder: where the decoded file is kept.

    Raises:
        SpeechganError: a recording cannot be read, or the folder cannot be written.
    """

    def __init__(
        self, recordings: Sequence[Recording], root: Path, sample_rate: int, folder: Path
    ) -> None:
        self.recordings = list(recordings)
        self.sample_rate = sample_rate
        stats = [(r.path, *_size_and_time(root / r.path)) for r in self.recordings]
        key = json.dumps([sample_rate, str(root.resolve()), stats])
        self.path = folder / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.npy"
        lengths_path = self.path.with_suffix(".json")
        if not self._is_whole(lengths_path):
            self._decode(root, lengths_path)
        self.lengths = np.array(json.loads(lengths_path.read_text()), dtype=np.int64)
        self.starts = np.concatenate([[0], np.cumsum(self.lengths)])

    @cached_property
    def samples(self) -> np.ndarray:
        """All recordings in a row, `(sample,)` int16, mapped from disk on first use."""
        return np.load(self.path, mmap_mode="r")

    def __getstate__(self) -> dict[str, object]:
        """Without the samples: a worker process maps the file itself."""
        return {k: v for k, v in self.__dict__.items() if k != "samples"}

    def __len__(self) -> int:
        return len(self.recordings)

    def __getitem__(self, index: int) -> np.ndarray:
        """One whole recording, `(sample,)` float32 in [-1, 1]."""
        return self.crop(index, 0, int(self.lengths[index]))

    def crop(self, index: int, start: int, samples: int) -> np.ndarray:
        """Part of a recording, shorter where the recording ends before."""
        start = int(self.starts[index]) + start
        stop = min(start + samples, int(self.starts[index + 1]))
        return self.samples[start:stop].astype(np.float32) / 32768

    def _is_whole(self, lengths_path: Path) -> bool:
        try:
            lengths = json.loads(lengths_path.read_text())
            return len(np.load(self.path, mmap_mode="r")) == sum(lengths)
        except (OSError, ValueError, EOFError):
            return False

    def _decode(self, root: Path, lengths_path: Path) -> None:
        waves = [self._read(root / r.path) for r in self.recordings]
        write_whole(lengths_path, json.dumps([len(w) for w in waves]), REMEDY)
        with replace_whole(self.path, REMEDY) as beside, beside.open("wb") as file:
            np.save(file, np.concatenate(waves) if waves else np.zeros(0, np.int16))

    def _read(self, path: Path) -> np.ndarray:
        wave, rate = audio.read(path)
        mono = wave.mean(0)
        if rate != self.sample_rate:
            mono = soxr.resample(mono, rate, self.sample_rate)
        return np.clip(np.round(mono * 32768), -32768, 32767).astype(np.int16)


def _size_and_time(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except OSError as error:
        raise SpeechganError(f"{path}: {error.strerror}; is the manifest up to date?") from None
    return stat.st_size, stat.st_mtime_ns
