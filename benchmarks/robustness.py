"""What an enhancer makes of speech that was damaged in one known way each, as a Markdown table.

    python benchmarks/robustness.py --data DIR [--model NAME|DIR] [--only CONDITION ...]
        [--speech FOLDER] [--declip]

DIR holds `pairs/test/{clean,noisy}`, `speech/test` and `noise/test`. Each condition is a folder of
recordings and their references, measured before and after as `speechgan evaluate enhance` does.
FOLDER holds further clean speech, such as that of other languages.
"""

import argparse
import itertools
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from scipy.signal import fftconvolve

from speechgan import Enhancer, audio
from speechgan.audio import Wave
from speechgan.data.enhancement.mixing import noise_gain
from speechgan.data.enhancement.rooms import room_responses
from speechgan.evaluation.enhancement import evaluate_enhancement
from speechgan.evaluation.results import Evaluation

RATE = 16000
KEYS = {"pesq": 2, "estoi": 3, "si_sdr": 1, "covl": 2}
Item = tuple[str, Wave, Wave, int]
"""Name, clean and damaged wave `(channel, sample)`, and their sample rate."""


def read_pairs(data: Path) -> Iterator[Item]:
    """The fixed mixtures as they are."""
    for path in sorted((data / "pairs/test/noisy").glob("*.flac")):
        clean, _ = audio.read(data / "pairs/test/clean" / path.name)
        yield path.stem, clean, audio.read(path)[0], RATE


def soften(data: Path) -> Iterator[Item]:
    """The mixtures, 30 dB softer; the references stay."""
    for name, clean, noisy, rate in read_pairs(data):
        yield name, clean, noisy * 10 ** (-30 / 20), rate


def offset(data: Path) -> Iterator[Item]:
    """The mixtures with a direct current of a tenth of full scale."""
    for name, clean, noisy, rate in read_pairs(data):
        yield name, clean, noisy + 0.1, rate


def change_rate(data: Path, rate: int) -> Iterator[Item]:
    """The mixtures and their references at another sample rate."""
    for name, *waves, _ in read_pairs(data):
        clean, noisy = (audio.resample(wave, RATE, rate) for wave in waves)
        yield name, clean, noisy, rate


def read_clean(data: Path) -> Iterator[Item]:
    """Clean speech, which ought to come out as it is."""
    for path in sorted((data / "speech/test").rglob("*.flac")):
        clean, _ = audio.read(path)
        yield f"{path.parent.name}_{path.stem}", clean, clean, RATE


def reverberate(data: Path) -> Iterator[Item]:
    """Clean speech in rooms of 0.3 to 0.6 s; the reference has their first 50 ms."""
    with tempfile.TemporaryDirectory() as folder:
        rooms = room_responses(40, RATE, 1234, (0.3, 0.6), Path(folder))
    for number, (name, clean, _, rate) in enumerate(read_clean(data)):
        response = rooms[number % len(rooms)]
        early = response * (np.arange(len(response)) < 0.05 * rate)
        wet, target = (fftconvolve(clean, r[None], axes=1) for r in (response, early))
        peak = np.abs(wet).max() / 0.5
        cut = slice(0, clean.shape[1])
        yield name, target[:, cut] / peak, wet[:, cut] / peak, rate


def mix(data: Path, speech: Path) -> Iterator[Item]:
    """Further clean speech with the noise recordings in turn, each at 0, 5 and 10 dB."""
    paths = sorted(path for path in speech.iterdir() if path.is_file())
    noises = itertools.cycle(sorted((data / "noise/test").glob("*.flac")))
    for path, snr in itertools.product(paths, (0.0, 5.0, 10.0)):
        wave, rate = audio.read(path)
        clean = audio.resample(wave.mean(0, keepdims=True), rate, RATE)
        noise = np.resize(audio.read(next(noises))[0], clean.shape)
        noisy = clean + noise * noise_gain(clean, noise, np.float32(snr))
        scale = 0.5 / np.abs(noisy).max()
        yield f"{path.stem}_{snr:.0f}dB", clean * scale, noisy * scale, RATE


def clip(data: Path, read: Callable[[Path], Iterator[Item]]) -> Iterator[Item]:
    """Recordings cut off at a fifth of their peak."""
    for name, clean, damaged, rate in read(data):
        limit = 0.2 * np.abs(damaged).max()
        yield name, clean, np.clip(damaged, -limit, limit), rate


CONDITIONS: dict[str, Callable[[Path], Iterator[Item]]] = {
    "noisy": read_pairs,
    "noisy, 30 dB softer": soften,
    "noisy, direct current": offset,
    "noisy, 48 kHz": partial(change_rate, rate=48000),
    "noisy, telephone (8 kHz)": partial(change_rate, rate=8000),
    "clean": read_clean,
    "reverberation": reverberate,
    "clipping": partial(clip, read=read_clean),
    "noisy, clipped": partial(clip, read=read_pairs),
}


def measure(enhancer: Enhancer, items: Iterator[Item], folder: Path, declip: bool) -> Evaluation:
    """Writes what there is before and after, and measures it."""
    for name, clean, damaged, rate in items:
        enhanced = enhancer(damaged.astype(np.float32), rate, declip=declip)
        for side, wave in (("clean", clean), ("noisy", damaged), ("enhanced", enhanced)):
            like = audio.Format("WAV", "FLOAT")
            audio.write(folder / side / f"{name}.wav", wave, rate, like)
    sides = (folder / side for side in ("clean", "enhanced", "noisy"))
    return evaluate_enhancement(*sides, with_dnsmos=False)


def format_row(name: str, found: Evaluation) -> str:
    """One line: means before and after, and what PESQ lost where it lost most."""
    cells = [
        f"{found.mean('noisy', key).value:.{digits}f} to "
        f"{found.mean('enhanced', key).value:.{digits}f}"
        for key, digits in KEYS.items()
    ]
    worst = [f"{min(found.values('difference', key)):+.{d}f}" for key, d in KEYS.items()]
    return f"| {name} | {len(found.rows)} | {' | '.join(cells)} | {' / '.join(worst)} |"


def measure_noise(enhancer: Enhancer, data: Path) -> str:
    """Level of noise alone after and before, in dB: mean, and the least that is taken off."""
    change = []
    for path in sorted((data / "noise/test").glob("*.flac")):
        noise, rate = audio.read(path)
        out = enhancer(noise, rate)
        change.append(10 * np.log10(np.square(out).mean() / np.square(noise).mean()))
    mean, least = np.mean(change), max(change)
    return f"Noise alone, {len(change)} recordings: {mean:.1f} dB on average, {least:.1f} at least"


def main() -> None:
    """Measures every condition and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="default")
    parser.add_argument("--speech", type=Path, metavar="FOLDER")
    parser.add_argument("--declip", action="store_true", help="as speechgan enhance --declip")
    parser.add_argument("--only", nargs="*", choices=CONDITIONS)
    arguments = parser.parse_args()
    conditions = dict(CONDITIONS)
    if arguments.only is not None:
        conditions = {name: CONDITIONS[name] for name in arguments.only}
    if arguments.speech:
        conditions["noisy, further speech"] = partial(mix, speech=arguments.speech)
    enhancer = Enhancer.from_pretrained(arguments.model, "cpu")
    names = ["condition", "files", "PESQ-WB", "ESTOI", "SI-SDR, dB", "COVL", "worst file"]
    print(f"| {' | '.join(names)} |\n|{'---|' * len(names)}")
    for name, items in conditions.items():
        with tempfile.TemporaryDirectory() as folder:
            found = measure(enhancer, items(arguments.data), Path(folder), arguments.declip)
        print(format_row(name, found), flush=True)
    if arguments.only is None:
        print(f"\n{measure_noise(enhancer, arguments.data)}")


if __name__ == "__main__":
    main()
