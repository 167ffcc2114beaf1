"""The example that ships runs as it says."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile

from speechgan import Enhancer
from speechgan.cli.main import main

EXAMPLE = Path(__file__).parent.parent / "examples" / "enhance_onnx.py"


def test_the_onnx_example_gives_what_the_enhancer_gives(tmp_path: Path) -> None:
    noisy = np.random.default_rng(0).uniform(-0.2, 0.2, 12345).astype(np.float32)
    soundfile.write(tmp_path / "noisy.wav", noisy, 16000)
    noisy = soundfile.read(tmp_path / "noisy.wav", dtype="float32")[0]
    assert main(["export", "default", "--onnx", str(tmp_path / "f.onnx")]) == 0
    # NumPy and onnxruntime are all that it may import.
    hidden = ["torch", "scipy", "soundfile", "librosa", "speechgan"]
    program = (
        f"import sys, runpy; sys.modules.update(dict.fromkeys({hidden}))\n"
        "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0])"
    )
    files = [tmp_path / name for name in ("f.onnx", "noisy.wav", "enhanced.wav")]
    subprocess.run([sys.executable, "-c", program, EXAMPLE, *files], check=True)
    expected = Enhancer.from_pretrained("default", "cpu")(noisy, 16000)
    found = soundfile.read(tmp_path / "enhanced.wav")[0]
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() < 2**-15 + 1e-4


def test_the_onnx_example_is_short() -> None:
    assert len(EXAMPLE.read_text().splitlines()) <= 40
