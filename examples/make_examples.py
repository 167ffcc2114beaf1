"""Mixes the recordings of this folder anew: `python examples/make_examples.py --data DIR`.

DIR holds `speech/` and `noise/` as README.md beside this file names them. The result is the same
every time: the table below and one seed decide everything.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from speechgan import audio

HERE = Path(__file__).parent
SAMPLE_RATE = 16000
FADE = 0.02


@dataclass(frozen=True)
class Example:
    """One line of the table.

    Attributes:
        name: file name, the same in `noisy/` and `clean/`.
        speech: recording under `speech/`.
        noise: recording under `noise/`.
        snr: power of the speech over power of the noise, over the whole file, in dB.
        peak: loudest sample of the noisy file, in dB below full scale.
        sample_rate: of the files, in Hz.
        channels: 2 for a noise that differs left and right, with the speech in the middle.
        subtype: of the files.
    """

    name: str
    speech: str
    noise: str
    snr: float
    peak: float
    sample_rate: int = SAMPLE_RATE
    channels: int = 1
    subtype: str = "PCM_16"


KERSTIN = "valid/kerstin/de_rhasspy-{}.flac"
P228 = "valid/p228/p228_{}.flac"
COFFEE_SHOP = "valid/blanket_coffee-shop.flac"
TRAINED = "train/blanket_{}.flac"

EXAMPLES = [
    Example("p228_coffee-shop.flac", P228.format("005"), COFFEE_SHOP, 5, -6),
    Example("p228_wind.flac", P228.format("016"), TRAINED.format("wind"), -2.5, -3),
    Example("p228_fireplace.flac", P228.format("022"), TRAINED.format("fireplace"), 7.5, -12),
    Example("p228_boat.flac", P228.format("024"), TRAINED.format("boat"), 2.5, -20),
    Example("p228_coffee-shop_soft.flac", P228.format("008"), COFFEE_SHOP, 15, -9),
    Example("kerstin_coffee-shop.flac", KERSTIN.format("0322"), COFFEE_SHOP, 0, -6),
    Example("kerstin_birds.wav", KERSTIN.format("0759"), TRAINED.format("birds"), 5, -14),
    Example("kerstin_night.flac", KERSTIN.format("0902"), TRAINED.format("summer-night"), 10, -8),
    Example("kerstin_wind.flac", KERSTIN.format("0004"), TRAINED.format("wind"), 2.5, -16),
    Example(
        "kerstin_coffee-shop_stereo.wav",
        KERSTIN.format("0147"),
        COFFEE_SHOP,
        snr=7.5,
        peak=-6,
        sample_rate=48000,
        channels=2,
        subtype="PCM_24",
    ),
]


def mix(example: Example, data: Path, generator: np.random.Generator) -> list[audio.Wave]:
    """Noisy and clean, `(channel, sample)` each, at the example's sample rate."""
    speech = fade(load(data / "speech" / example.speech))
    noise = load(data / "noise" / example.noise)
    starts = generator.integers(0, noise.shape[1] - speech.shape[1], example.channels)
    noise = fade(np.concatenate([noise[:, start : start + speech.shape[1]] for start in starts]))
    speech = np.repeat(speech, example.channels, axis=0)
    power_ratio = np.mean(speech**2) / np.mean(noise**2)
    noisy = speech + noise * np.sqrt(power_ratio / 10 ** (example.snr / 10))
    waves = [audio.resample(wave, SAMPLE_RATE, example.sample_rate) for wave in (noisy, speech)]
    # One factor for both: noisy minus clean stays the noise.
    factor = 10 ** (example.peak / 20) / np.abs(waves[0]).max()
    return [wave * factor for wave in waves]


def load(path: Path) -> audio.Wave:
    """A mono recording at `SAMPLE_RATE`."""
    wave, sample_rate = audio.read(path)
    return audio.resample(wave.mean(axis=0, keepdims=True), sample_rate, SAMPLE_RATE)


def fade(wave: audio.Wave) -> audio.Wave:
    """Without a click at either end."""
    samples = int(FADE * SAMPLE_RATE)
    ramp = np.sin(np.linspace(0, np.pi / 2, samples, dtype=np.float32)) ** 2
    faded = wave.copy()
    faded[:, :samples] *= ramp
    faded[:, -samples:] *= ramp[::-1]
    return faded


def main() -> None:
    parser = argparse.ArgumentParser(description="Mix the example recordings anew.")
    parser.add_argument("--data", type=Path, required=True, help="folder with speech/ and noise/")
    data = parser.parse_args().data
    for number, example in enumerate(EXAMPLES):
        # A stream for each: changing one line of the table changes one recording.
        waves = mix(example, data, np.random.default_rng([2017, number]))
        for side, wave in zip(("noisy", "clean"), waves, strict=True):
            path = HERE / side / example.name
            path.parent.mkdir(exist_ok=True)
            like = audio.Format(audio.CONTAINERS[path.suffix], example.subtype)
            audio.write(path, wave, example.sample_rate, like)


if __name__ == "__main__":
    main()
