"""Export of models as ONNX graphs, which onnxruntime runs without PyTorch."""

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from speechgan.inference.enhancement.torch_network import TorchNetwork
from speechgan.pretrained.folder import BLOCKS, ONNX
from speechgan.pretrained.loading import Model
from speechgan.pretrained.onnx_graph import join_reshapes
from speechgan.utils.errors import SpeechganError
from speechgan.utils.files import replace_whole

OPSET = 17
# Frames that graphs of many frames are traced with; divisible by every network's `multiple`.
TRACED_FRAMES = 32
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Graph:
    """A network to be exported.

    Attributes:
        network: in evaluation mode.
        inputs: examples by name.
        outputs: names.
        metadata: of the file.
        free: dynamic axes, by the names of inputs and outputs; without any, all sizes are fixed,
            which saves a fifth of the time.
    """

    network: nn.Module
    inputs: Mapping[str, Tensor]
    outputs: Sequence[str]
    metadata: Mapping[str, object] = field(default_factory=dict)
    free: Mapping[str, Mapping[int, str]] = field(default_factory=dict)


def make_graphs(model: Model) -> dict[str, Graph]:
    """The graphs of a model by their names in its folder, the main one first.

    A causal enhancer has `model.onnx`: its inputs are `spectrum` `(1, 2, bin, 1)`, real and
    imaginary parts of one frame, windowed by the root of a Hann window, and the parts of the state
    `(1, ...)`, zeros before the first frame; its outputs are `enhanced`, of the same shape, and
    each part of the state under its name and `_after`. It has no complex tensors, and all sizes are
    fixed; channels are run one by one. `blocks.onnx` is the same for any number of frames of any
    number of channels, `(channel, 2, bin, frame)`, which may be of different sounds.

    An enhancer that is not causal has `blocks.onnx`: a window `spectrum` `(1, 2, bin, frame)` to
    `enhanced`, of the same shape; `context` in its metadata is the number of frames needed on each
    side.

    A converter has `model.onnx`: `image` `(1, 1, bin, frame)`, normalised, and the numbers of
    `target`, and of `source` if needed, both `(1,)`, to `converted`, of the same shape; the number
    of frames must be a multiple of `multiple` in the metadata.

    A generator of images has `model.onnx`: `code` `(item, code)` and, if it is conditioned on
    labels, `labels` `(item, 2)`, numbers of digit and speaker, to `image` `(item, 1, bin, frame)`.

    Raises:
        SpeechganError: another kind of model.
    """
    generator: Any = model.generator
    task = model.config["task"]
    if task == "convert":
        return {ONNX: _convert_graph(model)}
    if task == "generate":
        return {ONNX: _generate_graph(model)}
    if task != "enhance" or generator.reads != "image" or generator.z_channels:
        raise SpeechganError(
            f"{model.name}: ONNX holds enhancers of images without z, converters, and generators; "
            "export one such as default"
        )
    network = TorchNetwork(model, torch.device("cpu"))
    metadata = {n: getattr(network, n) for n in ("sample_rate", "n_fft", "hop_length")}
    bins = network.n_fft // 2 + 1
    many = _draw(0, 1, 2, bins, TRACED_FRAMES)
    if not network.causal:
        context = {"context": generator.context, "multiple": generator.multiple}
        window = network.window
        free = _free_frames("spectrum", "enhanced")
        return {BLOCKS: Graph(window, {"spectrum": many}, ["enhanced"], metadata | context, free)}
    step = network.step
    one = {"spectrum": torch.zeros(1, 2, bins, 1), **step.initial_state(1)}
    several = {"spectrum": many.repeat(2, 1, 1, 1), **step.initial_state(2)}
    outputs = ["enhanced", *(f"{name}_after" for name in one if name != "spectrum")]
    free = {name: {0: "channel"} for name in (*several, *outputs)}
    for name, axes in _free_frames("spectrum", "enhanced").items():
        free[name] = free[name] | axes
    return {
        ONNX: Graph(step, one, outputs, metadata),
        BLOCKS: Graph(step, several, outputs, metadata, free),
    }


def _free_frames(*names: str) -> dict[str, dict[int, str]]:
    return {name: {3: "frame"} for name in names}


def _convert_graph(model: Model) -> Graph:
    generator: Any = model.generator
    bins = len(model.speakers[0].statistics.mean)
    inputs = {"image": _draw(0, 1, 1, bins, TRACED_FRAMES), "target": torch.tensor([0])}
    if generator.needs_source:
        inputs["source"] = torch.tensor([len(model.speakers) - 1])
    metadata = {
        "sample_rate": model.sample_rate,
        "multiple": generator.multiple,
        "speakers": len(model.speakers),
        "needs_source": int(generator.needs_source),
    }
    free = _free_frames("image", "converted")
    return Graph(generator.cpu().eval(), inputs, ["converted"], metadata, free)


def _generate_graph(model: Model) -> Graph:
    generator: Any = model.generator.cpu().eval()
    inputs = {"code": _draw(0, 2, generator.code)}
    if generator.digits or generator.speakers:
        inputs["labels"] = torch.zeros(2, 2, dtype=torch.long)
    else:
        generator = Untold(generator).eval()
    free = {name: {0: "item"} for name in (*inputs, "image")}
    metadata = {"sample_rate": model.sample_rate, "code": model.generator.code}
    return Graph(generator, inputs, ["image"], metadata, free)


class Untold(nn.Module):
    """An unconditional generator as a function of the code alone."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, code: Tensor) -> Tensor:
        """`(item, code)` to `(item, 1, bin, frame)`."""
        labels = torch.zeros(len(code), 2, dtype=torch.long, device=code.device)
        made: Tensor = self.generator(code, labels)
        return made


def write_graph(graph: Graph, path: str | os.PathLike[str]) -> None:
    """Writes an ONNX file, whole or not at all, and compares its outputs with the network's.

    Raises:
        SpeechganError: the network cannot be traced, the graph computes something else, or the file
            cannot be written.
    """
    with replace_whole(path) as beside:
        try:
            _trace(graph, beside)
        except (torch.onnx.errors.OnnxExporterError, RuntimeError) as error:
            reason = str(error).strip().splitlines()[0]
            raise SpeechganError(
                f"{path}: the network cannot be written as ONNX ({reason}); use the torch engine"
            ) from None
        made = onnx.load(beside)
        if not graph.free:
            made = join_reshapes(made)
        onnx.helper.set_model_props(made, {name: str(v) for name, v in graph.metadata.items()})
        onnx.checker.check_model(made, full_check=True)
        onnx.save(made, beside)
        if unused := sorted(graph.inputs.keys() - {node.name for node in made.graph.input}):
            raise SpeechganError(
                f"{path}: as a graph it would not see its {unused[0]}; use the torch engine"
            )
        difference = _compare(graph, beside)
        if not difference < TOLERANCE:
            raise SpeechganError(
                f"{path}: the network does something that ONNX does not hold, such as another path "
                f"for another speaker (off by {difference:.2g}); use the torch engine"
            )


def _draw(seed: int, *shape: int) -> torch.Tensor:
    """Normal noise from a seed; PyTorch's global generator, which is the caller's, is not used."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def _trace(graph: Graph, path: Path) -> None:
    with warnings.catch_warnings():
        # The tracing exporter is deprecated but will remain, and needs no further package.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph.network,
            tuple(graph.inputs.values()),
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=list(graph.inputs),
            output_names=list(graph.outputs),
            dynamic_axes={name: dict(axes) for name, axes in graph.free.items()} or None,
        )


def _compare(graph: Graph, path: Path) -> float:
    """Greatest difference of the file's outputs from the network's, for other inputs."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])
    inputs = dict(graph.inputs)
    for name, axes in graph.free.items():
        if name in inputs:
            for axis in axes:
                # 1.5 times the traced size, which is a valid number of frames too.
                size = inputs[name].shape[axis]
                repeated = torch.arange(size * 3 // 2) % size
                inputs[name] = inputs[name].index_select(axis, repeated)
    first = next(iter(inputs))
    inputs[first] = _draw(1, *inputs[first].shape)
    differences = []
    for speaker in range(int(str(graph.metadata.get("speakers", 1)))):
        if "target" in inputs:
            inputs["target"] = torch.tensor([speaker])
        with torch.no_grad():
            expected = graph.network(*inputs.values())
        expected = expected if isinstance(expected, tuple) else (expected,)
        given = {name: value.numpy() for name, value in inputs.items()}
        for one, other in zip(expected, session.run(None, given), strict=True):
            differences.append(float(np.abs(one.numpy() - other).max()))
    return max(differences)
