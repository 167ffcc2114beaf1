"""Recorded pairs: noisy files and the clean speech inside them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from speechgan.data.cache import WaveStore
from speechgan.data.enhancement.batch import PairedBatch
from speechgan.data.manifest import Recording
from speechgan.utils.errors import SpeechganError


@dataclass(frozen=True)
class PairStore:
    """Noisy and clean waves, in the same order."""

    noisy: WaveStore
    clean: WaveStore

    def __len__(self) -> int:
        return len(self.noisy)

    def __iter__(self) -> Iterator[tuple[str, PairedBatch]]:
        """Each pair whole, `(1, sample)`, with the name of its noisy file."""
        for index, recording in enumerate(self.noisy.recordings):
            noisy, clean = (torch.from_numpy(s[index])[None] for s in (self.noisy, self.clean))
            yield recording.path, PairedBatch(noisy, clean)


def open_pairs(
    recordings: Sequence[Recording], root: Path, sample_rate: int, cache: Path
) -> PairStore:
    """Matches noisy with clean recordings by name and opens both.

    Raises:
        SpeechganError: a noisy recording has no clean one, or one of another length.
    """
    clean = {r.key: r for r in recordings if r.role == "clean"}
    noisy = [r for r in recordings if r.role == "noisy"]
    lonely = [r.path for r in noisy if r.key not in clean]
    if lonely:
        raise SpeechganError(
            f"{root / lonely[0]}: no clean recording of the same name "
            f"({len(lonely)} of {len(noisy)} noisy ones lack theirs); add it or remove this one"
        )
    pairs = PairStore(
        WaveStore(noisy, root, sample_rate, cache),
        WaveStore([clean[r.key] for r in noisy], root, sample_rate, cache),
    )
    unequal = np.flatnonzero(pairs.noisy.lengths != pairs.clean.lengths)
    if len(unequal):
        path = root / noisy[int(unequal[0])].path
        raise SpeechganError(f"{path}: not as long as its clean recording; cut both alike")
    return pairs


class PairCrops:
    """Random cuts of recorded pairs in numbered batches, each the same whenever it is asked for.

    Args:
        pairs: where to cut.
        batch_size: items of a batch.
        seconds: length of an item; a shorter recording is followed by silence.
        seed: of all random choices.
    """

    def __init__(self, pairs: PairStore, batch_size: int, seconds: float, seed: int) -> None:
        self.pairs, self.batch_size, self.seed = pairs, batch_size, seed
        self.samples = round(seconds * pairs.noisy.sample_rate)
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
