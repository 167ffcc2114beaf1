"""Opens graphs with onnxruntime."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import onnxruntime

from speechgan.utils.errors import SpeechganError


def require_cpu(device: object) -> None:
    """Refuses other devices than the CPU.

    Raises:
        SpeechganError: neither "auto" nor "cpu".
    """
    if str(device) not in ("auto", "cpu"):
        raise SpeechganError(f"device {device}: the ONNX engine runs on the cpu; use torch")


def open_session(
    path: str | os.PathLike[str], threads: int | None = 1
) -> tuple[onnxruntime.InferenceSession, dict[str, str]]:
    """Opens a graph of `speechgan.inference.export` on the CPU; the session and its metadata.

    Args:
        path: the file.
        threads: of the CPU; None leaves onnxruntime's own choice.

    Raises:
        SpeechganError: missing, unreadable, or no graph.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or 0
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    if not Path(path).is_file():
        raise SpeechganError(f"{path}: no such file; speechgan export writes it")
    try:
        session = onnxruntime.InferenceSession(os.fspath(path), options, ["CPUExecutionProvider"])
        return session, dict(session.get_modelmeta().custom_metadata_map)
    # onnxruntime's errors have no public base class.
    except Exception as error:
        raise foreign_graph(path, str(error).splitlines()[0]) from None


def read_numbers(
    path: str | os.PathLike[str], described: Mapping[str, str], names: Iterable[str]
) -> dict[str, int]:
    """Numbers above 0 in a graph's metadata, by name.

    Raises:
        SpeechganError: one is missing or invalid.
    """
    try:
        numbers = {name: int(described[name]) for name in names}
    except (KeyError, ValueError) as error:
        raise foreign_graph(path, f"no valid {error}") from None
    if low := [name for name, number in numbers.items() if number < 1]:
        raise foreign_graph(path, f"no valid {low[0]}")
    return numbers


def foreign_graph(path: str | os.PathLike[str], reason: str) -> SpeechganError:
    """The error of a file with another graph than needed."""
    return SpeechganError(
        f"{path}: not a graph that speechgan export wrote ({reason}); write it anew"
    )
