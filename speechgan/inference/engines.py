"""Choice of the library that runs a model."""

import os
from importlib.util import find_spec
from pathlib import Path

from speechgan.pretrained.folder import BLOCKS, ONNX, find_model
from speechgan.utils.errors import SpeechganError
from speechgan.utils.extras import missing_extra

ENGINES = ("auto", "onnx", "torch")


def choose_engine(name: str | os.PathLike[str], engine: str, device: object) -> str:
    """`onnx` or `torch`; `auto` is onnx on the CPU wherever the model has a graph.

    Args:
        name: of a shipped model, of a model folder, or of an ONNX file.
        engine: one of `ENGINES`.
        device: "auto", "cpu", "cuda" or a torch device.

    Raises:
        SpeechganError: an unknown engine, no such model, or PyTorch is needed and not installed.
    """
    if engine not in ENGINES:
        raise SpeechganError(f"engine {engine}: unknown; use one of {', '.join(ENGINES)}")
    if engine == "auto":
        has_graph = Path(name).suffix == ".onnx" or any(
            (find_model(name) / graph).is_file() for graph in (ONNX, BLOCKS)
        )
        engine = "onnx" if has_graph and str(device) in ("auto", "cpu") else "torch"
    if engine == "torch" and find_spec("torch") is None:
        raise missing_extra("torch", f"{name} with the torch engine")
    return engine
