"""Voices of recordings, analysed once: WORLD takes longer than the training step that reads it."""

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
# No gain brings what is below to a level without overflow.
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

    A voice is kept under a hash of the recording's content and the features' settings, so that
    moved or renamed recordings are known and changed ones are not.

    Args:
        paths: recordings of any rate and channel count; channels are averaged.
        features: what analyses.
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
    # Analysing the same content twice at once would be wasted, but do no harm.
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
    """What `_analyse` says of each job, in their order."""
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
        # Of what is in shards the index knows it: nothing is fetched to find out that it is known.
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
    """A kept voice; None where there is none, or a damaged one."""
    try:
        with np.load(place, allow_pickle=False) as parts:
            return Voice(**{name: parts[name] for name in PARTS if name in parts})
    except (OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile):
        return None


def _analyse(path: Source, place: Path, features: VoiceFeatures) -> str:
    """Keeps a recording's voice; says why if there is none in it."""
    try:
        wave = read_voice_wave(path, features.sample_rate)
    except SpeechganError as error:
        return str(error)
    voice = features.analyse(wave)
    parts = {name: getattr(voice, name) for name in PARTS}
    with replace_whole(place, REMEDY) as beside, beside.open("wb") as file:
        np.savez(file, **{name: part for name, part in parts.items() if part is not None})
    return ""
