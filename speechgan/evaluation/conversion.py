"""Evaluation of converted speech against its source and its target."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from speechgan.evaluation.conversion_measures import MEASURES, OF_A_RECOGNISER
from speechgan.evaluation.corpus import CORPUS_MEASURES, measure_corpus
from speechgan.evaluation.measure import Measure, Scores
from speechgan.evaluation.opinions import DNSMOS
from speechgan.evaluation.pairing import Recording, find_audio, match_conversions
from speechgan.evaluation.pipeline import Runner, gather, run_jobs
from speechgan.evaluation.results import Evaluation, Row
from speechgan.evaluation.sounds import SAMPLE_RATE
from speechgan.evaluation.speakers import Heard, Speaker
from speechgan.evaluation.task import Task
from speechgan.evaluation.trial import Sound, Trial, load_at_level
from speechgan.utils.errors import UnmeasurableError
from speechgan.utils.places import File, locate

CONVERSION = Task(
    title="Voice conversion",
    sides=("source", "converted", "target"),
    judged="converted",
    baseline=None,
    shown=("source", "converted", "target"),
    offers=(
        *("converted", "source", "target", "sample_rate"),
        *("converted_voice", "source_voice", "target_voice", "source_copy"),
        *("converted_words", "source_words", "converted_phones", "source_phones"),
        "converted_embedding",
        *("source_speaker", "target_speaker", "opinions"),
    ),
    headlines=("mcd", "target_similarity", "content", "dnsmos_overall"),
    captions=("mcd", "target_similarity"),
    ranked_by=("mcd", "target_similarity", "content"),
    note="The source, as if it had been converted, and the target's own readings show what the "
    "numbers can be.",
)


@dataclass(frozen=True)
class Item:
    """The data for scoring one recording.

    Attributes:
        recording: its files.
        heard: the analysis of each side that exists.
        speakers: for each side, source and target speaker, without the side's own recording.
    """

    recording: Recording
    heard: Mapping[str, Heard]
    speakers: Mapping[str, tuple[Speaker | None, Speaker | None]]


def evaluate_conversion(
    converted: str | File,
    target: str | File | None = None,
    source: str | File | None = None,
    *,
    parallel: bool = True,
    measures: Sequence[Measure] = (),
    workers: int | Runner | None = None,
    with_dnsmos: bool = True,
    with_words: bool = False,
    progress: bool = False,
) -> Evaluation:
    """Measures a folder of converted speech.

    Channels are averaged and recordings are scaled to the same level. A measure that is not defined
    for a recording has no value; a recording that cannot be read or has no speech is refused.

    Args:
        converted: folder of the recordings to evaluate; path or URL, as the next two.
        target: folder of the target's recordings, which describe its voice; one with the name of a
            converted recording is taken for the same sentence.
        source: folder of the sources of the conversions, with the same names.
        parallel: False if equal names in `target` do not mean equal sentences.
        measures: further ones.
        workers: number of processes, all cores by default; or a function that works elsewhere, as
            `speechgan.cluster.items.run_items`, which is called twice.
        with_dnsmos, with_words: whether to run DNSMOS, and a recogniser of English.
        progress: whether to show a bar on stderr, if that is a terminal.

    Raises:
        SpeechganError: a folder or a source is missing, none could be measured, or a further
            measure needs data that do not exist.
    """
    folders = {"converted": converted, "target": target, "source": source}
    given = {side: locate(folder) for side, folder in folders.items() if folder}
    recordings = match_conversions(
        given["converted"], given.get("target"), given.get("source"), parallel
    )
    own = tuple(
        m
        for m in MEASURES
        if (with_dnsmos or m not in DNSMOS) and (with_words or m not in OF_A_RECOGNISER)
    )
    chosen = CONVERSION.extend(own, measures, tuple(given))
    targets = set(find_audio(given["target"]).values()) if target else set()
    paths = sorted({path for r in recordings for path in r.files.values()} | targets, key=str)
    found = run_jobs(listen, {str(path): path for path in paths}, workers, progress)
    heard = {path: h for path in paths if isinstance(h := found[str(path)], Heard)}
    items = {item.recording.name: item for item in _prepare(recordings, heard, targets)}
    results = run_jobs(partial(score, measures=chosen), items, workers, progress)
    for recording in recordings:
        if missing := [path for path in recording.files.values() if path not in heard]:
            results[recording.name] = found[str(missing[0])]
    needed = {path for recording in recordings for path in recording.files.values()}
    unheard = sorted(map(str, targets - needed - heard.keys()))
    lost = {name: found[name] for name in unheard}
    evaluation = gather(CONVERSION, (*chosen, *CORPUS_MEASURES), results, lost)
    natural = [heard[path] for path in sorted(targets & heard.keys(), key=str)]
    return replace(evaluation, whole=_measure_together(evaluation, heard, natural))


def listen(path: File) -> Heard:
    """The analysis of a recording.

    Raises:
        SpeechganError: unreadable, damaged, silence, or no speech in it.
    """
    try:
        return Heard.analyse(load_at_level(path), SAMPLE_RATE)
    except UnmeasurableError as error:
        named = str(error).startswith(str(path))
        raise error if named else UnmeasurableError(f"{path}: {error}") from None


def score(item: Item, measures: Sequence[Measure] = MEASURES) -> Row:
    """Every measure that is defined, for every side that exists."""
    files = item.recording.files
    sounds = {side: Sound(files[side], heard) for side, heard in item.heard.items()}
    scores: dict[str, Scores] = {}
    for side, judged in sounds.items():
        others = {name: sound for name, sound in sounds.items() if name != side}
        trial = Trial(judged, others.get("source"), others.get("target"), *item.speakers[side])
        scores[side] = {}
        for measure in measures:
            if measure.sides is None or side in measure.sides:
                with suppress(UnmeasurableError):
                    scores[side][measure.key] = measure.score(trial)
    return Row(item.recording, scores)


def _measure_together(
    evaluation: Evaluation, heard: Mapping[File, Heard], natural: Sequence[Heard]
) -> dict[str, Scores]:
    """Measures of all recordings of a side together, if there are recordings of the target."""
    files = [row.recording.files for row in evaluation.rows]
    sides = {
        side: [heard[paths[side]] for paths in files if side in paths]
        for side in ("source", "converted")
    }
    known = {side: recordings for side, recordings in sides.items() if recordings}
    return measure_corpus(known, natural) if natural else {}


def _prepare(
    recordings: Sequence[Recording], heard: Mapping[File, Heard], targets: Iterable[File]
) -> list[Item]:
    """The workers' items: recordings whose files were all analysed."""
    sources = {r.files["source"] for r in recordings if "source" in r.files} & heard.keys()
    examples = sorted(set(targets) & heard.keys(), key=str)
    origin, goal = (
        Speaker.describe({path: heard[path] for path in paths})
        for paths in (sorted(sources, key=str), examples)
    )
    items = []
    for number, recording in enumerate(recordings):
        if all(path in heard for path in recording.files.values()):
            known = {side: heard[path] for side, path in recording.files.items()}
            own = {
                side: (origin and origin.without(path), goal and goal.without(path))
                for side, path in recording.files.items()
            }
            # A different one for each, so that the report plays several of the target's sentences.
            example = {"target": examples[number % len(examples)]} if examples else {}
            items.append(Item(replace(recording, examples=example), known, own))
    return items
