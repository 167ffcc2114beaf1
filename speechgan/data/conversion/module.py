"""From a folder of speakers to training batches and held-out sentences."""

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from speechgan.data.conversion.unpaired import AlignedCrops, UnpairedCrops
from speechgan.data.conversion.voice_cache import analyse_recordings
from speechgan.data.conversion.voices import Speaker, scan_voices
from speechgan.data.roots import open_root
from speechgan.data.shards.reading import Source
from speechgan.features.alignment import align_speech
from speechgan.features.statistics import SpeakerStatistics
from speechgan.features.voice import Voice, VoiceFeatures
from speechgan.utils.errors import SpeechganError, UnmeasurableError
from speechgan.utils.ranges import require_share, require_whole

FEW_SECONDS = 60.0
NOISY_BELOW = 25.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class OpenVoices:
    """The analysed recordings of all speakers.

    Attributes:
        speakers: in the order of their numbers.
        statistics: of each, over the training recordings.
        frames: number of training frames of each.
        seconds: likewise.
        batches: to train on.
        valid: held-out voices of each speaker, by the recording's name.
    """

    speakers: list[Speaker]
    statistics: list[SpeakerStatistics]
    frames: list[int]
    seconds: list[float]
    batches: UnpairedCrops | AlignedCrops
    valid: list[dict[str, Voice]]


@dataclass(frozen=True)
class ConversionData:
    """Training batches and held-out sentences for voice conversion.

    Attributes:
        root: folder with a folder for each speaker, or shards of one.
        cache: folder for analysed recordings.
        speakers: names of those to take, in this order; all if empty.
        about: table of the speakers' metadata, see `scan_voices`; or None.
        batch_size: items of a batch.
        frames: length of an item.
        valid_fraction: share of the recordings held out where there is no folder `valid`.
        aligned: whether sentences of equal names are aligned into pairs, for supervised baselines;
            the other systems get unpaired crops.
        workers: processes that analyse; None for as many as there are cores.
        seed: of all random choices.

    Raises:
        ValueError: a number out of its range.
    """

    root: str | Path
    cache: Path
    speakers: Sequence[str] = ()
    about: Path | None = None
    batch_size: int = 8
    frames: int = 128
    valid_fraction: float = 0.1
    aligned: bool = False
    workers: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        require_whole("data.", self, {"batch_size": 1, "frames": 1, "seed": 0})
        require_share("data.valid_fraction", self.valid_fraction)

    def open(
        self,
        features: VoiceFeatures,
        known: Mapping[str, SpeakerStatistics] | None = None,
    ) -> OpenVoices:
        """Analyses the recordings, as far as they are not in the cache.

        Args:
            features: of the analysis.
            known: speakers of a model to be fine-tuned, in the order of their numbers; others found
                in `root` get the next numbers.

        Raises:
            SpeechganError: less than two speakers in all, or a speaker without a recording that can
                be used.
        """
        about = Path(self.about) if self.about else None
        wanted = list(map(str, self.speakers))  # 1089 is a number on the command line
        found = scan_voices(open_root(self.root), wanted, self.valid_fraction, about)
        known = known or {}
        if len(set(known) | {s.name for s in found}) < 2:
            raise SpeechganError(
                f"{self.root}: holds one speaker, {found[0].name}; conversion needs another to "
                "tell voices apart: add a folder, or train a model further with run.fine_tune=NAME"
            )
        train = {s.name: self._analyse(s, s.train, features) for s in found}
        valid = {s.name: self._analyse(s, s.valid, features) for s in found}
        if any(s.valid for s in found) and not any(valid.values()):
            raise SpeechganError(
                f"{self.root}: none of the recordings held out for validation can be used; mend "
                "those that are named above, or add others"
            )
        for name, own in train.items():
            _warn(name, list(own.values()), features)
        names = [*known, *(name for name in train if name not in known)]
        voices = [list(train.get(name, {}).values()) for name in names]
        statistics = [
            known.get(name) or SpeakerStatistics.measure(own)
            for name, own in zip(names, voices, strict=True)
        ]
        described = {s.name: s for s in found}
        size = (self.batch_size, self.frames, features.hop_length / features.sample_rate)
        batches: UnpairedCrops | AlignedCrops
        if self.aligned:
            pairs = self._align([train.get(name, {}) for name in names], statistics)
            batches = AlignedCrops(pairs, *size, self.seed)
        else:
            images = [
                [s.normalise(voice.image) for voice in own]
                for s, own in zip(statistics, voices, strict=True)
            ]
            batches = UnpairedCrops(images, *size, self.seed)
        return OpenVoices(
            [described.get(name) or Speaker(name, ()) for name in names],
            statistics,
            [sum(map(len, own)) for own in voices],
            [_seconds(own, features) for own in voices],
            batches,
            [valid.get(name, {}) for name in names],
        )

    def _analyse(
        self, speaker: Speaker, paths: Sequence[Source], features: VoiceFeatures
    ) -> dict[str, Voice]:
        workers = self.workers or os.cpu_count() or 1
        voices = analyse_recordings(paths, features, Path(self.cache), workers, progress=True)
        named = {speaker.sentence(path): voice for path, voice in voices.items()}
        silent = [name for name, voice in named.items() if not voice.find_speech().any()]
        for name in silent:
            log.warning("%s: %s holds no sound; left out", speaker.name, name)
        return {name: voice for name, voice in named.items() if name not in silent}

    def _align(
        self, train: Sequence[Mapping[str, Voice]], statistics: Sequence[SpeakerStatistics]
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Pairs of two speakers' recordings of the same name, the second warped to the first."""
        if len(train) != 2:
            raise SpeechganError("data.aligned: needs two speakers; name them, data.speakers=[a,b]")
        pairs = []
        for name in sorted(set(train[0]) & set(train[1])):
            try:
                path = align_speech(train[0][name], train[1][name])
            except UnmeasurableError:
                continue
            images = (s.normalise(v[name].image) for s, v in zip(statistics, train, strict=True))
            one, other = (i[:, p] for i, p in zip(images, path.T, strict=True))
            pairs.append((one, other))
        if not pairs:
            raise SpeechganError(
                f"{self.root}: the speakers have no recording's name in common to align"
            )
        return pairs


def _seconds(voices: Sequence[Voice], features: VoiceFeatures) -> float:
    return sum(map(len, voices)) * features.hop_length / features.sample_rate


def _warn(speaker: str, voices: Sequence[Voice], features: VoiceFeatures) -> None:
    """Warns of too short or too noisy recordings; refuses a speaker without any."""
    if not voices:
        raise SpeechganError(
            f"{speaker}: no recording to train on can be used; add some, or leave this speaker out"
        )
    seconds = _seconds(voices, features)
    if seconds < FEW_SECONDS:
        log.warning(
            "%s: %.0f seconds to train on; a voice takes a minute, better five",
            speaker,
            seconds,
        )
    loudness = np.concatenate([v.loudness for v in voices])
    spread = float(np.quantile(loudness, 0.95) - np.quantile(loudness, 0.02))
    if spread < NOISY_BELOW:
        log.warning(
            "%s: pauses lie only %.0f dB below the speech; the noise becomes part of the voice, "
            "try speechgan enhance first",
            speaker,
            spread,
        )
