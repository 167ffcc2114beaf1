"""Scores of a folder of converted speech against recordings of the target and of the source."""

import contextlib
import math
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from tqdm import tqdm

from speechgan import audio
from speechgan.evaluation.evaluation import Mean, mean_of
from speechgan.evaluation.pairing import find_audio
from speechgan.evaluation.scores import Measure, Scores
from speechgan.features.voice import Voice
from speechgan.features.world import World
from speechgan.metrics.conversion import (
    content_distance,
    log_f0_correlation,
    log_f0_rmse,
    mel_cepstral_distortion,
    modulation_distance,
    modulation_spectrum,
)
from speechgan.metrics.dnsmos import dnsmos
from speechgan.metrics.speaker import embed_speaker, mean_embedding
from speechgan.metrics.words import recognise, word_error_rate
from speechgan.utils.errors import SpeechganError, UnmeasurableError
from speechgan.utils.workers import start_workers

SAMPLE_RATE = 16000
LEVEL = 0.05

Side = Literal["source", "converted", "target"]
SIDES: tuple[Side, ...] = ("source", "converted", "target")

MEASURES = (
    Measure("mcd", "MCD", "dB", 2, "lower", "mel-cepstral distortion to the target's reading"),
    Measure("modulation", "Modulation", "dB", 2, "lower", "modulation spectra's distance"),
    Measure("log_f0_rmse", "log-F0 RMSE", "", 3, "lower", "to the target's reading, in nepers"),
    Measure("f0_correlation", "log-F0 corr.", "", 3, "higher", "with the source's melody"),
    Measure("f0_deviation", "F0 mean, off", "%", 1, "zero", "from the target's mean F0"),
    Measure("target_similarity", "like target", "", 3, "higher", "speaker embedding's cosine"),
    Measure("source_similarity", "like source", "", 3, "lower", "speaker embedding's cosine"),
    Measure("nearer_target", "nearer target", "", 2, "higher", "share of recordings that are"),
    Measure("content", "content", "", 3, "lower", "distance of what is said from the source"),
    Measure("word_error", "word error", "", 2, "lower", "against the words heard in the source"),
    Measure("dnsmos_signal", "DNSMOS SIG", "", 2, "higher", "speech undistorted, 1 to 5"),
    Measure("dnsmos_background", "DNSMOS BAK", "", 2, "higher", "background unobtrusive, 1 to 5"),
    Measure("dnsmos_overall", "DNSMOS OVRL", "", 2, "higher", "overall quality, 1 to 5"),
)


@dataclass(frozen=True)
class Heard:
    """A recording, analysed for measuring.

    Attributes:
        voice: by WORLD.
        embedding: of the speaker, `(256,)`.
        opinions: DNSMOS, by key; empty if not asked for.
        words: that a recogniser hears; None if not asked for or none were heard.
    """

    voice: Voice
    embedding: np.ndarray
    opinions: Scores
    words: list[str] | None = None


@dataclass(frozen=True)
class Conversion:
    """The files of one converted recording.

    Attributes:
        name: path relative to the folder, without extension.
        converted: what is judged.
        source: what it was converted from, if given.
        target: the target's reading of the same sentence, if there is one.
        example: some recording of the target, if there is any; the reading where there is one.
    """

    name: str
    converted: Path
    source: Path | None = None
    target: Path | None = None
    example: Path | None = None


@dataclass(frozen=True)
class Row:
    """Scores of one converted recording, and of its source and the target's reading for comparison.

    Attributes:
        conversion: its files.
        scores: of each side, by the measure's key; what cannot be measured is missing.
    """

    conversion: Conversion
    scores: Mapping[Side, Scores]


@dataclass(frozen=True)
class ConversionEvaluation:
    """What `evaluate_conversion` found.

    Attributes:
        rows: one for each recording that was measured.
        refused: the others, with the reason.
    """

    rows: tuple[Row, ...]
    refused: tuple[tuple[str, str], ...] = ()

    @property
    def sides(self) -> tuple[Side, ...]:
        """What there are scores of."""
        return tuple(s for s in SIDES if any(row.scores.get(s) for row in self.rows))

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What was measured, in the order of the tables."""
        return tuple(m for m in MEASURES if self.values("converted", m.key))

    def values(self, side: Side, key: str) -> list[float]:
        """One measure of every row that has it."""
        rows = (row.scores.get(side, {}) for row in self.rows)
        return [scores[key] for scores in rows if key in scores]

    def mean(self, side: Side, key: str) -> Mean | None:
        """Over the rows that have it, with its 95 % confidence; None if none has."""
        values = self.values(side, key)
        return mean_of(values) if values else None


def evaluate_conversion(
    converted: Path,
    target: Path | None = None,
    source: Path | None = None,
    *,
    parallel: bool = True,
    workers: int | None = None,
    with_dnsmos: bool = True,
    with_words: bool = False,
    progress: bool = False,
) -> ConversionEvaluation:
    """Measures a folder of converted speech.

    Args:
        converted: folder of what is judged.
        target: folder of the target's recordings. Those with a converted one's name are taken for
            readings of the same sentence; all of them say how the target sounds.
        source: folder of what was converted, with the same names.
        parallel: False if equal names in `target` do not mean equal sentences.
        workers: processes; all cores by default.
        with_dnsmos: whether to run DNSMOS.
        with_words: whether to run a recogniser of English; see `speechgan.metrics.words`.
        progress: whether to show a bar on stderr, if that is a terminal.

    Raises:
        SpeechganError: a folder is missing, a converted recording has no source, none could be
            measured, or a worker died.
    """
    conversions = match(converted, target, source, parallel)
    targets = sorted(find_audio(target).values()) if target else []
    paths = {c.converted for c in conversions} | set(targets)
    paths |= {c.source for c in conversions if c.source}
    work = partial(listen, with_dnsmos=with_dnsmos, with_words=with_words)
    heard = _listen(sorted(paths), work, workers or os.cpu_count() or 1, progress)
    known = {path: h for path, h in heard.items() if isinstance(h, Heard)}
    goal = Reference.describe({path: known[path] for path in targets if path in known})
    origins = {c.source for c in conversions if c.source in known}
    origin = Reference.describe({path: known[path] for path in sorted(origins)})
    rows, refused = [], []
    for conversion in conversions:
        files = (conversion.converted, conversion.source, conversion.target)
        reasons = [str(heard[f]) for f in files if f is not None and f not in known]
        if reasons:
            refused.append((conversion.name, reasons[0]))
            continue
        rows.append(Row(conversion, _score(conversion, known, origin, goal)))
    if not rows:
        raise SpeechganError(
            f"none of the {len(refused)} recordings could be measured; the first: "
            f"{refused[0][0]}: {refused[0][1]}"
        )
    return ConversionEvaluation(tuple(rows), tuple(refused))


def match(
    converted: Path, target: Path | None, source: Path | None, parallel: bool
) -> list[Conversion]:
    """The files that belong together by name, sorted.

    Raises:
        SpeechganError: a folder is missing or empty, or a converted recording has no source.
    """
    judged = find_audio(converted)
    sources = find_audio(source) if source else {}
    examples = find_audio(target) if target else {}
    readings = examples if parallel else {}
    some = next(iter(examples.values()), None)
    missing = sorted(set(judged) - set(sources))
    if source and missing:
        raise SpeechganError(f"{source}: has no {missing[0]}, of which there is a converted one")
    return [
        Conversion(
            name, judged[name], sources.get(name), readings.get(name), readings.get(name, some)
        )
        for name in sorted(judged)
    ]


@dataclass(frozen=True)
class Reference:
    """How a speaker sounds, over all recordings.

    Attributes:
        embeddings: of each recording.
        modulation: mean modulation spectrum, `(modulation frequency, coefficient)`.
        log_f0: mean of log F0 over all voiced frames.
    """

    embeddings: Mapping[Path, np.ndarray]
    modulation: np.ndarray
    log_f0: float

    @classmethod
    def describe(cls, recordings: Mapping[Path, Heard]) -> "Reference | None":
        """None of none."""
        if not recordings:
            return None
        voices = [h.voice for h in recordings.values()]
        f0 = np.concatenate([_voiced(v) for v in voices])
        return cls(
            {path: h.embedding for path, h in recordings.items()},
            np.mean([modulation_spectrum(v) for v in voices], 0),
            float(np.log(f0).mean()) if len(f0) else math.nan,
        )

    def similarity(self, embedding: np.ndarray, left_out: Path | None = None) -> float:
        """Cosine to the mean of all recordings but one."""
        others = [e for path, e in self.embeddings.items() if path != left_out]
        return float(embedding @ mean_embedding(others)) if others else math.nan


def _score(
    conversion: Conversion,
    known: Mapping[Path, Heard],
    origin: Reference | None,
    goal: Reference | None,
) -> dict[Side, Scores]:
    source = known[conversion.source] if conversion.source else None
    reading = known[conversion.target] if conversion.target else None
    sides: dict[Side, tuple[Heard | None, Path | None]] = {
        "source": (source, conversion.source),
        "converted": (known[conversion.converted], None),
        "target": (reading, conversion.target),
    }
    return {
        side: _score_side(side, heard, path, source, reading, origin, goal)
        for side, (heard, path) in sides.items()
        if heard is not None
    }


def _score_side(
    side: Side,
    heard: Heard,
    path: Path | None,
    source: Heard | None,
    reading: Heard | None,
    origin: Reference | None,
    goal: Reference | None,
) -> Scores:
    """Every measure that is defined; a recording is never compared with itself."""
    voice = heard.voice
    scores: Scores = {}

    def add(key: str, measure: Callable[..., float], *arguments: Any) -> None:
        try:
            value = measure(*arguments)
        except UnmeasurableError:
            return
        if math.isfinite(value):
            scores[key] = value

    if reading is not None and side != "target":
        add("mcd", mel_cepstral_distortion, voice, reading.voice)
        add("log_f0_rmse", log_f0_rmse, voice, reading.voice)
    if source is not None and side == "converted":
        add("f0_correlation", log_f0_correlation, voice, source.voice)
    if source is not None and side != "source":
        add("content", content_distance, voice, source.voice)
        if source.words:
            add("word_error", word_error_rate, source.words, heard.words or [])
    if origin is not None:
        add("source_similarity", origin.similarity, heard.embedding, path)
    if goal is not None:
        add("modulation", modulation_distance, voice, goal.modulation)
        add("f0_deviation", _deviate, voice, goal)
        add("target_similarity", goal.similarity, heard.embedding, path)
    if {"source_similarity", "target_similarity"} <= set(scores):
        nearer = scores["target_similarity"] > scores["source_similarity"]
        scores["nearer_target"] = float(nearer)
    return scores | heard.opinions


def _deviate(voice: Voice, reference: Reference) -> float:
    """Percent by which the mean F0, in the logarithm, is off the target's."""
    f0 = _voiced(voice)
    return 100 * math.expm1(float(np.log(f0).mean()) - reference.log_f0) if len(f0) else math.nan


def _voiced(voice: Voice) -> np.ndarray:
    return np.zeros(0) if voice.f0 is None else voice.f0[voice.f0 > 0].astype(np.float64)


def _listen(
    paths: Sequence[Path], work: Callable[[Path], Heard | str], workers: int, progress: bool
) -> dict[Path, Heard | str]:
    """Every recording analysed, or why it could not be."""
    hidden = None if progress else True
    with tqdm(total=len(paths), desc="evaluate", unit="file", disable=hidden) as bar:
        results: dict[Path, Heard | str] = {}
        if workers == 1 or len(paths) < 2:
            for path in paths:
                results[path] = work(path)
                bar.update()
            return results
        with start_workers(min(workers, len(paths))) as pool:
            try:
                for path, result in zip(paths, pool.map(work, paths), strict=True):
                    results[path] = result
                    bar.update()
            except BrokenProcessPool:
                raise SpeechganError(
                    "a measuring process died, perhaps for lack of memory; try --workers 1"
                ) from None
    return results


def listen(path: Path, with_dnsmos: bool = True, with_words: bool = False) -> Heard | str:
    """A recording analysed, channels averaged, at one level; or why it could not be."""
    try:
        wave, rate = audio.read(path)
        audio.require_finite(wave, rate, str(path))
        mono = audio.resample(wave.mean(0, keepdims=True), rate, SAMPLE_RATE)[0]
        level = float(np.sqrt(np.mean(np.square(mono, dtype=np.float64))))
        if level == 0:
            raise UnmeasurableError(f"{path}: silence")
        mono = (mono * (LEVEL / level)).astype(np.float32)
        opinions: Scores = {}
        if with_dnsmos:
            heard = dnsmos(np.clip(mono, -1, 1), SAMPLE_RATE)
            opinions = {
                "dnsmos_signal": heard.signal,
                "dnsmos_background": heard.background,
                "dnsmos_overall": heard.overall,
            }
        voice, embedding = World(SAMPLE_RATE).analyse(mono), embed_speaker(mono)
        words = None
        if with_words:
            with contextlib.suppress(UnmeasurableError):
                words = recognise(mono)
        return Heard(voice, embedding, opinions, words)
    except UnmeasurableError as error:
        return str(error) if str(path) in str(error) else f"{path}: {error}"
    except SpeechganError as error:
        return str(error)
