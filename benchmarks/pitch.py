"""Estimators of pitch by what conversion with them is like, on held-out sentences.

    python benchmarks/pitch.py --data DIR/voices [--model NAME|DIR] [--f0 NAME ...]

DIR/voices holds a folder for each speaker. Every sentence that two of the model's speakers say, and
that is held out of training, is converted from one to the other and measured by `speechgan evaluate
convert`; means over pairs of speakers, and differences to the first estimator with 95 % confidence
intervals. That evaluation finds pitch by Harvest, which is one of those that are judged; the last
column has the correlation by pYIN (Mauch & Dixon 2014), which is not.
"""

import argparse
import itertools
import shutil
import tempfile
from pathlib import Path

import librosa
import numpy as np

from speechgan import Converter
from speechgan.data.conversion.voice_cache import read_voice_wave
from speechgan.data.conversion.voices import Speaker, scan_voices
from speechgan.evaluation.conversion import evaluate_conversion

RATE = 16000
COLUMNS = {
    "mcd": "MCD, dB",
    "f0_deviation": "F0 mean, % off",
    "target_similarity": "like target",
    "nearer_target": "nearer target",
    "content": "content",
    "dnsmos_overall": "DNSMOS OVRL",
    "f0_correlation": "log-F0 corr., Harvest",
    "pyin": "log-F0 corr., pYIN",
}


def main() -> None:
    """Converts, measures and prints a table in Markdown."""
    parser = argparse.ArgumentParser(description="Judge estimators of pitch by conversion.")
    add = parser.add_argument
    add("--data", type=Path, required=True, metavar="DIR", help="a folder for each speaker")
    add("--model", default="voices", metavar="NAME|DIR", help="a converter (default: voices)")
    add("--f0", nargs="+", default=["harvest", "dio", "swift"], metavar="NAME")
    arguments = parser.parse_args()
    print("| `f0` | " + " | ".join(COLUMNS.values()) + " |\n|---" + "|---" * len(COLUMNS) + "|")
    first = None
    for name in arguments.f0:
        converter = Converter.from_pretrained(arguments.model, "cpu", f0=name)
        scores = judge(converter, arguments.data)
        first = scores if first is None else first
        print(f"| `{name}` | {format_row(scores, first)} |", flush=True)


def judge(converter: Converter, data: Path) -> np.ndarray:
    """`(pair of speakers, column)`; NaN where a measure is not defined."""
    names = [speaker.name for speaker in converter.speakers]
    held_out = {speaker: sentences(speaker) for speaker in scan_voices(data, names)}
    rows = []
    for source, target in itertools.permutations(held_out, 2):
        common = sorted(set(held_out[source]) & set(held_out[target]))
        with tempfile.TemporaryDirectory() as folder:
            for side, speaker in (("source", source), ("target", target)):
                (Path(folder) / side).mkdir()
                for number, sentence in enumerate(common):
                    path = held_out[speaker][sentence]
                    shutil.copy(path, Path(folder) / side / f"{number}{path.suffix}")
            if common:
                rows.append(measure(converter, target.name, Path(folder)))
    return np.array(rows)


def sentences(speaker: Speaker) -> dict[str, Path]:
    """Held-out recordings by what is said."""
    return {speaker.sentence(path): path for path in speaker.valid}


def measure(converter: Converter, target: str, folder: Path) -> list[float]:
    """The columns of one pair of speakers."""
    correlations = []
    for path in sorted((folder / "source").iterdir()):
        made = folder / "converted" / f"{path.stem}.wav"
        converter.convert_file(path, made, target)
        correlations.append(correlate(*(read_voice_wave(p, RATE) for p in (path, made))))
    found = evaluate_conversion(
        folder / "converted", folder / "target", folder / "source", workers=1
    )
    means = {key: found.mean("converted", key) for key in COLUMNS}
    values = {key: mean.value for key, mean in means.items() if mean is not None}
    values |= {"pyin": float(np.nanmean(correlations))}
    values["f0_deviation"] = abs(values["f0_deviation"])
    return [values.get(key, np.nan) for key in COLUMNS]


def correlate(source: np.ndarray, converted: np.ndarray) -> float:
    """Correlation of log F0 where pYIN calls both voiced."""
    melodies = []
    for wave in (source, converted):
        f0, voiced, _ = librosa.pyin(wave, fmin=60, fmax=600, sr=RATE, hop_length=160)
        melodies.append(np.where(voiced, np.log(f0), np.nan))
    length = min(map(len, melodies))
    both = np.stack([melody[:length] for melody in melodies])
    both = both[:, np.isfinite(both).all(0)]
    return float(np.corrcoef(both)[0, 1]) if both.shape[1] > 10 else float("nan")


def format_row(scores: np.ndarray, first: np.ndarray) -> str:
    """Means, or of another estimator than the first differences to it."""
    if scores is first:
        return " | ".join(f"{mean:.2f}" for mean in np.nanmean(scores, 0))
    off = scores - first
    interval = 1.96 * np.nanstd(off, 0, ddof=1) / np.sqrt(np.isfinite(off).sum(0))
    return " | ".join(
        f"{d:+.3f} ± {i:.3f}" for d, i in zip(np.nanmean(off, 0), interval, strict=True)
    )


if __name__ == "__main__":
    main()
