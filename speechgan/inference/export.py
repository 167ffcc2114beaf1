"""A causal enhancer as one ONNX file: one frame and its state in, one frame and the next out."""

import contextlib
import os
import warnings
from pathlib import Path

import onnx
import torch

from speechgan.inference.enhancement.torch_network import TorchNetwork
from speechgan.pretrained.loading import Model
from speechgan.pretrained.onnx_graph import join_reshapes
from speechgan.utils.errors import SpeechganError

OPSET = 17


def export_onnx(model: Model, path: str | os.PathLike[str]) -> None:
    """Writes an ONNX file, whole or not at all.

    Its inputs are `spectrum` `(1, 2, bin, 1)`, real and imaginary parts of one frame under the
    root of a Hann window, and the parts of the state `(1, ...)`, zeros before the first frame; its
    outputs are `enhanced`, alike, and each part of the state under its name and `_after`. Its
    metadata hold `sample_rate`, `n_fft` and `hop_length`. Nothing in it is complex, and all sizes
    are fixed, which saves a fifth of the time: channels are run one by one.

    Args:
        model: of the task `enhance`, causal.
        path: of the file; replaced if it exists.

    Raises:
        SpeechganError: another kind of model, or the file cannot be written.
    """
    if model.config["task"] != "enhance" or not getattr(model.generator, "causal", False):
        raise SpeechganError(
            f"{model.name}: not a causal enhancer, and only those run frame by frame; "
            "export one such as default"
        )
    network = TorchNetwork(model, torch.device("cpu"))
    step = network.make_step()
    state = step.initial_state(1)
    frame = torch.zeros(1, 2, network.n_fft // 2 + 1, 1)
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings():
            # The tracing exporter is deprecated but stays, and needs no further package.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                step,
                (frame, *state.values()),
                str(beside),
                dynamo=False,
                opset_version=OPSET,
                input_names=["spectrum", *state],
                output_names=["enhanced", *(f"{name}_after" for name in state)],
            )
        graph = join_reshapes(onnx.load(beside))
        described = {n: getattr(network, n) for n in ("sample_rate", "n_fft", "hop_length")}
        onnx.helper.set_model_props(graph, {name: str(v) for name, v in described.items()})
        onnx.checker.check_model(graph, full_check=True)
        onnx.save(graph, beside)
        os.replace(beside, path)
    except OSError as error:
        reason = error.strerror or error
        raise SpeechganError(
            f"{path}: cannot be written ({reason}); free some space or choose another folder"
        ) from None
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()
