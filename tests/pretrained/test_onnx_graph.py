"""ONNX graphs without what only renames their numbers."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from speechgan.pretrained.onnx_graph import join_reshapes


class Traced(nn.Module):
    """A function as a module, which is what can be exported."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def export(
    function: Callable[[Tensor], Tensor], x: Tensor, path: Path, **options
) -> onnx.ModelProto:
    torch.onnx.export(Traced(function), (x,), str(path), dynamo=False, opset_version=17, **options)
    return onnx.load(path)


def run(model: onnx.ModelProto, x: Tensor) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString())
    (out,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    return out


def kinds(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node if node.op_type != "Constant"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("function", "expected"),
    [
        pytest.param(
            lambda x: x[None].transpose(0, 1).flatten(0, 1).view(3, 4).tanh(), ["Tanh"], id="chain"
        ),
        pytest.param(
            lambda x: x.tanh().view(4, 3).exp(), ["Tanh", "Reshape", "Exp"], id="needed reshape"
        ),
        pytest.param(
            lambda x: x.tanh().T[None].flatten(0, 1).exp(), ["Tanh", "Transpose", "Exp"], id="moved"
        ),
        pytest.param(lambda x: x.tanh().view(12)[None], ["Tanh", "Reshape"], id="at the end"),
        pytest.param(lambda x: x.tanh()[None].squeeze(0), ["Tanh"], id="only its name at the end"),
        pytest.param(lambda x: x.tanh().flip(0).exp(), ["Tanh", "Slice", "Exp"], id="backwards"),
        pytest.param(
            lambda x: torch.cat([x.view(4, 3).exp(), x[None].view(4, 3).tanh()]),
            ["Reshape", "Exp", "Tanh", "Concat"],
            id="shared",
        ),
    ],
)
def test_what_is_left_computes_the_same(
    function: Callable[[Tensor], Tensor], expected: list[str], tmp_path: Path
) -> None:
    x = torch.randn(3, 4)
    model = export(function, x, tmp_path / "f.onnx")
    joined = join_reshapes(model)
    onnx.checker.check_model(joined, full_check=True)
    assert kinds(joined) == expected
    assert np.array_equal(run(joined, x), run(model, x))
    assert np.allclose(run(joined, x), function(x).numpy(), atol=1e-6)


@pytest.mark.filterwarnings("ignore")
def test_one_value_may_come_out_under_several_names(tmp_path: Path) -> None:
    x = torch.randn(3, 4)

    def function(x: Tensor) -> tuple[Tensor, ...]:
        y = x.tanh()
        z = y.exp()[None]
        return y, y[None].squeeze(0), y.view(12), z.squeeze(0), z.squeeze(0)

    joined = join_reshapes(export(function, x, tmp_path / "f.onnx"))
    onnx.checker.check_model(joined, full_check=True)
    session = onnxruntime.InferenceSession(joined.SerializeToString())
    found = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    for out, expected in zip(found, function(x), strict=True):
        np.testing.assert_allclose(out, expected.numpy(), rtol=1e-5)
    assert kinds(joined)[:2] == ["Tanh", "Exp"]


@pytest.mark.filterwarnings("ignore")
def test_what_has_no_fixed_size_stays(tmp_path: Path) -> None:
    axes = {"input_names": ["x"], "dynamic_axes": {"x": {0: "rows"}}}
    model = export(
        lambda x: x[None].squeeze(0).exp(), torch.randn(3, 4), tmp_path / "f.onnx", **axes
    )
    joined = join_reshapes(model)
    x = torch.randn(5, 4)
    assert np.array_equal(run(joined, x), run(model, x))
    assert kinds(joined) == kinds(model)
