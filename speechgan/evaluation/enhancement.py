"""Evaluation of enhanced speech against clean references."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from speechgan.audio import Wave
from speechgan.evaluation.enhancement_measures import MEASURES
from speechgan.evaluation.measure import Measure, Scores
from speechgan.evaluation.opinions import DNSMOS
from speechgan.evaluation.pairing import Recording, pair_recordings
from speechgan.evaluation.pipeline import Runner, gather, run_jobs
from speechgan.evaluation.results import Evaluation, Row
from speechgan.evaluation.sounds import SAMPLE_RATE, load, protect
from speechgan.evaluation.task import Scale, Task
from speechgan.metrics.composite import Basics, measure_basics
from speechgan.metrics.dnsmos import Dnsmos, dnsmos
from speechgan.utils.errors import UnmeasurableError
from speechgan.utils.places import File, locate

# Encoders and resamplers add or drop a little at the ends.
_LENGTH_TOLERANCE = 0.050


@dataclass(frozen=True)
class Comparison:
    """One channel with its clean reference; the attributes are the parameters of measures.

    Attributes:
        clean: reference, `(sample,)`, full scale at 1.
        enhanced: the evaluated wave, of the same shape: the enhanced one or, for comparison, the
            noisy one.
        sample_rate: in Hz.
    """

    clean: Wave
    enhanced: Wave
    sample_rate: int = SAMPLE_RATE

    @cached_property
    def basics(self) -> Basics:
        """PESQ and the three other measures that composite measures are computed from."""
        return measure_basics(self.clean, self.enhanced, self.sample_rate)

    @cached_property
    def opinions(self) -> Dnsmos:
        """DNSMOS of the evaluated wave."""
        return dnsmos(self.enhanced, self.sample_rate)


def describe_sharpness(value: float) -> str:
    """Describes a mean sharpness in words."""
    if value < 0.9:
        return "blurred against the clean speech, or noise is left between its harmonics"
    if value > 1.1:
        return "more dug out than the clean speech: over-suppressed, or musical noise"
    return "about as sharp as the clean speech"


ENHANCEMENT = Task(
    title="Speech enhancement",
    sides=("noisy", "enhanced"),
    judged="enhanced",
    baseline="noisy",
    shown=("noisy", "enhanced", "clean"),
    offers=("clean", "enhanced", "sample_rate", "basics", "opinions"),
    headlines=("pesq", "covl", "estoi", "si_sdr"),
    captions=("pesq", "si_sdr"),
    ranked_by=("pesq",),
    scales=(
        Scale("sharpness", "Sharpness", 0, 2, describe_sharpness),
        Scale("dnsmos_signal", "Speech, DNSMOS SIG", 1, 5),
        Scale("dnsmos_background", "Background, DNSMOS BAK", 1, 5),
    ),
    note="A difference is coloured if its interval leaves out 0.",
)


def evaluate_enhancement(
    clean: str | File,
    enhanced: str | File,
    noisy: str | File | None = None,
    *,
    measures: Sequence[Measure] = (),
    workers: int | Runner | None = None,
    with_dnsmos: bool = True,
    progress: bool = False,
) -> Evaluation:
    """Measures a folder of enhanced speech against the clean references of the same names.

    Files of any rate are resampled to 16 kHz. Channels are measured one by one and averaged. Files
    whose lengths differ by up to 50 ms are cut to the shorter. A recording that cannot be measured
    (silence, lengths or channel counts that do not fit, an unreadable file) is reported in
    `Evaluation.refused` and left out, so that all means are over the same recordings.

    Args:
        clean: folder of references; path or URL, as the next two.
        enhanced: folder of the recordings to evaluate, with the same names; see
            `pairing.pair_recordings`.
        noisy: folder of the inputs of the enhancement, to measure them and the difference.
        measures: further ones.
        workers: number of processes; all cores by default. With more than one, a script must call
            this below `if __name__ == "__main__":`. Or a function that does the work elsewhere, as
            `speechgan.cluster.items.run_items`.
        with_dnsmos: whether to run DNSMOS, which takes longer than all other measures together.
        progress: whether to show a progress bar on stderr, if that is a terminal.

    Raises:
        SpeechganError: a folder is missing, files are unmatched, none could be measured, or a
            further measure needs data that do not exist.
    """
    recordings = pair_recordings(locate(clean), locate(enhanced), locate(noisy) if noisy else None)
    own = tuple(m for m in MEASURES if with_dnsmos or m not in DNSMOS)
    chosen = ENHANCEMENT.extend(own, measures, tuple(recordings[0].files))
    job = partial(measure_recording, measures=chosen)
    results = run_jobs(job, {r.name: r for r in recordings}, workers, progress)
    return gather(ENHANCEMENT, chosen, results)


def measure_recording(recording: Recording, measures: Sequence[Measure] = MEASURES) -> Row:
    """Scores of one recording.

    Raises:
        SpeechganError: a file cannot be read, does not fit its reference, or is not measurable.
    """
    clean = load(recording.files["clean"])
    scores, seconds = {}, 0.0
    for side in ENHANCEMENT.sides:
        if side in recording.files:
            path = recording.files[side]
            pair = _fit(clean, load(path), path)
            seconds = pair[0].shape[1] / SAMPLE_RATE
            try:
                scores[side] = score(*pair, measures)
            except UnmeasurableError as error:
                raise UnmeasurableError(f"{path}: {error}") from None
    return Row(recording, scores, seconds)


def score(clean: Wave, enhanced: Wave, measures: Sequence[Measure] = MEASURES) -> Scores:
    """The measures, by key.

    Args:
        clean: reference, `(channel, sample)` at 16 kHz, full scale at 1.
        enhanced: evaluated wave, of the same shape. Each channel is compared with its own
            reference; the scores are means over channels.
        measures: all by default.

    Raises:
        UnmeasurableError: a measure is not defined for a channel.
    """
    pairs = zip(clean, enhanced, strict=True)
    channels = [Comparison(protect(one), protect(other)) for one, other in pairs]
    return {m.key: float(np.mean([m.score(channel) for channel in channels])) for m in measures}


def _fit(clean: Wave, wave: Wave, path: File) -> tuple[Wave, Wave]:
    """Reference and wave, cut to the shorter."""
    if len(clean) != len(wave):
        raise UnmeasurableError(
            f"{path}: has {len(wave)} channels, but its clean reference has {len(clean)}"
        )
    excess = (wave.shape[1] - clean.shape[1]) / SAMPLE_RATE
    if abs(excess) > _LENGTH_TOLERANCE:
        raise UnmeasurableError(
            f"{path}: {abs(excess):.2f} s {'longer' if excess > 0 else 'shorter'} "
            "than its clean reference"
        )
    samples = min(clean.shape[1], wave.shape[1])
    return clean[:, :samples], wave[:, :samples]
