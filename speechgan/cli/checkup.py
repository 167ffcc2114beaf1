"""Finds problems of an installation, each with its remedy."""

import importlib
import os
import re
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

# The oldest supported version, as in pyproject.toml.
OLDEST_TORCH = (2, 9)
# The first version that is not supported any more, as there.
TOO_NEW_TORCH = (2, 12)
# It declares support of torch 2.11, but lacks a symbol in it.
BAD_TORCHAUDIO = "2.11.1"
NVIDIA = Path("/proc/driver/nvidia/gpus")


@dataclass(frozen=True)
class Finding:
    """A problem, or a missing option.

    Attributes:
        text: the problem and its remedy, in one line.
        breaks: whether something fails because of it; otherwise it is only slower or absent.
    """

    text: str
    breaks: bool = True


def find_problems() -> list[Finding]:
    """All findings, the worst first."""
    findings = [*_check_running(), *_check_torch(), *_check_compiler(), *_check_gpu()]
    return sorted(findings, key=lambda finding: not finding.breaks)


def find_version(package: str) -> str:
    """The installed version, or an empty string."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _check_running() -> list[Finding]:
    """The packages that enhancement and conversion need."""
    findings = []
    onnxruntime, failure = _try_import("onnxruntime")
    if failure:
        remedy = "pip install --force-reinstall onnxruntime"
        if sys.platform == "win32":
            remedy += "; if that does not help, install Microsoft's Visual C++ Redistributable"
        findings.append(Finding(f"onnxruntime does not load ({failure}); {remedy}"))
    elif onnxruntime is not None and not hasattr(onnxruntime, "InferenceSession"):
        # Two packages have the same files, and one of them was removed.
        text = "onnxruntime is incomplete; pip uninstall -y onnxruntime onnxruntime-gpu"
        findings.append(Finding(f"{text} && pip install onnxruntime"))
    _, failure = _try_import("pyworld")
    if failure:
        remedy = "pip install --force-reinstall pyworld"
        if "pkg_resources" in failure:
            remedy = "pip install 'setuptools<81'"
        findings.append(Finding(f"pyworld does not load ({failure}); {remedy}"))
    return findings


def _check_torch() -> list[Finding]:
    """PyTorch, and whether torchaudio's version fits it."""
    torch, failure = _try_import("torch")
    remedy = "pip install --force-reinstall 'torch==2.11.0' 'torchaudio==2.11.0'"
    if failure:
        return [Finding(f"torch does not load ({failure}); {remedy}")]
    if torch is None:
        return []
    own, other = str(torch.__version__), find_version("torchaudio")
    if not OLDEST_TORCH <= _first_two(own) < TOO_NEW_TORCH:
        return [Finding(f"torch {own} is none that training runs with; {remedy}")]
    if not other:
        return []
    number = "{}.{}".format(*_first_two(own))
    fitting = f"pip install --force-reinstall 'torch=={number}.0' 'torchaudio=={number}.0'"
    builds = [text.partition("+")[2] for text in (own, other)]
    unlike = all(builds) and builds[0] != builds[1]
    if _first_two(other) != _first_two(own) or other.startswith(BAD_TORCHAUDIO) or unlike:
        return [Finding(f"torchaudio {other} does not fit torch {own}; {fitting}")]
    _, failure = _try_import("torchaudio")
    if failure:
        return [
            Finding(f"torchaudio {other} does not load beside torch {own} ({failure}); {fitting}")
        ]
    return []


def _check_compiler() -> list[Finding]:
    """The compiler that `trainer.compiled` needs on the CPU."""
    names = [os.environ.get("CXX", ""), "g++", "clang++", "c++", "cl"]
    if not find_version("torch") or any(name and shutil.which(name) for name in names):
        return []
    remedies = {
        "win32": "install Microsoft's Build Tools for Visual Studio",
        "darwin": "xcode-select --install",
    }
    remedy = remedies.get(sys.platform, "install g++, on Debian and Ubuntu: apt install g++")
    text = f"no C++ compiler: trainer.compiled does not work on the CPU; {remedy}"
    return [Finding(text, breaks=False)]


def _check_gpu() -> list[Finding]:
    """A GPU that is absent, hidden, or that this PyTorch cannot use."""
    torch, failure = _try_import("torch")
    if failure or torch is None or torch.cuda.is_available():
        return []
    if not _has_nvidia_gpu():
        text = (
            "no NVIDIA GPU: enhance and convert need none; train large models on a machine that "
            "has one"
        )
    elif torch.version.cuda is None:
        number = "{}.{}.0".format(*_first_two(str(torch.__version__)))
        text = (
            f"a GPU, but torch {torch.__version__} is built for the CPU alone; pip install "
            f"--force-reinstall 'torch=={number}' 'torchaudio=={number}' --index-url "
            "https://download.pytorch.org/whl/cu130"
        )
    elif os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        text = "a GPU, but CUDA_VISIBLE_DEVICES hides it; unset CUDA_VISIBLE_DEVICES"
    else:
        text = (
            f"a GPU that torch cannot use: its driver may be older than CUDA {torch.version.cuda}; "
            "update the driver (nvidia-smi shows which it is)"
        )
    return [Finding(text, breaks=False)]


def _has_nvidia_gpu() -> bool:
    """Whether NVIDIA's driver is installed; PyTorch reports only GPUs that it can use."""
    listed = NVIDIA.is_dir() and any(NVIDIA.iterdir())
    return listed or shutil.which("nvidia-smi") is not None


def _try_import(name: str) -> tuple[Any, str]:
    """A module, or None if it is not installed; and the reason if it fails to load."""
    try:
        return importlib.import_module(name), ""
    except ModuleNotFoundError as error:
        # A module that it imports may be missing.
        return None, "" if error.name == name else str(error)
    except Exception as error:  # an incompatible library may raise any error
        lines = str(error).splitlines() or [type(error).__name__]
        return None, lines[0]


def _first_two(text: str) -> tuple[int, int]:
    numbers = re.findall(r"\d+", text)[:2]
    return (int(numbers[0]), int(numbers[1])) if len(numbers) == 2 else (0, 0)
