"""Everything that a run needs to go on exactly where it stood, in one safetensors file."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from speechgan.utils.errors import SpeechganError
from speechgan.utils.files import write_whole

CHECKPOINT = "last.safetensors"
"""Its name in a run's folder."""


def save_checkpoint(path: Path, state: Any) -> None:
    """Writes nested dicts, lists and tuples of tensors and plain values; whole or not at all.

    Tensors go into the file's body and everything else into its JSON header, so that loading runs
    no code, unlike a pickle.

    Raises:
        SpeechganError: it cannot be written; what stood at `path` stands there still.
    """
    tensors: dict[str, Tensor] = {}
    structure = _describe(state, tensors)
    content = save(tensors, {"structure": json.dumps(structure)})
    remedy = "the one before it is kept: free some space, then go on with --resume"
    write_whole(path, content, remedy)


def load_checkpoint(path: Path) -> Any:
    """Reads what `save_checkpoint` wrote, onto the CPU.

    Raises:
        SpeechganError: no such file, or not a checkpoint.
    """
    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            if "structure" not in about:
                raise ValueError("it holds a model's weights alone")
            return _rebuild(json.loads(about["structure"]), file.get_tensor)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise SpeechganError(
            f"{path}: not a readable checkpoint ({error}); name the {CHECKPOINT} of a run"
        ) from None


def _describe(value: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, Tensor):
        name = str(len(tensors))
        # Weights that share memory are stored twice: safetensors refuses views of one storage.
        tensors[name] = value.detach().to("cpu", copy=True).contiguous()
        return {"tensor": name}
    if isinstance(value, dict):
        return {"dict": [[_describe(k, tensors), _describe(v, tensors)] for k, v in value.items()]}
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [_describe(v, tensors) for v in value]}
    if value is None or isinstance(value, bool | int | float | str):
        return {"value": value}
    raise TypeError(f"cannot keep a {type(value).__name__} in a checkpoint")


def _rebuild(structure: dict[str, Any], tensor: Any) -> Any:
    ((kind, content),) = structure.items()
    if kind == "tensor":
        # A copy of its own: what the file lends may be mapped from a file that is replaced later.
        return torch.clone(tensor(content))
    if kind == "dict":
        return {_rebuild(k, tensor): _rebuild(v, tensor) for k, v in content}
    if kind in ("list", "tuple"):
        items = [_rebuild(v, tensor) for v in content]
        return items if kind == "list" else tuple(items)
    return content
