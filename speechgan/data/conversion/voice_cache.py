"""A cache of analysed voices, as WORLD takes longer than a training step."""

import hashlib
import json
import logging
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from tqdm import tqdm

from speechgan import audio
from speechgan.audio.level import bring_to_level
from speechgan.data.shards.reading import Source
from speechgan.features.voice import Voice, VoiceFeatures
from speechgan.utils.errors import SpeechganError
from speechgan.utils.files import remove_abandoned, replace_whole
from speechgan.utils.workers import start_workers

REMEDY = "choose another folder with data.cache=DIR"
PARTS = ("image", "loudness", "f0", "aperiodicity")
# Below this level the gain to the reference level would overflow.
QUIETEST = 1e-30

Job = tuple[Source, Path, VoiceFeatures]

log = logging.getLogger(__name__)


def analyse_recordings(
    paths: Sequence[Source],
    features: VoiceFeatures,
    folder: Path,
    workers: int = 1,
    progress: bool = False,
) -> dict[Source, Voice]:
    """The voice in each recording, from the cache or analysed now, in parallel.

    A recording that cannot be read is left out, and named in a warning.

    A voice is stored under a hash of the recording's content and the features' settings, so that
    moved or renamed recordings are found, and changed ones are analysed again.

    Args:
        paths: recordings of any rate and channel count; channels are averaged.
        features: of the analysis.
        folder: of the cache.
        workers: processes.
        progress: whether to show a bar on stderr, if that is a terminal.

    Raises:
        SpeechganError: the folder cannot be written, or a process was killed.
    """
    voices: dict[Source, Voice | None] = {}
    problems: dict[Source, str] = {}
    places: dict[Source, Path] = {}
    for path in paths:
        try:
            places[path] = folder / f"{_hash(path, features)}.npz"
            voices[path] = _load(places[path])
        except SpeechganError as error:
            problems[path] = str(error)
    missing = [path for path, voice in voices.items() if voice is None]
    if missing:
        remove_abandoned(folder)
    # Equal recordings are analysed twice, which is harmless.
    jobs = [(path, places[path], features) for path in missing]
    silent = None if progress and jobs else True
    with (
        tqdm(total=len(jobs), desc="analyse", unit="file", disable=silent) as bar,
        _map_jobs(jobs, workers) as answers,
    ):
        for path, problem in zip(missing, answers, strict=True):
            bar.update()
            if problem:
                problems[path] = problem
            else:
                voices[path] = _load(places[path])
    for problem in problems.values():
        log.warning("left out: %s", problem)
    return {path: voice for path, voice in voices.items() if voice is not None}


@contextmanager
def _map_jobs(jobs: Sequence[Job], workers: int) -> Iterator[Iterator[str]]:
    """The results of `_analyse` for the jobs, in their order."""
    if workers > 1 and len(jobs) > 1:
        try:
            with start_workers(min(workers, len(jobs))) as pool:
                yield pool.map(_analyse, *zip(*jobs, strict=True))
        except BrokenProcessPool:
            raise SpeechganError(
                "a process that analyses recordings was killed, perhaps for want of memory; start "
                "again with fewer, such as data.workers=1: what is analysed is kept"
            ) from None
    else:
        yield (_analyse(*job) for job in jobs)


def read_voice_wave(path: Source, sample_rate: int) -> np.ndarray:
    """A recording as `(sample,)` float32 at the reference level, resampled, channels averaged.

    Raises:
        SpeechganError: unreadable, empty, or with samples that are not finite.
    """
    wave, rate = audio.read(path)
    audio.require_finite(wave, rate, str(path))
    mono = audio.resample(wave.mean(0, keepdims=True), rate, sample_rate)[0]
    if 0 < audio.measure_level(mono) < QUIETEST:
        raise SpeechganError(f"{path}: too quiet to be brought to a level; leave it out")
    return bring_to_level(mono)


def _hash(path: Source, features: VoiceFeatures) -> str:
    try:
        # The index of shards has the hash, so nothing is fetched to look it up.
        content = (
            hashlib.sha256(path.read_bytes()).hexdigest()
            if isinstance(path, Path)
            else path.entry.sha256
        )
    except OSError as error:
        raise SpeechganError(f"{path}: cannot be read ({error.strerror})") from None
    settings = json.dumps(features.settings, sort_keys=True)
    return hashlib.sha256(f"{content} {settings}".encode()).hexdigest()[:32]


def _load(place: Path) -> Voice | None:
    """A voice from the cache; None if it is missing or damaged."""
    try:
        with np.load(place, allow_pickle=False) as parts:
            return Voice(**{name: parts[name] for name in PARTS if name in parts})
    except (OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile):
        return None


def _analyse(path: Source, place: Path, features: VoiceFeatures) -> str:
    """Stores a recording's voice; returns why it cannot be read, or an empty string."""
    try:
        wave = read_voice_wave(path, features.sample_rate)
    except SpeechganError as error:
        return str(error)
    voice = features.analyse(wave)
    parts = {name: getattr(voice, name) for name in PARTS}
    with replace_whole(place, REMEDY) as beside, beside.open("wb") as file:
        np.savez(file, **{name: part for name, part in parts.items() if part is not None})
    return ""
