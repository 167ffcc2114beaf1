"""A voice converted as it comes against the same from a file, on held-out sentences, on one core.

    python benchmarks/live.py --data DIR/voices [--model NAME|DIR] [--rate HZ]

DIR/voices holds a folder for each speaker. The held-out sentences of each of the model's speakers,
one after the other, are converted to the next speaker; nobody says who speaks, and the first six
seconds, in which a stranger gets known, are not counted. Distances are from the live sound to
that of the file, frame by frame.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from speechgan import Converter
from speechgan.audio import resample
from speechgan.data.conversion.voice_cache import read_voice_wave
from speechgan.data.conversion.voices import scan_voices
from speechgan.features.world import DECIBELS, World
from speechgan.metrics.dnsmos import dnsmos

RATE = 16000
SKIPPED = 6
# What a program that records gives at a time, in seconds.
BLOCK = 0.02


def main() -> None:
    """Converts, measures and prints two tables in Markdown."""
    parser = argparse.ArgumentParser(description="Compare live conversion with that of files.")
    add = parser.add_argument
    add("--data", type=Path, required=True, metavar="DIR", help="a folder for each speaker")
    add("--model", default="voices", metavar="NAME|DIR", help="a converter (default: voices)")
    add("--rate", type=int, default=RATE, metavar="HZ", help="of the sound (default: 16000)")
    arguments = parser.parse_args()
    converter = Converter.from_pretrained(arguments.model, "cpu", threads=1)
    speakers = scan_voices(arguments.data, [speaker.name for speaker in converter.speakers])
    opinions, distances, speeds = [], [], []
    for source, target in zip(speakers, [*speakers[1:], speakers[0]], strict=True):
        waves = [read_voice_wave(path, RATE) for path in source.test]
        wave = resample(np.concatenate(waves)[None], RATE, arguments.rate)[0]
        live, speed = follow(converter, wave, arguments.rate, target.name)
        file = converter(wave, arguments.rate, target.name)
        made = [resample(x[None], arguments.rate, RATE)[0][SKIPPED * RATE :] for x in (file, live)]
        opinions.append([dnsmos(x, RATE) for x in made])
        distances.append(compare(*made))
        speeds.append(speed)
    print("| | DNSMOS SIG | BAK | OVRL |\n|---|---|---|---|")
    for name, row in zip(("file", "live"), np.mean(opinions, 0), strict=True):
        print(f"| {name} | {' | '.join(f'{x:.2f}' for x in row)} |")
    print("\n| MCD, dB | F0, semitones | voicing, % | delay, s | times real time |")
    print("|---|---|---|---|---|")
    delay = converter.stream(arguments.rate, speakers[0].name).delay
    mcd, f0, voicing = np.mean(distances, 0)
    print(f"| {mcd:.2f} | {f0:.2f} | {voicing:.1f} | {delay:.3f} | {np.mean(speeds):.1f} |")


def follow(
    converter: Converter, wave: np.ndarray, rate: int, target: str
) -> tuple[np.ndarray, float]:
    """The sound converted live, and how many times faster than real time."""
    stream = converter.stream(rate, target)
    size = round(BLOCK * rate)
    started = time.perf_counter()
    pieces = [stream(wave[start : start + size]) for start in range(0, len(wave), size)]
    pieces.append(stream.flush())
    return np.concatenate(pieces), len(wave) / rate / (time.perf_counter() - started)


def compare(file: np.ndarray, live: np.ndarray) -> tuple[float, float, float]:
    """Mel-cepstral distortion, median distance of F0, share of frames that differ in voicing."""
    one, other = (World(f0="harvest").analyse(wave) for wave in (file, live))
    spoken = one.find_speech() & other.find_speech()
    away = (one.image[1:] - other.image[1:])[:, spoken]
    mcd = DECIBELS * np.sqrt(np.square(away).sum(0)).mean()
    assert one.f0 is not None and other.f0 is not None
    both = (one.f0 > 0) & (other.f0 > 0)
    semitones = 12 * np.abs(np.log2(one.f0[both] / other.f0[both]))
    voicing = 100 * ((one.f0 > 0) != (other.f0 > 0)).mean()
    return float(mcd), float(np.median(semitones)), float(voicing)


if __name__ == "__main__":
    main()
