"""What an enhancer makes of music, and of a second voice, beside the speech, as a Markdown table.

    python benchmarks/company.py --data DIR [--model NAME|DIR] [--limits DB ...]

DIR holds `pairs/test/clean` and `music/test`. Each company lies so many decibels below the voice.
Whether it is wanted, only the user knows; so the output is compared with the voice alone, and with
voice and company together, which is the input itself. "Company" and "voice" are the levels at which
both are heard in the output, in decibels against the input: the coefficients of their least-squares
fit.
"""

import argparse
import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from speechgan import Enhancer, audio
from speechgan.audio import Wave
from speechgan.data.enhancement.mixing import noise_gain
from speechgan.metrics.composite import measure_basics, rate
from speechgan.metrics.intrusive import estoi, si_sdr

RATE = 16000
LEVELS = (0.0, 5.0, 10.0)
Item = tuple[Wave, Wave]
"""A voice and its company, each `(sample,)`."""


def read_voices(data: Path) -> list[tuple[str, Wave]]:
    """Speaker and clean sentence of every third recording."""
    paths = sorted((data / "pairs/test/clean").glob("*.flac"))[::3]
    return [(path.stem.split("_")[0], audio.read(path)[0][0]) for path in paths]


def with_music(data: Path) -> Iterator[Item]:
    """Voices in turn with pieces of music."""
    pieces = [audio.read(path) for path in sorted((data / "music/test").iterdir())]
    waves = [audio.resample(wave.mean(0, keepdims=True), r, RATE)[0] for wave, r in pieces]
    for number, (_, voice) in enumerate(read_voices(data)):
        piece = waves[number % len(waves)]
        start = 7 * RATE % max(1, len(piece) - len(voice))
        yield voice, np.resize(piece[start:], len(voice))


def with_second_voice(data: Path) -> Iterator[Item]:
    """Voices, each with one of another speaker."""
    voices = read_voices(data)
    for number, (speaker, voice) in enumerate(voices):
        later = itertools.islice(itertools.cycle(voices), number + 1, None)
        other = next(wave for name, wave in later if name != speaker)
        yield voice, np.resize(other, len(voice))


COMPANY = {"music": with_music, "second voice": with_second_voice}


def mix(voice: Wave, company: Wave, level: float) -> tuple[Wave, Wave, Wave]:
    """The sum, peaks at a half, and its two parts."""
    company = company * noise_gain(voice[None], company[None], np.float32(level))[0]
    scale = 0.5 / np.abs(voice + company).max()
    return (voice + company) * scale, voice * scale, company * scale


def judge(output: Wave, voice: Wave, company: Wave) -> list[float]:
    """PESQ, ESTOI, SI-SDR and COVL against the voice; SI-SDR against both; levels of both."""
    basics = measure_basics(voice, output, RATE)
    parts = np.stack([company, voice], 1)
    heard = np.abs(np.linalg.lstsq(parts, output, rcond=None)[0])
    levels = 20 * np.log10(np.maximum(heard, 1e-4))
    against_voice = (basics.pesq, estoi(voice, output, RATE), si_sdr(voice, output, RATE))
    return [*against_voice, rate(basics).covl, si_sdr(voice + company, output, RATE), *levels]


def main() -> None:
    """Measures every kind of company at every level and limit, and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="default")
    parser.add_argument("--limits", type=float, nargs="*", default=[20.0, 12.0, 6.0], metavar="DB")
    arguments = parser.parse_args()
    enhancer = Enhancer.from_pretrained(arguments.model, "cpu")
    limits: list[float | None] = [None, *arguments.limits]
    names = ["company", "limit", "PESQ-WB", "ESTOI", "SI-SDR, dB", "COVL"]
    names += ["SI-SDR against both, dB", "company, dB", "voice, dB"]
    print(f"| {' | '.join(names)} |\n|{'---|' * len(names)}")
    for (kind, read), level in itertools.product(COMPANY.items(), LEVELS):
        mixtures = [mix(*item, level) for item in read(arguments.data)]
        before = np.mean([judge(noisy, voice, company) for noisy, voice, company in mixtures], 0)
        print(format_row(f"{kind}, {level:g} dB", "input", before), flush=True)
        for limit in limits:
            found = [
                judge(
                    enhancer(noisy.astype(np.float32), RATE, attenuation_limit=limit),
                    voice,
                    company,
                )
                for noisy, voice, company in mixtures
            ]
            name = "none" if limit is None else f"{limit:g} dB"
            print(format_row(f"{kind}, {level:g} dB", name, np.mean(found, 0)), flush=True)


def format_row(kind: str, limit: str, values: np.ndarray) -> str:
    """One line of the table."""
    digits = (2, 3, 1, 2, 1, 1, 1)
    cells = [f"{value:.{d}f}" for value, d in zip(values, digits, strict=True)]
    return f"| {kind} | {limit} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
