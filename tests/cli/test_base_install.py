"""What `pip install .` alone can do, and how the rest says what it lacks."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
import json, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in json.loads(sys.argv[1]):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
from speechgan.cli.main import main
for command in json.loads(sys.argv[2]):
    print(main(command), file=sys.stderr)
"""
EXTRAS = ["torch", "torchaudio", "scipy", "sklearn", "librosa", "safetensors", "hydra", "omegaconf"]
EXTRAS += ["lightning_fabric", "tensorboard", "pesq", "pystoi", "speechmos", "onnx", "matplotlib"]
EXTRAS += ["pyroomacoustics", "webrtcvad", "pocketsphinx", "fastapi", "uvicorn", "pydantic"]
EXTRAS += ["gradio", "ray", "pyarrow", "fsspec", "s3fs"]


def run_without_extras(commands: Sequence[Sequence[object]]) -> subprocess.CompletedProcess[str]:
    """Commands one after the other in a process where nothing but the base is installed.

    Its standard error ends every command with its exit code.
    """
    words = [[str(word) for word in command] for command in commands]
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(EXTRAS), json.dumps(words)],
        capture_output=True,
        text=True,
        check=True,
    )


def test_it_enhances_and_converts(tmp_path: Path) -> None:
    noisy = ROOT / "examples" / "noisy" / "kerstin_wind.flac"
    voice = ROOT / "examples" / "voices" / "p226" / "test" / "024.flac"
    convert = ("convert", "--src", voice, "--target-speaker", "kerstin")
    filtered = ("--model", "kerstin-p226", "--vocoder", "difference")
    done = run_without_extras(
        [
            ("enhance", noisy, "-o", tmp_path / "default.wav"),
            ("enhance", noisy, "-o", tmp_path / "quality.wav", "--model", "quality"),
            (*convert, "-o", tmp_path / "voices.wav"),
            (*convert, "-o", tmp_path / "difference.wav", *filtered),
            ("models",),
            ("models", "show", "default"),
            ("speakers",),
            ("doctor",),
        ]
    )
    codes = [line for line in done.stderr.splitlines() if line.isdigit()]
    assert codes == ["0"] * 8, done.stderr
    assert len(list(tmp_path.iterdir())) == 4
    assert "self-test: passed" in done.stdout


def test_what_is_not_installed_is_named_with_its_remedy(tmp_path: Path) -> None:
    cluster = ("enhance", ROOT / "examples" / "noisy", "-o", tmp_path / "out", "--cluster", "local")
    cases: list[tuple[tuple[object, ...], str, str]] = [
        (("train", "enhance"), "train: needs ", "train"),
        (("evaluate", "enhance", "--clean", "a", "--enhanced", "b"), "evaluate: needs ", "train"),
        (("export", "default"), "export: needs ", "train"),
        (("dream", "--class", "7"), "dream: needs ", "train"),
        (("explain", "a", "b", "--judge", "c", "-o", "d"), "explain: needs ", "train"),
        (("enhance", ROOT, "--engine", "torch"), "enhance: needs torch", "train"),
        (("serve",), "serve: needs ", "serve"),
        (("demo",), "demo: needs ", "demo"),
        (cluster, "enhance: needs ", "ray"),
    ]
    lines = run_without_extras([command for command, *_ in cases]).stderr.splitlines()
    assert len(lines) == 2 * len(cases), lines
    for (_, what, extra), line, code in zip(cases, lines[::2], lines[1::2], strict=True):
        assert code == "1"
        assert line.startswith(f"speechgan: error: {what}")
        assert line.endswith(f"which is not installed; pip install 'speechgan[{extra}]'")
    assert list(tmp_path.iterdir()) == []


def test_onnxruntime_tells_nobody_what_it_opens(tmp_path: Path) -> None:
    program = "from speechgan import Enhancer; Enhancer.from_pretrained()"
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
    # Where it tells, it keeps the name of its session here.
    assert list(tmp_path.iterdir()) == []


def test_importing_the_package_imports_no_extra() -> None:
    program = (
        "import sys; from speechgan import Converter, Enhancer\n"
        "Enhancer.from_pretrained(); Converter.from_pretrained()\n"
        f"print(sorted(set({EXTRAS}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr
