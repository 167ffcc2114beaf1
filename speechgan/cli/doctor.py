"""`speechgan doctor`: checks the installation."""

import argparse

from speechgan.cli.checkup import find_problems, find_version

RUNNING = ("numpy", "onnxruntime", "pyworld", "soundfile", "soxr", "swift-f0")
TRAINING = (
    "torch",
    "torchaudio",
    "hydra-core",
    "librosa",
    "lightning-fabric",
    "onnx",
    "pesq",
    "pyroomacoustics",
    "pystoi",
    "safetensors",
    "scipy",
    "speechmos",
)
SELF_TEST_RATE = 44100


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds no arguments: there is nothing to choose."""


def run(arguments: argparse.Namespace) -> int:
    """Prints the findings; 0 if nothing is broken and the self-test passes, else 1."""
    import platform

    import soundfile

    import speechgan
    from speechgan.pretrained.folder import list_models

    print(f"speechgan {speechgan.__version__}")
    print(f"Python {platform.python_version()} on {platform.platform()}")
    for package in RUNNING:
        print(f"  {package} {find_version(package) or 'MISSING: run pip install again'}")
    print(f"  libsndfile {soundfile.__libsndfile_version__}")
    missing = [package for package in TRAINING if not find_version(package)]
    if missing:
        print(f"training: not installed ({', '.join(missing)}); pip install 'speechgan[train]'")
    else:
        for package in TRAINING:
            print(f"  {package} {find_version(package)}")
    print(f"device: {_find_device()}")
    print(f"models: {', '.join(list_models()) or 'none'}")
    problems = find_problems()
    for problem in problems:
        print(f"{'problem' if problem.breaks else 'note'}: {problem.text}")
    try:
        result = _test_default_model()
    except Exception as error:  # any error of a library that is broken or incomplete
        print(f"self-test: FAILED, {error}")
        return 1
    print(f"self-test: passed, {result}")
    return 1 if any(problem.breaks for problem in problems) else 0


def _find_device() -> str:
    from speechgan.utils.workers import count_cores

    try:
        import torch
    except Exception:  # not installed, or broken, which `find_problems` explains
        return f"CPU, {count_cores()} cores"
    found = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
    return f"{found}, {count_cores()} cores"


def _test_default_model() -> str:
    """Enhances a file of one noisy second by the default model.

    Raises:
        SpeechganError: the model cannot be loaded, or the result is no sound of the same length.
    """
    import tempfile
    import time
    from pathlib import Path

    import numpy as np

    from speechgan import audio
    from speechgan.inference.enhancement.enhancer import Enhancer
    from speechgan.utils.errors import SpeechganError

    enhancer = Enhancer.from_pretrained("default")
    time_axis = np.arange(SELF_TEST_RATE) / SELF_TEST_RATE
    # Harmonics of a voice, at four syllables a second.
    voice = sum(np.sin(2 * np.pi * 120 * n * time_axis) / n for n in range(1, 20))
    noise = np.random.default_rng(0).standard_normal((2, SELF_TEST_RATE))
    noisy = 0.1 * voice * np.sin(4 * np.pi * time_axis) ** 2 + 0.02 * noise
    with tempfile.TemporaryDirectory(prefix="speechgan-") as folder:
        source, target = Path(folder) / "noisy.wav", Path(folder) / "enhanced.flac"
        audio.write(source, noisy, SELF_TEST_RATE)
        started = time.perf_counter()
        enhancer.enhance_file(source, target)
        elapsed = time.perf_counter() - started
        enhanced, sample_rate = audio.read(target)
    if enhanced.shape != noisy.shape or sample_rate != SELF_TEST_RATE or not enhanced.any():
        raise SpeechganError("default: the model's output is not a sound of the input's length")
    return f"{1 / elapsed:.0f} times real time in stereo"
