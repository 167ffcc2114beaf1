"""Enhancers beside each other, on the same recordings in the same run: quality, speed, memory.

    python benchmarks/enhance.py [--data DIR [--far] [--split valid]] [--items N]
        [--systems NAME ...] [--hour] [--json F]

DIR holds pairs/{test,valid}/{noisy,clean}; without it, the examples are measured. With --far,
recordings away from home, below DIR/far, are judged beside those at home in the same table. Peers
come with `pip install '.[benchmark]'`; a line tells why a system is missing. Every system gets
one thread and fresh processes. All take and return 16-bit samples of 16 kHz. What comes late
(RNNoise's output by 20 ms, WebRTC's by 6 ms) is brought back in step before it is judged: by the
lag at which a minute of output correlates best with its input. Speed and milliseconds a hop are of
processor time, and the start is the quickest of three, so that other work blurs them less; only
"p99 with waiting" is by the clock.
"""

import argparse
import itertools
import json
import math
import os
import platform
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from enhance_tables import format_report
from enhancers import OURS, RATE, Entry, list_systems
from measure import IMPORTS, measure_in_process

from speechgan.evaluation.enhancement import evaluate_enhancement
from speechgan.utils.errors import SpeechganError
from speechgan.utils.files import write_whole

EXAMPLES = Path(__file__).parents[1] / "examples"
NOISY = "noisy"
SECONDS = 60
STARTS = 3
PACKAGES = ("torch", "onnxruntime", "pyrnnoise", "webrtc_noise_gain", "noisereduce")
MEASURES = ("pesq", "estoi", "si_sdr", "covl", "dnsmos_overall")


def main() -> None:
    """Measures and prints."""
    arguments = parse()
    entries = list_systems(arguments.model)
    places = find_places(arguments)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as temporary:
        folder = Path(temporary)
        for place, pairs in places.items():
            prepare(pairs, folder, place, arguments.items)
        imports = [measure_in_process(IMPORTS) for _ in range(STARTS)]
        systems: dict[str, Any] = {}
        report = {
            "versions": find_versions(),
            "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
            "recordings": {p: len(list((folder / NOISY / p).iterdir())) for p in places},
            "imports": min(imports, key=lambda found: found["start"]),
            "systems": systems,
        }
        for name in arguments.systems:
            print(f"enhance.py: {name}", file=sys.stderr)
            if name == NOISY:
                systems[name] = {"title": "noisy input"}
                if arguments.items != 0:
                    systems[name] |= judge(folder, name, arguments)
            else:
                systems[name] = measure_system(name, entries[name], folder, arguments)
            if arguments.json:
                # All systems on all recordings take half an hour: what is done outlives a stop.
                write_whole(arguments.json, json.dumps(report, indent=2) + "\n")
    print(format_report(report, MEASURES))


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Compare enhancers in quality, speed and memory.")
    names = [NOISY, *list_systems()]
    add = parser.add_argument
    add("--data", type=Path, metavar="DIR", help="holds pairs/test (default: the examples)")
    add("--far", action="store_true", help="judge on DIR/far as well")
    add("--split", choices=["test", "valid"], default="test", help="of DIR (default: test)")
    add("--items", type=int, metavar="N", help="judge at most N recordings; 0 judges none")
    add("--systems", nargs="+", choices=names, default=names, metavar="NAME", help=f"{names}")
    add("--model", default="default", metavar="NAME|DIR", help="that torch and onnx run")
    add("--repeats", type=int, default=5, help="of each measuring of speed; the median counts")
    add("--workers", type=int, metavar="N", help="processes that judge (default: all cores)")
    add("--hour", action="store_true", help="measure memory on an hour-long file as well")
    add("--json", type=Path, metavar="F", help="write all figures here")
    arguments = parser.parse_args()
    if arguments.far and not arguments.data:
        parser.error("--far needs --data DIR")
    return arguments


def find_places(arguments: argparse.Namespace) -> dict[str, Path]:
    """Folders of pairs, by the name of the place that they are from."""
    if not arguments.data:
        return {"home": EXAMPLES}
    places = {"home": arguments.data / "pairs" / arguments.split}
    return places | ({"far": arguments.data / "far" / arguments.split} if arguments.far else {})


def prepare(pairs: Path, folder: Path, place: str, items: int | None) -> None:
    """Into `folder`: the recordings to judge, and a minute of sound to measure speed on.

    Raises:
        SpeechganError: no recordings of 16 kHz and one channel.
    """
    noisy = sorted(path for path in (pairs / NOISY).glob("*") if is_plain(path))
    if not noisy:
        raise SpeechganError(f"{pairs / NOISY}: holds no recordings of {RATE} Hz, one channel")
    chosen = noisy if items is None else noisy[:: math.ceil(len(noisy) / items)] if items else []
    for side in (NOISY, "clean"):
        (folder / side / place).mkdir(parents=True)
        for path in chosen:
            source = pairs / side / path.name
            if not source.is_file():
                raise SpeechganError(f"{source}: is missing, of which there is a noisy one")
            (folder / side / place / path.name).symlink_to(source.resolve())
    if not (folder / "sound.npy").exists():
        np.save(folder / "sound.npy", read_minute(noisy))


def read_minute(paths: list[Path]) -> np.ndarray[Any, Any]:
    """`(sample,)` of 16 bits: recordings one after the other, over and over."""
    waves, missing = [], SECONDS * RATE
    for path in itertools.cycle(paths):
        wave, _ = soundfile.read(path, dtype="int16")
        waves.append(wave[:missing])
        missing -= len(waves[-1])
        if not missing:
            break
    return np.concatenate(waves)


def is_plain(path: Path) -> bool:
    """Whether it is a recording of 16 kHz and one channel."""
    try:
        info = soundfile.info(path)
    except soundfile.LibsndfileError:
        return False
    return bool(info.samplerate == RATE and info.channels == 1)


def measure_system(
    name: str, entry: Entry, folder: Path, arguments: argparse.Namespace
) -> dict[str, Any]:
    """Everything about one system, or why it is missing."""
    options = {"model": arguments.model, "sound": folder / "sound.npy"}
    # The first process reads from disk what the others find in memory.
    first = measure_in_process(name, **options)
    if "missing" in first:
        return {"title": entry.title, **first}
    starts = [measure_in_process(name, **options)["start"] for _ in range(STARTS)]
    if arguments.items != 0:
        (folder / name).mkdir()
        options |= {"recordings": folder / NOISY, "into": folder / name}
    found = measure_in_process(name, repeats=arguments.repeats, **options)
    found |= {"title": entry.title, "start": min(starts)}
    if arguments.items != 0:
        found |= judge(folder, name, arguments)
    if arguments.hour and name in OURS:
        hour = folder / "hour.wav"
        if not hour.exists():
            write_hour(hour, np.load(folder / "sound.npy"))
        found["hour"] = measure_in_process(name, model=arguments.model, file=hour)
    return found


def write_hour(path: Path, sound: np.ndarray[Any, Any]) -> None:
    """A WAV of the sound over and over."""
    with soundfile.SoundFile(path, "w", RATE, 1, "PCM_16") as file:
        for _ in range(round(3600 * RATE / len(sound))):
            file.write(sound)


def judge(folder: Path, name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Mean scores with their confidence for each place, and what could not be measured."""
    quality: dict[str, Any] = {}
    left_out: list[str] = []
    for place in find_places(arguments):
        sides = (folder / "clean" / place, folder / name / place)
        found = evaluate_enhancement(*sides, workers=arguments.workers)
        means = {m.key: found.mean("enhanced", m.key) for m in found.measures}
        quality[place] = {
            key: {
                "mean": mean.value,
                "confidence_95": None if math.isnan(mean.half_width) else mean.half_width,
            }
            for key, mean in means.items()
            if mean is not None
        }
        left_out += [refusal.reason for refusal in found.refused]
    return {"quality": quality, "left_out": left_out}


def find_versions() -> dict[str, str]:
    """Of the packages that are installed."""
    installed = {package.metadata["Name"] for package in metadata.distributions()}
    return {name: metadata.version(name) for name in PACKAGES if name in installed}


if __name__ == "__main__":
    try:
        main()
    except SpeechganError as error:
        sys.exit(f"enhance.py: error: {error}")
