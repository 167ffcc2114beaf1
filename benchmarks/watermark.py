"""How surely a watermark is found after damage, how often in sounds without one, and what it costs.

    python benchmarks/watermark.py --data DIR [--also FOLDER ...]

DIR holds speech/test, far, noise and music. Marked are recordings of DIR/speech/test, each
speaker's in a row; looked at are pieces of them. False alarms are counted in pieces of all folders
and of those named by --also, each piece with several keys: by chance it can agree with any.
"""

import argparse
import io
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile
from pesq import pesq

from speechgan import audio
from speechgan.audio.watermark import detect, embed
from speechgan.audio.watermark.detection import THRESHOLD
from speechgan.audio.watermark.pattern import KEY
from speechgan.utils.errors import SpeechganError

Damage = Callable[[np.ndarray, int, np.random.Generator], np.ndarray]
LENGTHS = (3, 5, 10, 20)
UNMARKED_SECONDS = 5
# libsndfile names constant bit rates of MP3 by a level; these are 64 kbit/s.
MP3_LEVEL, MP3_LEVEL_ABOVE_32_KHZ = 0.6, 0.88


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--also", type=Path, nargs="*", default=[], help="more unmarked sounds")
    parser.add_argument("--marked", type=Path, help="what to mark (default: DIR/speech/test)")
    parser.add_argument("--pieces", type=int, default=60, help="marked pieces of each length")
    parser.add_argument("--unmarked", type=int, default=10**6, help="unmarked pieces, at most")
    parser.add_argument("--keys", type=int, default=4, help="looked for in unmarked pieces")
    arguments = parser.parse_args()
    speech = list(load_rows(arguments.marked or arguments.data / "speech" / "test"))
    print_cost(speech)
    print_detections(speech, arguments.pieces)
    names = ("speech/test", "far", "noise", "music")
    folders = [arguments.data / name for name in names] + arguments.also
    print_alarms(folders, arguments.unmarked, arguments.keys)


def print_cost(speech: list[tuple[np.ndarray, int]]) -> None:
    """What marking changes: PESQ and signal-to-noise ratio against the unmarked sound."""
    scores, ratios = [], []
    for row, rate in speech:
        marked = embed(row, rate)
        for start in range(0, len(row) - 8 * rate, 8 * rate):
            piece = slice(start, start + 8 * rate)
            before, after = (audio.resample(x[None, piece], rate, 16000)[0] for x in (row, marked))
            scores.append(pesq(16000, before, after, "wb"))
            difference = np.sum((after - before) ** 2)
            ratios.append(10 * np.log10(np.sum(before**2) / difference))
    print(f"PESQ-WB of {len(scores)} pieces: mean {np.mean(scores):.2f}, lowest {min(scores):.2f}")
    print(f"signal to change: mean {np.mean(ratios):.1f} dB, lowest {min(ratios):.1f} dB\n")


def print_detections(speech: list[tuple[np.ndarray, int]], count: int) -> None:
    """The share of marked pieces that are found, by length and damage."""
    generator = np.random.default_rng(0)
    marked = [(embed(row, rate), rate) for row, rate in speech]
    print("| damage | " + " | ".join(f"{length} s" for length in LENGTHS) + " |")
    print("|---" * (len(LENGTHS) + 1) + "|")
    found: dict[str, list[list[float]]] = {name: [] for name in DAMAGES}
    for length in LENGTHS:
        scores = defaultdict(list)
        for number in range(count):
            row, rate = marked[number % len(marked)]
            start = generator.integers(0, len(row) - length * rate)
            piece = row[start : start + length * rate]
            for name, damage in DAMAGES.items():
                scores[name].append(detect(damage(piece, rate, generator), rate).score)
        for name in DAMAGES:
            found[name].append(scores[name])
    for name, columns in found.items():
        cells = (f"{np.mean(np.array(c) >= THRESHOLD):.1%} ({np.median(c):.1f})" for c in columns)
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    print(f"\nof {count} pieces each; in brackets the median score, threshold {THRESHOLD}\n")


def print_alarms(folders: list[Path], most: int, keys: int) -> None:
    """How often a mark is found that nobody put in."""
    print("| unmarked | pieces | looked at | alarms | highest score |\n|---|---|---|---|---|")
    total, looked, alarms = 0, 0, 0
    for folder in folders:
        scores = []
        for piece, rate in load_pieces(folder):
            if total == most:
                break
            total += 1
            names = [KEY, *(f"key {number}" for number in range(1, keys))]
            scores += [detect(piece, rate, name).score for name in names]
        raised = int(np.sum(np.array(scores) >= THRESHOLD))
        looked, alarms = looked + len(scores), alarms + raised
        own = max(scores, default=0.0)
        count = len(scores) // keys
        print(f"| {folder.name} | {count} | {len(scores)} | {raised} | {own:.2f} |", flush=True)
    print(f"| all | {total} | {looked} | {alarms} | |\n")
    print(f"false alarm rate {alarms / looked:.4%}, at most {bound(alarms) / looked:.4%} (95 %)")


def bound(alarms: int) -> float:
    """The largest mean of a Poisson distribution that gives so few or fewer in 5 % of cases."""
    low, high = 0.0, 10.0 * (alarms + 3)
    for _ in range(60):
        mean = (low + high) / 2
        terms = np.cumprod([1.0, *(mean / n for n in range(1, alarms + 1))])
        low, high = (mean, high) if np.exp(-mean) * terms.sum() > 0.05 else (low, mean)
    return low


def load_rows(folder: Path) -> Iterator[tuple[np.ndarray, int]]:
    """The recordings of each folder below, in a row, and their rate; those of another left out."""
    files = sorted(f for f in folder.rglob("*") if f.suffix.lower() in audio.AUDIO_EXTENSIONS)
    for parent in sorted({file.parent for file in files}):
        rows, rate = [], 0
        for file in (f for f in files if f.parent == parent):
            try:
                wave, own = audio.read(file)
            except SpeechganError:
                continue  # not a sound
            rate = rate or own
            if own == rate:
                rows.append(wave.mean(axis=0))
        if rows:
            yield np.concatenate(rows), rate


def load_pieces(folder: Path) -> Iterator[tuple[np.ndarray, int]]:
    """All whole pieces of the recordings in a row."""
    for row, rate in load_rows(folder):
        length = UNMARKED_SECONDS * rate
        for start in range(0, len(row) - length + 1, length):
            yield row[start : start + length], rate


def keep(wave: np.ndarray, rate: int, generator: np.random.Generator) -> np.ndarray:
    """No damage but the cut that made the piece."""
    return wave


def code_mp3(wave: np.ndarray, rate: int, generator: np.random.Generator) -> np.ndarray:
    """MP3 at a constant 64 kbit/s, by LAME in libsndfile, and back."""
    file = io.BytesIO()
    level = MP3_LEVEL_ABOVE_32_KHZ if rate >= 32000 else MP3_LEVEL
    soundfile.write(
        file, wave, rate, format="MP3", bitrate_mode="CONSTANT", compression_level=level
    )
    file.seek(0)
    return np.asarray(soundfile.read(file, dtype="float32")[0])


def resample_to(other: int) -> Damage:
    """To another rate, in Hz, and back."""

    def damage(wave: np.ndarray, rate: int, generator: np.random.Generator) -> np.ndarray:
        there = audio.resample(wave[None], rate, other)
        return np.asarray(audio.resample(there, other, rate)[0])

    return damage


def add_noise(wave: np.ndarray, rate: int, generator: np.random.Generator) -> np.ndarray:
    """White noise, 20 dB below the speech."""
    noise = generator.standard_normal(len(wave)) * np.sqrt(np.mean(wave**2) / 100)
    return (wave + noise).astype(np.float32)


def do_all(wave: np.ndarray, rate: int, generator: np.random.Generator) -> np.ndarray:
    """One after the other: a telephone's rate, noise, MP3."""
    narrow = resample_to(8000)(wave, rate, generator)
    return code_mp3(add_noise(narrow, rate, generator), rate, generator)


DAMAGES: dict[str, Damage] = {
    "cut alone": keep,
    "MP3, 64 kbit/s": code_mp3,
    "8 kHz and back": resample_to(8000),
    "44.1 kHz and back": resample_to(44100),
    "noise at 20 dB": add_noise,
    "8 kHz, noise and MP3": do_all,
}

if __name__ == "__main__":
    main()
