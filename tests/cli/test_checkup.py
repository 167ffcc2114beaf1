"""What `speechgan doctor` finds wrong, and what it says to do."""

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from speechgan.cli import checkup
from speechgan.cli.main import main


class Installation:
    """Modules and versions that the checks see instead of those that are here."""

    def __init__(self) -> None:
        self.modules: dict[str, Any] = {}
        self.versions: dict[str, str] = {}
        self.programs = {"g++"}

    def put(self, name: str, version: str, module: Any) -> None:
        self.modules[name], self.versions[name] = module, version

    def put_torch(self, version: str, cuda: str | None = "13.0", usable: bool = True) -> None:
        gpu = SimpleNamespace(is_available=lambda: usable)
        module = SimpleNamespace(__version__=version, cuda=gpu, version=SimpleNamespace(cuda=cuda))
        self.put("torch", version, module)

    def load(self, name: str) -> Any:
        if name not in self.modules:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        if isinstance(self.modules[name], Exception):
            raise self.modules[name]
        return self.modules[name]

    def texts(self) -> list[str]:
        return [finding.text for finding in checkup.find_problems()]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Installation:
    """One in which nothing is wrong."""
    made = Installation()
    made.put("onnxruntime", "1.20.0", SimpleNamespace(InferenceSession=object))
    made.put("pyworld", "0.3.5", SimpleNamespace())
    made.put_torch("2.11.0+cu130")
    made.put("torchaudio", "2.11.0+cu130", SimpleNamespace())
    monkeypatch.setattr(importlib, "import_module", made.load)
    monkeypatch.setattr(checkup, "find_version", lambda name: made.versions.get(name, ""))
    monkeypatch.setattr(shutil, "which", lambda name: name if name in made.programs else None)
    monkeypatch.setattr(checkup, "NVIDIA", tmp_path / "gpus")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return made


def test_nothing_is_found_where_nothing_is_wrong(here: Installation) -> None:
    assert here.texts() == []


@pytest.mark.parametrize("version", ["2.10.0", "2.11.1", "2.12.0", "2.11.0+cpu"])
def test_a_torchaudio_of_another_torch(version: str, here: Installation) -> None:
    here.put("torchaudio", version, SimpleNamespace())
    (text,) = here.texts()
    assert f"torchaudio {version} does not fit torch 2.11.0+cu130; pip install" in text
    assert "'torchaudio==2.11.0'" in text


def test_a_torchaudio_that_does_not_load(here: Installation) -> None:
    here.put("torchaudio", "2.11.0", OSError("undefined symbol: aoti\nand more"))
    (finding,) = checkup.find_problems()
    assert (
        "does not load beside torch" in finding.text and "undefined symbol: aoti)" in finding.text
    )
    assert finding.breaks


@pytest.mark.parametrize("version", ["2.6.0", "2.12.0"])
def test_a_torch_that_training_does_not_run_with(version: str, here: Installation) -> None:
    here.put_torch(version)
    assert here.texts()[0].startswith(f"torch {version} is none that training runs with; pip")


def test_a_torch_that_does_not_load(here: Installation) -> None:
    here.put("torch", "2.11.0", OSError("libcudart.so.13: cannot open shared object file"))
    assert here.texts()[0].startswith("torch does not load (libcudart.so.13: cannot open")


def test_without_torch_nothing_of_training_is_missed(here: Installation) -> None:
    here.modules.pop("torch"), here.versions.pop("torch")
    here.programs = set()
    assert here.texts() == []


@pytest.mark.parametrize(
    ("platform", "remedy"),
    [("linux", "apt install g++"), ("darwin", "xcode-select"), ("win32", "Visual Studio")],
)
def test_no_compiler(
    platform: str, remedy: str, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    here.programs = set()
    (finding,) = checkup.find_problems()
    assert "trainer.compiled" in finding.text and remedy in finding.text and not finding.breaks
    monkeypatch.setenv("CXX", "my-compiler")
    here.programs = {"my-compiler"}
    assert here.texts() == []


def test_a_gpu_that_is_absent_unused_hidden_or_too_new(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.put_torch("2.11.0", usable=False)
    here.put("torchaudio", "2.11.0", SimpleNamespace())
    assert here.texts()[0].startswith("no NVIDIA GPU")
    here.programs |= {"nvidia-smi"}
    assert "update the driver" in here.texts()[0]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert "unset CUDA_VISIBLE_DEVICES" in here.texts()[0]
    here.put_torch("2.11.0", cuda=None, usable=False)
    assert "built for the CPU alone; pip install" in here.texts()[0]
    here.programs -= {"nvidia-smi"}
    (checkup.NVIDIA / "0000:01:00.0").mkdir(parents=True)
    assert "built for the CPU alone" in here.texts()[0]


@pytest.mark.parametrize(
    ("name", "state", "words"),
    [
        ("onnxruntime", ImportError("DLL load failed"), "(DLL load failed); pip install --force"),
        ("onnxruntime", SimpleNamespace(), "incomplete; pip uninstall"),
        (
            "pyworld",
            ModuleNotFoundError("No module named 'pkg_resources'", name="pkg_resources"),
            "pip install 'setuptools<81'",
        ),
    ],
)
def test_what_converts_and_does_not_load(
    name: str, state: Any, words: str, here: Installation
) -> None:
    here.put(name, "1.0", state)
    (finding,) = checkup.find_problems()
    assert name in finding.text and words in finding.text and finding.breaks


@pytest.mark.parametrize("content", ["raise ImportError('no DLL')", ""])
def test_the_doctor_ends_well_where_what_runs_models_is_broken(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "onnxruntime.py").write_text(content)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    command = [sys.executable, "-m", "speechgan", "doctor"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert "problem: onnxruntime" in done.stdout and "self-test: FAILED" in done.stdout


def test_the_doctor_says_so_and_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from speechgan.cli import doctor

    note = checkup.Finding("no gizmo; buy one", breaks=False)
    monkeypatch.setattr(doctor, "find_problems", lambda: [note])
    assert main(["doctor"]) == 0
    assert "note: no gizmo; buy one" in capsys.readouterr().out
    monkeypatch.setattr(doctor, "find_problems", lambda: [checkup.Finding("x is broken; mend it")])
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "problem: x is broken; mend it" in out and "self-test: passed" in out
