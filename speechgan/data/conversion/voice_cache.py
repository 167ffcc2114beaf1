"""Voices of recordings, analysed once: WORLD takes longer than the training step that reads it."""

import hashlib
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from speechgan import audio
from speechgan.audio.level import bring_to_level
from speechgan.features.voice import Voice, VoiceFeatures
from speechgan.utils.errors import SpeechganError
from speechgan.utils.files import replace_whole
from speechgan.utils.workers import start_workers

REMEDY = "choose another folder with data.cache=DIR"
PARTS = ("image", "loudness", "f0", "aperiodicity")


def analyse_recordings(
    paths: Sequence[Path],
    features: VoiceFeatures,
    folder: Path,
    workers: int = 1,
    progress: bool = False,
) -> list[Voice]:
    """The voice in each recording, from the cache or analysed now, in parallel.

    A voice is kept under a hash of the recording's content and the features' settings, so that
    moved or renamed recordings are known and changed ones are not.

    Args:
        paths: recordings of any rate and channel count; channels are averaged.
        features: what analyses.
        folder: of the cache.
        workers: processes.
        progress: whether to show a bar on stderr, if that is a terminal.

    Raises:
        SpeechganError: an unreadable recording, or a folder that cannot be written.
    """
    places = [folder / f"{_hash(path, features)}.npz" for path in paths]
    missing = [pair for pair in zip(paths, places, strict=True) if _load(pair[1]) is None]
    # Analysing the same content twice at once would be wasted, but do no harm.
    jobs = [(path, place, features) for path, place in missing]
    silent = None if progress and jobs else True
    with tqdm(total=len(jobs), desc="analyse", unit="file", disable=silent) as bar:
        if workers > 1 and len(jobs) > 1:
            with start_workers(min(workers, len(jobs))) as pool:
                for _ in pool.map(_analyse, *zip(*jobs, strict=True)):
                    bar.update()
        else:
            for job in jobs:
                _analyse(*job)
                bar.update()
    voices = [_load(place) for place in places]
    return [voice for voice in voices if voice is not None]


def read_voice_wave(path: Path, sample_rate: int) -> np.ndarray:
    """A recording as `(sample,)` float32 at the reference level, resampled, channels averaged.

    Raises:
        SpeechganError: unreadable, empty, or with samples that are not finite.
    """
    wave, rate = audio.read(path)
    audio.require_finite(wave, rate, str(path))
    mono = audio.resample(wave.mean(0, keepdims=True), rate, sample_rate)[0]
    return bring_to_level(mono)


def _hash(path: Path, features: VoiceFeatures) -> str:
    try:
        content = hashlib.sha256(path.read_bytes())
    except OSError as error:
        raise SpeechganError(f"{path}: cannot be read ({error.strerror})") from None
    content.update(json.dumps(features.settings, sort_keys=True).encode())
    return content.hexdigest()[:32]


def _load(place: Path) -> Voice | None:
    """A kept voice; None where there is none, or a damaged one."""
    try:
        with np.load(place, allow_pickle=False) as parts:
            return Voice(**{name: parts[name] for name in PARTS if name in parts})
    except (OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile):
        return None


def _analyse(path: Path, place: Path, features: VoiceFeatures) -> None:
    voice = features.analyse(read_voice_wave(path, features.sample_rate))
    parts = {name: getattr(voice, name) for name in PARTS}
    with replace_whole(place, REMEDY) as beside, beside.open("wb") as file:
        np.savez(file, **{name: part for name, part in parts.items() if part is not None})
