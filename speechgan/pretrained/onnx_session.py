"""Graphs opened for onnxruntime."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import onnxruntime

from speechgan.utils.errors import SpeechganError


def require_cpu(device: object) -> None:
    """Refuses a device that graphs are not run on.

    Raises:
        SpeechganError: neither "auto" nor "cpu".
    """
    if str(device) not in ("auto", "cpu"):
        raise SpeechganError(f"device {device}: the ONNX engine runs on the cpu; use torch")


def open_session(
    path: str | os.PathLike[str], threads: int | None = 1
) -> tuple[onnxruntime.InferenceSession, dict[str, str]]:
    """A graph that `speechgan.inference.export` wrote, on the CPU, and what it says of itself.

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
    # onnxruntime's own errors have no common base that is public.
    except Exception as error:
        raise foreign_graph(path, str(error).splitlines()[0]) from None


def read_numbers(
    path: str | os.PathLike[str], described: Mapping[str, str], names: Iterable[str]
) -> dict[str, int]:
    """Numbers above 0 that a graph says of itself, by name.

    Raises:
        SpeechganError: it does not say them.
    """
    try:
        numbers = {name: int(described[name]) for name in names}
    except (KeyError, ValueError) as error:
        raise foreign_graph(path, f"no valid {error}") from None
    if low := [name for name, number in numbers.items() if number < 1]:
        raise foreign_graph(path, f"no valid {low[0]}")
    return numbers


def foreign_graph(path: str | os.PathLike[str], reason: str) -> SpeechganError:
    """The error of a file that holds another graph than is needed."""
    return SpeechganError(
        f"{path}: not a graph that speechgan export wrote ({reason}); write it anew"
    )
