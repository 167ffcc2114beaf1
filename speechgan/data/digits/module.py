"""Folders of spoken digits as labelled images."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from speechgan.audio import read
from speechgan.audio.resampling import resample
from speechgan.data.digits.batches import LabelledImages
from speechgan.data.digits.labels import Labels, Utterance, find_utterances
from speechgan.data.digits.sequences import follow, join_seconds
from speechgan.data.roots import open_root
from speechgan.features.clip import MelClip
from speechgan.utils.errors import SpeechganError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ImageSet:
    """Images and their labels.

    Attributes:
        images: `(image, bin, frame)` in [-1, 1].
        labels: `(image, 2)` numbers of digit and speaker; of sequences `(image, place, 2)`.
    """

    images: np.ndarray
    labels: np.ndarray

    def in_sequence(self, length: int) -> "ImageSet":
        """Sequences of one speaker: one starts with each image, the rest is drawn with seed 0."""
        rng = np.random.default_rng(0)
        chosen = follow(np.arange(len(self.images)), self.labels[:, 1], length, rng)
        return ImageSet(join_seconds(self.images[chosen.flat], length), self.labels[chosen])


@dataclass(frozen=True)
class OpenDigits:
    """The analysed recordings of spoken digits.

    Attributes:
        labels: names of digits and speakers.
        batches: to train on.
        train: all images to train on, one by one.
        valid: all that are held out, or sequences of them.
    """

    labels: Labels
    batches: LabelledImages
    train: ImageSet
    valid: ImageSet


@dataclass(frozen=True)
class DigitData:
    """Training batches and held-out images of single spoken words.

    Attributes:
        root: folder with `train/` in it, files named `DIGIT_SPEAKER_TAKE`, or shards of one.
        batch_size: items of a batch.
        shift: largest random shift of an item, in frames.
        valid_every: of each digit by each speaker one recording in so many is held out; none, where
            there are fewer.
        unheard: combinations, as `DIGIT_SPEAKER`, that are left out of training and validation.
        sequence: number of recordings of one speaker, drawn at random, that are concatenated to an
            item.
        seed: of all random choices.

    Raises:
        ValueError: a number out of its range.
    """

    root: str | Path
    batch_size: int = 32
    shift: int = 2
    valid_every: int = 9
    unheard: Sequence[str] = ()
    sequence: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.batch_size < 2 or self.shift < 0 or self.valid_every < 2:
            raise ValueError("data.batch_size and valid_every must be 2 or more, shift 0 or more")
        if not isinstance(self.sequence, int) or self.sequence < 1:
            raise ValueError(f"data.sequence {self.sequence}: must be a whole number, 1 or more")

    def open(self, features: MelClip) -> OpenDigits:
        """Analyses the recordings.

        Raises:
            SpeechganError: none to train on, one that cannot be read, or an unheard combination
                that does not exist.
        """
        root = open_root(self.root)
        folder, found = f"{root}/train", find_utterances(root, "train")
        digits = tuple(sorted({u.digit for u in found}))
        labels = Labels(digits, tuple(sorted({u.speaker for u in found})))
        known = {f"{u.digit}_{u.speaker}" for u in found}
        if strange := sorted(set(self.unheard) - known):
            raise SpeechganError(f"data.unheard: {folder} has no {strange[0]}, as DIGIT_SPEAKER")
        heard = [u for u in found if f"{u.digit}_{u.speaker}" not in self.unheard]
        train, valid = self._hold_out(heard)
        trained, held_out = (analyse_utterances(part, features, labels) for part in (train, valid))
        if len(trained.images) < 2:
            raise SpeechganError(f"{folder}: less than two recordings to train on; add some")
        batches = LabelledImages(
            trained.images,
            trained.labels,
            (len(labels.digits), len(labels.speakers)),
            self.batch_size,
            self.shift,
            features.seconds,
            self.seed,
            self.sequence,
        )
        if self.sequence > 1:
            held_out = held_out.in_sequence(self.sequence)
        return OpenDigits(labels, batches, trained, held_out)

    def _hold_out(self, found: Sequence[Utterance]) -> tuple[list[Utterance], list[Utterance]]:
        groups: dict[tuple[str, str], list[Utterance]] = {}
        for utterance in found:
            groups.setdefault((utterance.digit, utterance.speaker), []).append(utterance)
        every = self.valid_every
        valid = {id(u) for group in groups.values() for u in group[every - 1 :: every]}
        return (
            [u for u in found if id(u) not in valid],
            [u for u in found if id(u) in valid],
        )


def analyse_utterances(found: Sequence[Utterance], features: MelClip, labels: Labels) -> ImageSet:
    """Images of recordings; silent ones are left out, with a warning.

    Raises:
        SpeechganError: a recording that cannot be read, or an unknown label.
    """
    images, numbers = [], []
    for utterance in found:
        if utterance.digit not in labels.digits or utterance.speaker not in labels.speakers:
            raise SpeechganError(f"{utterance.path}: of a digit or speaker not trained on")
        wave, rate = read(utterance.path)
        mono = resample(wave.mean(0, keepdims=True), rate, features.sample_rate)[0]
        image = features.analyse(mono)
        if image.max() < 1:
            log.warning("%s holds no sound; left out", utterance.path)
            continue
        images.append(image)
        digit, speaker = utterance.digit, utterance.speaker
        numbers.append([labels.digits.index(digit), labels.speakers.index(speaker)])
    shape = (0, features.bins, features.frames)
    return ImageSet(
        np.stack(images) if images else np.zeros(shape, np.float32),
        np.array(numbers, np.int64).reshape(-1, 2),
    )
