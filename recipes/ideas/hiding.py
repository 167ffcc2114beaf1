"""Does a cycle hide information? The way back, from converted voices that something happened to.

    python recipes/ideas/hiding.py --data DIR [--models NAME|DIR ...] [--pair SOURCE:TARGET]
        [--files N]

DIR has a folder for each speaker with test/ in it. A generator that has to be undone may write what
it takes away into detail that nobody hears (Chu et al. 2017, arXiv:1712.02950). Then the way back
gets worse by more than what happened to the converted voice: "gain" is one over the other, both as
mel-cepstral distortion in dB. "sent" is how far the image that is sent back is from the converted
one, "returned" how far what comes back is from the source's own image.
"""

import argparse
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from speechgan import Converter
from speechgan.audio import bring_to_level, read, resample
from speechgan.features.voice import Voice
from speechgan.features.world import DECIBELS
from speechgan.utils.errors import SpeechganError

LEVELS = (40, 30, 20)
Harm = Callable[[np.ndarray], np.ndarray]


class Trip(NamedTuple):
    """Means over recordings, in dB: what was done, and how far the way back ended."""

    sent: float
    returned: float


def noisy(decibels: float) -> Harm:
    """White noise so many decibels below the sound."""

    def add(wave: np.ndarray) -> np.ndarray:
        noise = np.random.default_rng(0).standard_normal(len(wave))
        return wave + noise * np.sqrt(np.square(wave).mean()) * 10 ** (-decibels / 20)

    return add


def eight_bits(wave: np.ndarray) -> np.ndarray:
    """Steps of 1/128 of full scale, the peak at it."""
    peak = np.abs(wave).max()
    return np.round(wave / peak * 127) / 127 * peak


def mp3(wave: np.ndarray) -> np.ndarray:
    """There and back through MP3 at 64 kbit/s."""
    file = io.BytesIO()
    soundfile.write(
        file, wave, 16000, format="MP3", bitrate_mode="CONSTANT", compression_level=0.63
    )
    file.seek(0)
    decoded, _ = soundfile.read(file)
    return decoded[: len(wave)]


HARMS: dict[str, Harm] = {
    "copied by the vocoder": lambda wave: wave,
    "8 bits": eight_bits,
    "MP3 at 64 kbit/s": mp3,
    **{f"noise at {level} dB": noisy(level) for level in LEVELS},
}


def main() -> None:
    """Measures every model and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--models", nargs="+", default=["cyclegan", "voices"], metavar="NAME|DIR")
    parser.add_argument("--pair", default="emodb15:emodb14", metavar="SOURCE:TARGET")
    parser.add_argument("--files", type=int, metavar="N", help="take the first N recordings alone")
    arguments = parser.parse_args()
    source, _, target = arguments.pair.partition(":")
    files = sorted((arguments.data / source / "test").glob("*.*"))[: arguments.files]
    if not files:
        raise SpeechganError(f"{arguments.data / source / 'test'}: holds no recordings")
    print("| model | damage | sent, dB | returned, dB | gain |\n|---|---|---|---|---|")
    for name in arguments.models:
        trips = measure(Converter.from_pretrained(name), files, source, target)
        untouched = trips["nothing"].returned
        for harm, trip in trips.items():
            worse = trip.returned - untouched
            gain = f"{worse / trip.sent:.2f}" if trip.sent else ""
            print(f"| {name} | {harm} | {trip.sent:.2f} | {trip.returned:.2f} | {gain} |")


def measure(converter: Converter, files: list[Path], source: str, target: str) -> dict[str, Trip]:
    """Of each harm, means over recordings."""
    trips: dict[str, list[Trip]] = {}
    for path in files:
        for harm, trip in travel(converter, path, source, target).items():
            trips.setdefault(harm, []).append(trip)
    return {harm: Trip(*np.mean(own, 0)) for harm, own in trips.items()}


def travel(converter: Converter, path: Path, source: str, target: str) -> dict[str, Trip]:
    """One recording there, and back from what was made of it."""
    network, vocoder = converter.network, converter.vocoder
    here, there = (converter.check(name).target for name in (source, target))
    own, other = (network.speakers[n].statistics for n in (here, there))
    wave, rate = read(path)
    wave = bring_to_level(resample(wave, rate, network.sample_rate))[0]
    voice = network.features.analyse(wave)
    speech = voice.find_speech()
    converted = network.convert_image(own.normalise(voice.image), there, here)
    made = voice.with_image(other.denormalise(converted))
    made = made.with_f0(own.convert_f0(voice.f0, other))

    def back(image: np.ndarray) -> Trip:
        image = image.astype(np.float32)
        returned = own.denormalise(network.convert_image(other.normalise(image), here, there))
        return Trip(distance(image, made.image, speech), distance(returned, voice.image, speech))

    sound = vocoder.synthesise(made, len(wave))
    heard = {name: network.features.analyse(harm(sound)) for name, harm in HARMS.items()}
    noise = np.random.default_rng(0).standard_normal(converted.shape)
    images = {
        f"noise in the image at {level} dB": other.denormalise(
            converted + noise * converted.std() * 10 ** (-level / 20)
        )
        for level in LEVELS
    }
    images |= {name: fit(voice, len(made)) for name, voice in heard.items()}
    return {name: back(image) for name, image in ({"nothing": made.image} | images).items()}


def fit(voice: Voice, frames: int) -> np.ndarray:
    """The image, of so many frames."""
    missing = max(0, frames - len(voice))
    return np.pad(voice.image, ((0, 0), (0, missing)), mode="edge")[:, :frames]


def distance(one: np.ndarray, other: np.ndarray, speech: np.ndarray) -> float:
    """Mel-cepstral distortion in dB, frame by frame, without loudness."""
    difference = (one - other)[1:, speech]
    return float(DECIBELS * np.sqrt(np.square(difference).sum(0)).mean())


if __name__ == "__main__":
    try:
        main()
    except SpeechganError as error:
        sys.exit(f"hiding.py: error: {error}")
