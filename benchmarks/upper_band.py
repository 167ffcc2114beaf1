"""How much noise is left above 8 kHz, and how much speech is lost there, as a Markdown table.

    python benchmarks/upper_band.py --data DIR [--model NAME|DIR] [--items N]

DIR holds 48 kHz speech in `wide/test`, mixed here with white, pink and brown noise that swells and
falls, as no recording of noise in DIR reaches so high. Judged is what lies above 8 kHz alone:
SI-SDR, and the distance of the log spectra, against the clean speech's. Beside what ships stand
the input; one gain a frame, that of 4 to 8 kHz over a tenth of a second; and the best that gains a
frame could do, one or one for each of eight bands, which know the clean speech.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from speechgan import Enhancer, audio
from speechgan.audio import Wave
from speechgan.data.enhancement.mixing import coloured_noise, noise_gain
from speechgan.inference.enhancement.bands import energy, square
from speechgan.inference.enhancement.frames import Analyser, Framing, Spectrum

RATE = 48000
FRAMING = Framing.at(RATE, 16000, 512, 256)
KNOWN = FRAMING.model_bins
SLOPES = {"white": 0.0, "pink": 1.0, "brown": 2.0}
LEVELS = (0.0, 10.0, 40.0)
BANDS = 8


def read_speech(data: Path, items: int) -> Iterator[Wave]:
    """Three sentences each, `(sample,)`."""
    paths = sorted((data / "wide/test").rglob("*.opus"))
    for first in range(0, min(3 * items, len(paths) - 2), 3):
        yield np.concatenate([audio.read(path)[0][0] for path in paths[first : first + 3]])


def mix(speech: Wave, slope: float, level: float, rng: np.random.Generator) -> tuple[Wave, Wave]:
    """Clean and noisy, peaks of the latter at a half."""
    seconds = np.arange(len(speech)) / RATE
    noise = coloured_noise(rng, len(speech), slope) * (1 + 0.5 * np.sin(2 * np.pi * 0.7 * seconds))
    noise = noise * noise_gain(speech[None], noise[None], np.float32(level))[0]
    scale = 0.5 / np.abs(speech + noise).max()
    return (speech * scale).astype(np.float32), ((speech + noise) * scale).astype(np.float32)


def analyse(wave: Wave) -> Spectrum:
    """Frames `(frame, bin)`."""
    padded = np.pad(wave, (FRAMING.overlap, FRAMING.n_fft))[None]
    spectrum: Spectrum = Analyser(FRAMING, 1)(padded)[0][0]
    return spectrum


def follow_lower(noisy: Spectrum, enhanced: Spectrum) -> np.ndarray:
    """`(frame, 1)`: gain of the upper half of the model's band, over a tenth of a second."""
    half = slice(KNOWN // 2, KNOWN)
    both = np.stack([energy(spectrum[..., half]) for spectrum in (enhanced, noisy)])
    for frame in range(1, both.shape[1]):
        both[:, frame] += np.exp(-0.016 / 0.1) * (both[:, frame - 1] - both[:, frame])
    return np.sqrt(np.minimum(both[0] / np.maximum(both[1], 1e-30), 1))[:, None]


def best_gains(clean: Spectrum, noisy: Spectrum, bands: int) -> np.ndarray:
    """Gains `(frame, bin)` that give each band of a frame its clean energy."""
    edges = np.linspace(0, clean.shape[1], bands + 1).astype(int)
    wanted, given = (np.add.reduceat(square(x), edges[:-1], -1) for x in (clean, noisy))
    gains = np.sqrt(np.minimum(wanted / np.maximum(given, 1e-30), 1))
    return np.repeat(gains, np.diff(edges), axis=-1)


def judge(clean: Spectrum, found: Spectrum) -> tuple[float, float]:
    """SI-SDR and log-spectral distance, dB."""
    target = np.vdot(clean, found) / np.vdot(clean, clean) * clean
    error = found - target
    ratio = 10 * np.log10(np.vdot(target, target).real / np.vdot(error, error).real)
    logs = [10 * np.log10(np.maximum(square(spectrum), 1e-9)) for spectrum in (clean, found)]
    return ratio, float(np.sqrt(np.square(logs[0] - logs[1]).mean(-1)).mean())


def main() -> None:
    """Mixes, enhances and judges, and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="default")
    parser.add_argument("--items", type=int, default=12)
    arguments = parser.parse_args()
    enhancer, rng = Enhancer.from_pretrained(arguments.model, "cpu"), np.random.default_rng(0)
    print("| noise | input | one gain, as 4 to 8 kHz | speechgan | best gain | best 8 gains |")
    print("|---|---|---|---|---|---|")
    for name, slope in SLOPES.items():
        for level in LEVELS:
            rows = []
            for speech in read_speech(arguments.data, arguments.items):
                clean, noisy = mix(speech, slope, level, rng)
                spectra = [analyse(wave) for wave in (clean, noisy, enhancer(noisy, RATE))]
                pure, given, made = (spectrum[:, KNOWN:] for spectrum in spectra)
                found = [given, given * follow_lower(*spectra[1:]), made]
                found += [given * best_gains(pure, given, bands) for bands in (1, BANDS)]
                rows.append([judge(pure, spectrum) for spectrum in found])
            cells = [f"{ratio:.1f} / {distance:.0f}" for ratio, distance in np.mean(rows, 0)]
            print(f"| {name}, {level:g} dB | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
