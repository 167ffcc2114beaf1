"""Crops of clean speech, for vocoders."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from speechgan.data.batch import Batch
from speechgan.data.manifest import hold_out
from speechgan.data.roots import open_recordings, open_store
from speechgan.data.stores import Store
from speechgan.utils.errors import SpeechganError
from speechgan.utils.ranges import require_share, require_whole
from speechgan.utils.spread import spread_evenly

# Items are scaled to a random level in this range, in dBFS.
LEVELS = (-36.0, -16.0)


@dataclass(frozen=True)
class WaveBatch(Batch):
    """Clean speech.

    Attributes:
        wave: `(batch, sample)`, in [-1, 1].
    """

    wave: Tensor


class WaveCrops:
    """Random crops in numbered batches; a number always gives the same batch.

    Args:
        store: recordings to crop.
        batch_size: items of a batch.
        samples: length of an item; a shorter recording is padded by silence.
        seed: of all random choices.
    """

    def __init__(self, store: Store, batch_size: int, samples: int, seed: int) -> None:
        self.store, self.batch_size, self.samples, self.seed = store, batch_size, samples, seed
        self.seconds = batch_size * samples / store.sample_rate
        self.chances = store.lengths / store.lengths.sum()

    def __getitem__(self, number: int) -> WaveBatch:
        rng = np.random.default_rng([self.seed, number])
        waves = np.zeros((self.batch_size, self.samples), np.float32)
        for wave in waves:
            index = int(rng.choice(len(self.store), p=self.chances))
            spare = max(0, int(self.store.lengths[index]) - self.samples)
            part = self.store.crop(index, int(rng.integers(0, spare + 1)), self.samples)
            level = 10 ** (rng.uniform(*LEVELS) / 20)
            power = float(np.sqrt(np.mean(part**2)))
            wave[: len(part)] = np.clip(part * (level / power), -1, 1) if power > 1e-4 else part
        return WaveBatch(torch.from_numpy(waves))


@dataclass(frozen=True)
class VocoderData:
    """Training crops and held-out recordings for vocoders.

    Attributes:
        root: folder, manifest or shards with `speech/` or `clean/`, as for enhancement; other roles
            are ignored.
        cache: folder for decoded audio.
        sample_rate: in hertz.
        batch_size: items of a batch.
        seconds: length of an item.
        valid_fraction: share of the files held out where the folder names no `valid` split.
        valid_items: most recordings to validate on.
        seed: of all random choices.
        cache_gb: most of the cache that recordings from a URL take; 0 keeps none.

    Raises:
        ValueError: a number out of its range.
    """

    root: str | Path
    cache: Path
    sample_rate: int = 16000
    batch_size: int = 8
    seconds: float = 0.75
    valid_fraction: float = 0.05
    valid_items: int = 20
    seed: int = 0
    cache_gb: float = 10.0

    def __post_init__(self) -> None:
        require_whole(
            "data.", self, {"batch_size": 1, "sample_rate": 1, "valid_items": 1, "seed": 0}
        )
        require_share("data.valid_fraction", self.valid_fraction)
        if not self.seconds > 0:
            raise ValueError(f"data.seconds={self.seconds}: must be greater than 0")

    def open(self) -> tuple[WaveCrops, list[np.ndarray]]:
        """Training batches and held-out waves; decodes recordings that are not in the cache.

        Raises:
            SpeechganError: no speech to train on that can be read.
        """
        cache = Path(self.cache)
        found, root = open_recordings(self.root, cache, self.cache_gb)
        recordings = [r for r in found if r.role in ("speech", "clean")]
        split = {
            name: [r for r in hold_out(recordings, self.valid_fraction) if r.split == name]
            for name in ("train", "valid")
        }
        if not all(split.values()):
            raise SpeechganError(f"{root}: no speech to train on; add some below speech/")
        store, held = (
            open_store(split[name], root, self.sample_rate, cache) for name in ("train", "valid")
        )
        samples = round(self.seconds * self.sample_rate)
        crops = WaveCrops(store, self.batch_size, samples, self.seed)
        return crops, [held[index] for index in spread_evenly(len(held), self.valid_items)]
