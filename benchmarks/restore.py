"""What restores damaged speech how well, beside what needs no training, as Markdown tables.

    python benchmarks/restore.py --data DIR [--model NAME|DIR ...] [--split valid|test] [--items N]
        [--english WORD ...]

DIR holds `speech/SPLIT`, `far/SPLIT/clean` and `noise/SPLIT`. Each clean recording is damaged in
one known way at a time; N are spread evenly over those of a folder. "As it is" is plain resampling
of what the telephone leaves, and gaps filled with zeros. Gaps are filled by linear prediction, and
clipped peaks made anew by sparse spectra, as well, as they are for all models; where they lie,
nobody is told. All is at 16 kHz.

Of English speech, which recordings with one of the words in their path are, it is told how many
phones a recogniser hears otherwise than in the clean recording: whether words were lost, or
invented.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.signal import butter, fftconvolve, sosfiltfilt

from speechgan import Restorer, audio
from speechgan.audio import Wave
from speechgan.audio.clipping import declip
from speechgan.audio.gaps import fill_gaps
from speechgan.data.enhancement.codecs import pass_through_codec, resample_through
from speechgan.data.enhancement.mixing import noise_gain
from speechgan.data.enhancement.rooms import room_responses
from speechgan.metrics.dnsmos import dnsmos
from speechgan.metrics.intrusive import log_spectral_distance, pesq_wb, si_sdr
from speechgan.metrics.words import error_rate, recognise_phones
from speechgan.utils.errors import SpeechganError, UnmeasurableError
from speechgan.utils.spread import spread_evenly

RATE = 16000
AS_IT_IS, PREDICTION, SPARSE = "as it is", "linear prediction", "sparse spectra"

Restore = Callable[[Wave], Wave]
Damage = Callable[[Wave, int], tuple[Wave, Wave]]
"""A clean wave `(sample,)` and its number, to what is to come out and what goes in."""

MEASURES: dict[str, tuple[Callable[[Wave, Wave], float], int]] = {
    "LSD above 4 kHz, dB": (lambda clean, made: log_spectral_distance(clean, made, RATE, 4000), 1),
    "PESQ-WB": (lambda clean, made: pesq_wb(clean, made, RATE), 2),
    "SI-SDR, dB": (lambda clean, made: si_sdr(clean, made, RATE), 1),
    "DNSMOS OVRL": (lambda clean, made: dnsmos(made, RATE).overall, 2),
}
"""Of a clean and a restored wave, and the digits that are printed."""
PHONES = "phone errors, %"


class Recording(NamedTuple):
    """Clean speech `(sample,)`, and whether it is English."""

    wave: Wave
    english: bool


def telephone(clean: Wave, number: int) -> tuple[Wave, Wave]:
    """300 to 3400 Hz at 8 kHz."""
    sections = butter(4, (300, 3400), "bandpass", fs=RATE, output="sos")
    return clean, resample_through(sosfiltfilt(sections, clean), RATE, 8000)


def find_gaps(samples: int) -> list[tuple[int, int]]:
    """Of 60 ms every half second, the first after a quarter."""
    return [(s, min(s + 960, samples)) for s in range(RATE // 4, samples, RATE // 2)]


def interrupt(clean: Wave, number: int) -> tuple[Wave, Wave]:
    """Zeros in all gaps."""
    damaged = clean.copy()
    for start, stop in find_gaps(len(clean)):
        damaged[start:stop] = 0
    return clean, damaged


def clip(clean: Wave, number: int) -> tuple[Wave, Wave]:
    """Cut off at a fifth of the peak."""
    limit = 0.2 * np.abs(clean).max()
    return clean, np.clip(clean, -limit, limit)


def encode(clean: Wave, number: int) -> tuple[Wave, Wave]:
    """MP3 of low quality."""
    return clean, pass_through_codec(clean, RATE, "mp3", 0.9)


def add_noise(noises: list[Wave]) -> Damage:
    """Recorded noise in turn, 10 dB below the speech."""

    def damage(clean: Wave, number: int) -> tuple[Wave, Wave]:
        noise = np.resize(noises[number % len(noises)], len(clean))
        return clean, clean + noise * noise_gain(clean[None], noise[None], np.float32(10))[0]

    return damage


def reverberate(rooms: np.ndarray) -> Damage:
    """Rooms in turn; what is to come out has their first 50 ms."""

    def damage(clean: Wave, number: int) -> tuple[Wave, Wave]:
        response = rooms[number % len(rooms)]
        early = response * (np.arange(len(response)) < 0.05 * RATE)
        target, wet = (fftconvolve(clean, r)[: len(clean)] for r in (early, response))
        return target, wet

    return damage


def leave_alone(clean: Wave, number: int) -> tuple[Wave, Wave]:
    """Clean speech, which ought to come out as it is."""
    return clean, clean


def list_damages(noises: list[Wave]) -> dict[str, Damage]:
    """All, by name."""
    with tempfile.TemporaryDirectory() as folder:
        rooms = room_responses(40, RATE, 1234, (0.3, 0.6), Path(folder))
    return {
        "telephone": telephone,
        "gaps": interrupt,
        "clipping": clip,
        "MP3": encode,
        "noise, 10 dB": add_noise(noises),
        "room": reverberate(rooms),
        "clean": leave_alone,
    }


def read_folder(
    folder: Path, items: int | None = None, english: Sequence[str] = ()
) -> list[Recording]:
    """Recordings below a folder, mixed down to one channel, or so many spread evenly over them.

    Raises:
        SpeechganError: there are none, or one cannot be read.
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    if not paths:
        raise SpeechganError(f"{folder}: holds no recordings; --data DIR names the folder above")
    recordings = []
    for path in (paths[place] for place in spread_evenly(len(paths), items or len(paths))):
        wave, rate = audio.read(path)
        mono = audio.resample(wave.mean(0, keepdims=True), rate, RATE)[0]
        below = str(path.relative_to(folder))
        recordings.append(Recording(mono, any(word in below for word in english)))
    return recordings


def measure(
    damage: Damage, recordings: list[Recording], methods: dict[str, Restore]
) -> Iterator[tuple[str, np.ndarray]]:
    """Each method's means of all measures, over the recordings that all of them are defined for.

    The last one is `PHONES`, NaN where none of them is English.
    """
    rows = []
    for number, (wave, english) in enumerate(recordings):
        target, damaged = (side.astype(np.float32) for side in damage(wave, number))
        made = [restore(damaged) for restore in methods.values()]
        try:
            scores = [[m(target, out) for m, _ in MEASURES.values()] for out in made]
            errors = count_phones(target, made) if english else [np.nan] * len(made)
        except UnmeasurableError as error:
            print(f"recording {number} is left out: {error}", file=sys.stderr)
            continue
        rows.append([[*row, share] for row, share in zip(scores, errors, strict=True)])
    if rows:
        known = np.isfinite(rows).sum(0)
        means = np.nansum(rows, 0) / np.where(known, known, np.nan)
        yield from zip(methods, means, strict=True)


def count_phones(clean: Wave, made: list[Wave]) -> list[float]:
    """Of each wave, phones that are heard otherwise than in the clean one, in percent of them.

    Raises:
        UnmeasurableError: the clean wave holds no phones.
    """
    reference = recognise_phones(clean)
    errors = []
    for wave in made:
        try:
            heard = recognise_phones(wave)
        except UnmeasurableError:
            heard = []  # all are lost
        errors.append(100 * error_rate(reference, heard))
    return errors


def print_tables(arguments: argparse.Namespace) -> None:
    """A table for the voices of each folder.

    Raises:
        SpeechganError: an argument out of range, no recordings, or no such model.
    """
    if arguments.items is not None and arguments.items < 1:
        raise SpeechganError(f"--items {arguments.items}: must be 1 or more")
    data, split = arguments.data, arguments.split
    models = {name: Restorer.from_pretrained(name, "cpu") for name in arguments.model}
    folders = {name: data / name for name in (f"speech/{split}", f"far/{split}/clean")}
    voices = {
        name: read_folder(folder, arguments.items, arguments.english)
        for name, folder in folders.items()
    }
    columns = {name: digits for name, (_, digits) in MEASURES.items()}
    if arguments.english:
        columns[PHONES] = 1
    damages = list_damages([noise for noise, _ in read_folder(data / "noise" / split)])
    for name, waves in voices.items():
        print(f"\n{name}, {len(waves)} recordings\n")
        print(f"| damage | restored by | {' | '.join(columns)} |\n|{'---|' * (2 + len(columns))}")
        for title, damage in damages.items():
            methods: dict[str, Restore] = {AS_IT_IS: lambda wave: wave}
            if damage is interrupt:
                methods[PREDICTION] = lambda wave: fill_gaps(wave, RATE)
            if damage is clip:
                methods[SPARSE] = lambda wave: declip(wave, RATE)
            for model, restorer in models.items():
                methods[model] = lambda wave, restorer=restorer: restorer(wave, RATE)
            for method, means in measure(damage, waves, methods):
                shown = zip(means[: len(columns)], columns.values(), strict=True)
                cells = ("" if np.isnan(mean) else f"{mean:.{digits}f}" for mean, digits in shown)
                print(f"| {title} | {method} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Reads the command line and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", nargs="*", default=[], help="names or folders of models")
    parser.add_argument("--split", choices=("valid", "test"), default="test")
    parser.add_argument("--items", type=int, help="recordings of each folder; all by default")
    parser.add_argument("--english", nargs="*", default=[], metavar="WORD", help="in paths")
    try:
        print_tables(parser.parse_args())
    except SpeechganError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
