"""From a folder of recordings to training batches and held-out pairs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from speechgan.data.enhancement.degradation import Degradation
from speechgan.data.enhancement.mixing import FirstMixtures, Mixtures
from speechgan.data.enhancement.paired import PairCrops, PairStore, open_pairs
from speechgan.data.enhancement.rooms import room_responses
from speechgan.data.manifest import Recording, hold_out
from speechgan.data.roots import open_recordings, open_store
from speechgan.data.shards.reading import Root
from speechgan.utils.errors import SpeechganError
from speechgan.utils.ranges import require_share, require_whole
from speechgan.utils.spread import spread_evenly


@dataclass(frozen=True)
class EnhancementData:
    """Training batches and validation pairs for enhancement.

    Where the folder holds `speech/` and `noise/` for training they are mixed on the fly; otherwise
    crops of its `clean/` and `noisy/` pairs are used. Validation uses the `valid` pairs; without
    any, or with `valid_mixtures`, it uses mixtures of the `valid` speech and noise, made once from
    a seed of their own.

    Attributes:
        root: folder with recordings, a manifest file made by `speechgan data scan`, or shards made
            by `speechgan data shard`, in a folder or behind a URL.
        cache: folder for decoded audio and room responses.
        sample_rate: in hertz.
        batch_size: items of a batch.
        seconds: length of an item.
        degradation: how speech is made noisy; pairs are taken as they are.
        rooms: simulated rooms; 0 for none.
        reverberation: least and greatest reverberation time, in seconds.
        speaker_balance: 0 draws speakers by how long they speak, 1 draws them equally often.
        train_speech: most recordings of speech to train on, evenly spread over all; 0 for all of
            them. It serves to find out how much speech is enough.
        valid_fraction: share of the files held out where the folder names no `valid` split.
        valid_speakers: speakers held out instead.
        valid_mixtures: whether to validate on mixtures, made like those for training, although
            there are pairs.
        valid_items: most pairs to validate on, evenly spread over all.
        seed: of all random choices.
        cache_gb: most of the cache that recordings from a URL take; 0 keeps none.

    Raises:
        ValueError: a number out of its range.
    """

    root: str | Path
    cache: Path
    sample_rate: int = 16000
    batch_size: int = 8
    seconds: float = 2.0
    degradation: Degradation = field(default_factory=Degradation)
    rooms: int = 100
    reverberation: tuple[float, float] = (0.15, 0.6)
    speaker_balance: float = 0.5
    train_speech: int = 0
    valid_fraction: float = 0.05
    valid_speakers: Sequence[str] = ()
    valid_items: int = 40
    valid_mixtures: bool = False
    seed: int = 0
    cache_gb: float = 10.0

    def __post_init__(self) -> None:
        require_whole("data.", self, dict.fromkeys(("batch_size", "sample_rate", "valid_items"), 1))
        require_whole("data.", self, dict.fromkeys(("rooms", "train_speech", "seed"), 0))
        require_share("data.valid_fraction", self.valid_fraction)
        if not self.seconds > 0:
            raise ValueError(f"data.seconds={self.seconds}: must be greater than 0")
        shortest, longest = self.reverberation
        if not 0 < shortest <= longest:
            raise ValueError(
                f"data.reverberation={list(self.reverberation)}: must be a least and a greatest, "
                "above 0"
            )

    def open(self) -> tuple[Mixtures | PairCrops, PairStore | FirstMixtures]:
        """Training batches and validation pairs; decodes recordings that are not in the cache.

        Raises:
            SpeechganError: nothing to train or to validate on that can be read.
        """
        recordings, root = open_recordings(self.root, Path(self.cache), self.cache_gb)
        recordings = hold_out(recordings, self.valid_fraction, self.valid_speakers)
        return self._training(recordings, root), self._validation(recordings, root)

    def _training(self, recordings: list[Recording], root: Root) -> Mixtures | PairCrops:
        if _select(recordings, "train", "speech"):
            return self._mixtures(recordings, root, "train", self.batch_size, self.seed)
        pairs = _select(recordings, "train", "clean", "noisy")
        if not pairs:
            raise SpeechganError(
                f"{root}: nothing to train on; give speech/ and noise/, or clean/ and noisy/"
            )
        store = open_pairs(pairs, root, self.sample_rate, Path(self.cache))
        return PairCrops(store, self.batch_size, self.seconds, self.seed)

    def _validation(self, recordings: list[Recording], root: Root) -> PairStore | FirstMixtures:
        pairs = _select(recordings, "valid", "clean", "noisy")
        if pairs and not self.valid_mixtures:
            held_out = open_pairs(pairs, root, self.sample_rate, Path(self.cache))
            return held_out.spread(self.valid_items)
        mixtures = self._mixtures(recordings, root, "valid", 1, self.seed + 1)
        return FirstMixtures(mixtures, self.valid_items)

    def _mixtures(
        self, recordings: list[Recording], root: Root, split: str, batch_size: int, seed: int
    ) -> Mixtures:
        speech = _select(recordings, split, "speech")
        noise = _select(recordings, split, "noise")
        if not speech:
            raise SpeechganError(f"{root}: no {split} speech; add some below speech/")
        if split == "train" and 0 < self.train_speech < len(speech):
            speech = [speech[index] for index in spread_evenly(len(speech), self.train_speech)]
        cache = Path(self.cache)
        rooms = (
            room_responses(self.rooms, self.sample_rate, 0, self.reverberation, cache)
            if self.rooms
            else np.zeros((0, 1), np.float32)
        )
        return Mixtures(
            open_store(speech, root, self.sample_rate, cache),
            open_store(noise, root, self.sample_rate, cache),
            rooms,
            self.degradation,
            batch_size,
            self.seconds if split == "train" else 4.0,
            seed,
            self.speaker_balance,
        )


def _select(recordings: list[Recording], split: str, *roles: str) -> list[Recording]:
    return [r for r in recordings if r.split == split and r.role in roles]
