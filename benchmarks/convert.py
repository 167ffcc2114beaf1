"""Vocoders by what copy synthesis keeps, and the speed of conversion, on one core, in one run.

    python benchmarks/convert.py --data DIR [--models NAME|DIR ...] [--json FILE]

DIR holds recordings, in any folders. Copy synthesis is analysis and synthesis with nothing changed
in between: it bounds what conversion can reach.
"""

import argparse
import contextlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from speechgan import Converter
from speechgan.audio import AUDIO_EXTENSIONS
from speechgan.data.conversion.voice_cache import read_voice_wave
from speechgan.features.mel import MelVoice
from speechgan.features.voice import VoiceFeatures
from speechgan.features.world import World
from speechgan.inference.vocoders import load_vocoder
from speechgan.metrics.conversion import log_f0_rmse, mel_cepstral_distortion
from speechgan.metrics.intrusive import estoi, pesq_wb
from speechgan.utils.errors import SpeechganError, UnmeasurableError
from speechgan.vocoders.base import Vocoder
from speechgan.vocoders.griffin_lim import GriffinLim
from speechgan.vocoders.world import WorldVocoder

RATE = 16000
ESTIMATORS = {"harvest": "Harvest", "dio": "DIO + StoneMask", "swift": "SwiftF0 + StoneMask"}
SECONDS = 10
# Vocoders, and estimators of pitch where one can be chosen.
CHOICES = (
    *(("world", f0) for f0 in ESTIMATORS),
    *((vocoder, None) for vocoder in ("difference", "griffin_lim", "neural")),
)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description="Measure vocoders and the speed of conversion.")
    add = parser.add_argument
    add("--data", type=Path, required=True, metavar="DIR", help="recordings")
    add("--models", nargs="*", default=["voices"], metavar="NAME|DIR", help="to time")
    add("--json", type=Path, metavar="FILE", help="write the figures here too")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    paths = [p for p in sorted(arguments.data.rglob("*")) if p.suffix.lower() in AUDIO_EXTENSIONS]
    if not paths:
        raise SpeechganError(f"{arguments.data}: holds no recordings")
    waves = [read_voice_wave(path, RATE) for path in paths]
    report = {
        "vocoders": measure_vocoders(waves),
        "models": measure_models(arguments.models, waves),
    }
    print_report(report)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


def list_vocoders() -> dict[str, tuple[VoiceFeatures, Vocoder]]:
    """Features and vocoder by name; those that ship a model only if it does."""
    mel = MelVoice()
    worlds = {f"WORLD, {title}": World(f0=name) for name, title in ESTIMATORS.items()}
    vocoders: dict[str, tuple[VoiceFeatures, Vocoder]] = {
        **{title: (world, WorldVocoder(world)) for title, world in worlds.items()},
        "Griffin-Lim, 60 iterations": (mel, GriffinLim(mel, 60, momentum=0.0)),
        "Griffin-Lim, 32, fast": (mel, GriffinLim(mel, 32)),
    }
    with contextlib.suppress(SpeechganError):  # none ships
        vocoders["neural"] = (mel, load_vocoder(mel, "neural"))
    return vocoders


def measure_vocoders(waves: list[np.ndarray]) -> dict[str, Any]:
    """Means of copy synthesis over the recordings, and how fast each half is."""
    judge = World(f0="harvest")
    originals = [judge.analyse(wave) for wave in waves]
    seconds = sum(map(len, waves)) / RATE
    found = {}
    for name, (features, vocoder) in list_vocoders().items():
        scores: dict[str, list[float]] = {}
        spent = {"analysis": 0.0, "synthesis": 0.0}
        for wave, original in zip(waves, originals, strict=True):
            voice, spent["analysis"] = _time(spent["analysis"], features.analyse, wave)
            made, spent["synthesis"] = _time(
                spent["synthesis"], vocoder.synthesise, voice, len(wave)
            )
            again = judge.analyse(made)
            measures: dict[str, Callable[[], float]] = {
                "pesq": lambda w=wave, m=made: pesq_wb(w, m, RATE),
                "estoi": lambda w=wave, m=made: estoi(w, m, RATE),
                "mcd": lambda a=again, o=original: mel_cepstral_distortion(a, o),
                "log_f0_rmse": lambda a=again, o=original: log_f0_rmse(a, o),
            }
            for key, measure in measures.items():
                try:
                    scores.setdefault(key, []).append(measure())
                except UnmeasurableError:
                    continue
        found[name] = {key: float(np.mean(values)) for key, values in scores.items()} | {
            f"{part}_times_real_time": seconds / elapsed for part, elapsed in spent.items()
        }
    return found


def measure_models(models: list[str], waves: list[np.ndarray]) -> dict[str, Any]:
    """Times real time of converting up to ten seconds, loading left out, with all that fits."""
    wave = np.concatenate(waves)[: SECONDS * RATE]
    found = {}
    for model in models:
        for vocoder, f0 in CHOICES:
            try:
                converter = Converter.from_pretrained(
                    model, "cpu", threads=1, vocoder=vocoder, f0=f0
                )
            except SpeechganError:
                continue  # does not fit
            name = f"{model}, {vocoder}" + (f", {ESTIMATORS[f0]}" if f0 else "")
            spent = min(_time_conversion(converter, wave) for _ in range(3))
            found[name] = len(wave) / RATE / spent
    return found


def _time_conversion(converter: Converter, wave: np.ndarray) -> float:
    """Seconds that it takes, after a first second that is not counted."""
    target = converter.speakers[0].name
    source = converter.speakers[1].name if converter.network.needs_source else None
    converter(wave[:RATE], RATE, target, source_speaker=source)
    start = time.perf_counter()
    converter(wave, RATE, target, source_speaker=source)
    return time.perf_counter() - start


def print_report(report: dict[str, Any]) -> None:
    """Two tables in Markdown."""
    print("| vocoder | PESQ-WB | ESTOI | MCD, dB | log-F0 RMSE | analysis | synthesis |")
    print("|---|---|---|---|---|---|---|")
    for name, row in report["vocoders"].items():
        print(
            f"| {name} | {row['pesq']:.2f} | {row['estoi']:.3f} | {row['mcd']:.2f} "
            f"| {row['log_f0_rmse']:.3f} | {row['analysis_times_real_time']:.0f} "
            f"| {row['synthesis_times_real_time']:.0f} |"
        )
    print("\n| model, vocoder | times real time |\n|---|---|")
    for name, speed in report["models"].items():
        print(f"| {name} | {speed:.1f} |")


def _time(before: float, work: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    """A result, and the seconds it took on top of those before."""
    start = time.perf_counter()
    result = work(*arguments)
    return result, before + time.perf_counter() - start


if __name__ == "__main__":
    main()
