"""Speed, memory and quality of enhancement, beside systems without training, in one run.

    python benchmarks/enhance.py [--model NAME|DIR] [--data DIR] [--json FILE]

Each figure of speed and memory comes from a fresh process. Long files are the examples, one after
the other, over and over.
"""

import argparse
import itertools
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from systems import IMPORTS, REPEATS, list_systems, load_system, measure_in_process

from speechgan import audio
from speechgan.errors import SpeechganError

NOISY = Path(__file__).parents[1] / "examples" / "noisy"
SHORT_SECONDS = 10
QUALITY = {"pesq": 2, "estoi": 3, "si_sdr": 1, "covl": 2}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description="Measure speed, memory and quality.")
    add = parser.add_argument
    add("--model", default="default", metavar="NAME|DIR", help="of speechgan (default: default)")
    add("--systems", nargs="+", choices=list_systems(), default=list_systems(), metavar="NAME")
    add("--data", type=Path, metavar="DIR", help="measure quality on pairs/test/{clean,noisy} too")
    add("--minutes", type=float, nargs="+", default=[10, 60], help="lengths to measure memory on")
    add("--threads", type=int, default=1, help="of the CPU (default: 1)")
    add("--json", type=Path, metavar="FILE", help="write the figures here too")
    arguments = parser.parse_args()
    pairs = arguments.data and arguments.data / "pairs" / "test"
    if pairs and not (pairs / "noisy").is_dir():
        # Said now and not after an hour of measuring.
        raise SpeechganError(f"{pairs / 'noisy'}: no such folder; give the one that holds pairs/")
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        report = measure_resources(Path(folder), arguments)
        print_resources(report)
        if pairs:
            report["quality"] = measure_quality(pairs, Path(folder), arguments)
            print_quality(report["quality"])
    if arguments.json:
        from speechgan.metrics.tables import write_text

        write_text(arguments.json, json.dumps(report, indent=2) + "\n")


def measure_resources(folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Speed and memory of each system on each file."""
    short = folder / "short.wav"
    write_long(short, SHORT_SECONDS, sample_rate=16000, channels=1)
    long_files = {}
    for minutes in arguments.minutes:
        long_files[f"{minutes:g} min"] = folder / f"{minutes:g}.wav"
        write_long(folder / f"{minutes:g}.wav", 60 * minutes, sample_rate=16000, channels=1)
    least = min(arguments.minutes)
    stereo = folder / "stereo.wav"
    long_files[f"{least:g} min, 48 kHz stereo"] = stereo
    write_long(stereo, 60 * least, sample_rate=48000, channels=2)

    options = (arguments.model, arguments.threads)
    imports: dict[str, Any] = measure_in_process(IMPORTS, *options)
    systems: dict[str, Any] = {}
    for name in arguments.systems:
        speed = measure_in_process(name, *options, short, REPEATS)
        systems[name] = {
            "times_real_time": SHORT_SECONDS / speed["elapsed"],
            "start_seconds": speed["start"],
            "files": {},
        }
        for title, path in long_files.items():
            with audio.Reader(path) as reader:
                seconds = reader.samples / reader.sample_rate
            found = measure_in_process(name, *options, path)
            systems[name]["files"][title] = {
                "megabytes_above_imports": found["peak"] - imports["peak"],
                "times_real_time": seconds / found["elapsed"],
            }
    return {
        "threads": arguments.threads,
        "imports": {
            "versions": imports["versions"],
            "megabytes": imports["peak"],
            "seconds": imports["start"],
        },
        "systems": systems,
    }


def write_long(path: Path, seconds: float, sample_rate: int, channels: int) -> None:
    """A WAV of the examples of this rate and channel count, again and again until it is full."""
    waves = []
    for example in sorted(NOISY.iterdir()):
        with audio.Reader(example) as reader:
            if (reader.sample_rate, reader.channels) == (sample_rate, channels):
                waves.append(audio.read(example)[0])
    missing = round(seconds * sample_rate)
    with audio.Writer(path, sample_rate, channels) as writer:
        for wave in itertools.cycle(waves):
            piece = wave[:, :missing]
            writer.write(piece)
            missing -= piece.shape[1]
            if not missing:
                return


def measure_quality(
    pairs: Path, folder: Path, arguments: argparse.Namespace
) -> dict[str, dict[str, float]]:
    """Mean scores of the noisy recordings and of what each system makes of them."""
    from speechgan.cli.jobs import plan_jobs
    from speechgan.metrics.evaluation import evaluate

    quality: dict[str, dict[str, float]] = {}
    for name in arguments.systems:
        enhance = load_system(name, arguments.model, arguments.threads)
        with plan_jobs([str(pairs / "noisy")], str(folder / name), ".enhanced") as jobs:
            for job in jobs:
                enhance(job.source, job.target)
        result = evaluate(pairs / "clean", folder / name, pairs / "noisy", dnsmos=False)
        for title, side in (("noisy", "noisy"), (name, "enhanced")):
            quality[title] = {key: result.mean(side, key).value for key in QUALITY}
            quality[title]["recordings"] = len(result.rows)
    return quality


def print_resources(report: dict[str, Any]) -> None:
    """Two tables in Markdown."""
    imports, threads = report["imports"], report["threads"]
    print(
        f"{imports['versions']}: {imports['megabytes']:.0f} MB, {imports['seconds']:.1f} s; ",
        end="",
    )
    print(f"{threads} thread{'s' if threads > 1 else ''}, from file to file\n")
    print(f"| system | times real time, {SHORT_SECONDS} s file | seconds to start and load |")
    print("|---|---|---|")
    for name, found in report["systems"].items():
        print(f"| {name} | {found['times_real_time']:.0f} | {found['start_seconds']:.1f} |")
    print("\n| system | file | peak memory above the imports, MB | times real time |")
    print("|---|---|---|---|")
    for name, found in report["systems"].items():
        for title, file in found["files"].items():
            megabytes, speed = file["megabytes_above_imports"], file["times_real_time"]
            print(f"| {name} | {title} | {megabytes:.0f} | {speed:.0f} |")


def print_quality(quality: dict[str, dict[str, float]]) -> None:
    """A table in Markdown."""
    from speechgan.metrics.scores import MEASURES

    titles = {measure.key: measure.title for measure in MEASURES}
    print("\n| | " + " | ".join(titles[key] for key in QUALITY) + " | recordings |")
    print("|---" * (len(QUALITY) + 2) + "|")
    for name, scores in quality.items():
        cells = [f"{scores[key]:.{digits}f}" for key, digits in QUALITY.items()]
        print(f"| {name} | " + " | ".join(cells) + f" | {scores['recordings']:.0f} |")


if __name__ == "__main__":
    try:
        main()
    except SpeechganError as error:
        sys.exit(f"enhance.py: error: {error}")
