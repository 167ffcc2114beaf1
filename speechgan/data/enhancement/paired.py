"""Recorded pairs: noisy files and the clean speech inside them."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from speechgan.data.enhancement.batch import PairedBatch
from speechgan.data.manifest import Recording
from speechgan.data.roots import open_store
from speechgan.data.shards.reading import Root
from speechgan.data.stores import Store
from speechgan.utils.errors import SpeechganError
from speechgan.utils.spread import spread_evenly

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PairStore:
    """Noisy and clean waves, in the same order."""

    noisy: Store
    clean: Store

    def __len__(self) -> int:
        return len(self.noisy)

    def __iter__(self) -> Iterator[tuple[str, PairedBatch]]:
        """Each pair whole, `(1, sample)`, with the name of its noisy file."""
        for index, recording in enumerate(self.noisy.recordings):
            noisy, clean = (torch.from_numpy(s[index])[None] for s in (self.noisy, self.clean))
            yield recording.path, PairedBatch(noisy, clean)

    def spread(self, count: int) -> "PairStore":
        """So many of the pairs, evenly spread over all."""
        chosen = np.zeros(len(self), bool)
        chosen[spread_evenly(len(self), count)] = True
        return PairStore(self.noisy.select(chosen), self.clean.select(chosen))


def open_pairs(
    recordings: Sequence[Recording], root: Root, sample_rate: int, cache: Path
) -> PairStore:
    """Matches noisy with clean recordings by name and opens both.

    Recordings without a pair are left out, and named in a warning: those that cannot be read, noisy
    ones without a clean one of the same name, pairs of different lengths.

    Raises:
        SpeechganError: nothing is left.
    """
    clean = {r.key: r for r in recordings if r.role == "clean"}
    noisy = [r for r in recordings if r.role == "noisy"]
    problems = [
        f"{root / r.path}: no clean recording of the same name; add it or remove this one"
        for r in noisy
        if r.key not in clean
    ]
    noisy = [r for r in noisy if r.key in clean]
    one = open_store(noisy, root, sample_rate, cache)
    other = open_store([clean[r.key] for r in noisy], root, sample_rate, cache)
    both = one.kept & other.kept
    one, other = one.select(both[one.kept]), other.select(both[other.kept])
    equal = one.lengths == other.lengths
    problems += [
        f"{root / r.path}: not as long as its clean recording; cut both alike"
        for r, fits in zip(one.recordings, equal, strict=True)
        if not fits
    ]
    for problem in problems:
        log.warning("left out: %s", problem)
    if not equal.any():
        raise SpeechganError(
            f"{root}: no noisy recording makes a pair with a clean one; give both the same name "
            "and length"
        )
    return PairStore(one.select(equal), other.select(equal))


class PairCrops:
    """Random crops of recorded pairs in numbered batches; a number always gives the same batch.

    Args:
        pairs: to crop.
        batch_size: items of a batch.
        seconds: length of an item; a shorter recording is padded by silence.
        seed: of all random choices.
    """

    def __init__(self, pairs: PairStore, batch_size: int, seconds: float, seed: int) -> None:
        self.pairs, self.batch_size, self.seed = pairs, batch_size, seed
        self.samples = round(seconds * pairs.noisy.sample_rate)
        self.seconds = batch_size * seconds
        self.chances = pairs.noisy.lengths / pairs.noisy.lengths.sum()

    def __getitem__(self, number: int) -> PairedBatch:
        rng = np.random.default_rng([self.seed, number])
        waves = np.zeros((2, self.batch_size, self.samples), np.float32)
        for item in range(self.batch_size):
            index = int(rng.choice(len(self.pairs), p=self.chances))
            spare = int(self.pairs.noisy.lengths[index]) - self.samples
            start = int(rng.integers(0, spare + 1)) if spare > 0 else 0
            for side, store in zip(waves, (self.pairs.noisy, self.pairs.clean), strict=True):
                part = store.crop(index, start, self.samples)
                side[item, : len(part)] = part
        return PairedBatch(torch.from_numpy(waves[0]), torch.from_numpy(waves[1]))
