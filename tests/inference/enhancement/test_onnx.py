"""The ONNX engine: the same sound, without PyTorch."""

import os
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from speechgan import Enhancer
from speechgan.inference.enhancement.onnx_network import OnnxNetwork
from speechgan.inference.export import Graph, make_graphs, write_graph
from speechgan.pretrained.loading import Model
from speechgan.utils.errors import SpeechganError


def make_noise(*shape: int) -> np.ndarray:
    return (0.1 * np.random.default_rng(3).standard_normal(shape)).astype(np.float32)


@pytest.fixture
def exported(tmp_path: Path, crn: Model) -> Path:
    """The graph of one frame."""
    path = tmp_path / "new" / "f.onnx"
    write_graph(make_graphs(crn)["model.onnx"], path)
    return path


@pytest.fixture
def blocks(tmp_path: Path, crn: Model) -> Path:
    """The graph of many frames."""
    write_graph(make_graphs(crn)["blocks.onnx"], tmp_path / "blocks.onnx")
    return tmp_path / "blocks.onnx"


@pytest.mark.parametrize(("rate", "channels"), [(16000, 1), (44100, 2), (8000, 8)])
def test_it_gives_what_torch_gives(crn: Model, exported: Path, rate: int, channels: int) -> None:
    wave = make_noise(channels, rate)
    expected = Enhancer.from_model(crn, "cpu")(wave, rate)
    out = Enhancer.from_pretrained(exported, engine="onnx")(wave, rate)
    assert np.abs(out - expected).max() < 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize("length", [100, 3000, 40000])
def test_many_frames_at_once_give_what_single_ones_give(
    exported: Path, blocks: Path, length: int
) -> None:
    wave = make_noise(2, 40000)
    expected = Enhancer(OnnxNetwork(exported, None))(wave, 16000)
    stream = Enhancer(OnnxNetwork(exported, blocks)).stream(16000, 2)
    pieces = [stream(wave[:, start : start + length]) for start in range(0, 40000, length)]
    out = np.concatenate([*pieces, stream.flush()], axis=1)
    assert np.abs(out - expected).max() < 1e-5


def test_a_model_that_hears_ahead_gives_what_torch_gives(ahead: Model, tmp_path: Path) -> None:
    (graph,) = make_graphs(ahead).values()
    write_graph(graph, tmp_path / "blocks.onnx")
    enhancer = Enhancer(OnnxNetwork(None, tmp_path / "blocks.onnx"))
    for samples in (1, 300, 300_000):  # the last is longer than a block with its context
        wave = make_noise(2, samples)
        expected = Enhancer.from_model(ahead, "cpu")(wave, 16000)
        assert np.abs(enhancer(wave, 16000) - expected).max() < 1e-5
    with pytest.raises(SpeechganError, match="this model hears ahead"):
        enhancer.stream(16000)


def test_a_stream_may_change_its_engine(crn: Model, exported: Path) -> None:
    wave = make_noise(2, 9000)
    torch_engine = Enhancer.from_model(crn, "cpu")
    onnx_engine = Enhancer.from_pretrained(exported, engine="onnx")
    first, second = torch_engine.stream(16000, 2), onnx_engine.stream(16000, 2)
    begun = first(wave[:, :5000])
    second.state = first.state
    out = np.concatenate([begun, second(wave[:, 5000:]), second.flush()], axis=1)
    assert np.abs(out - torch_engine(wave, 16000)).max() < 1e-5


def test_the_file_describes_itself_and_holds_nothing_complex(exported: Path) -> None:
    graph = onnx.load(exported)
    described = {entry.key: entry.value for entry in graph.metadata_props}
    assert described == {"sample_rate": "16000", "n_fft": "512", "hop_length": "256"}
    names = [value.name for value in graph.graph.input]
    memories = [f"{part}_{block}" for block in (1, 2, 3) for part in ("hidden", "cell")]
    assert names == ["spectrum", "offset", "level", *memories]
    after = [value.name for value in graph.graph.output]
    assert after == ["enhanced", *(f"{name}_after" for name in names[1:])]
    kinds = {
        value.type.tensor_type.elem_type for value in (*graph.graph.input, *graph.graph.output)
    }
    assert kinds == {onnx.TensorProto.FLOAT}


def test_the_model_can_be_trained_after_it_was_exported(crn: Model, tmp_path: Path) -> None:
    before = {name: weight.clone() for name, weight in crn.generator.state_dict().items()}
    write_graph(make_graphs(crn)["model.onnx"], tmp_path / "f.onnx")
    after = crn.generator.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)


def test_an_export_leaves_random_numbers_as_they_were(crn: Model, tmp_path: Path) -> None:
    state = torch.get_rng_state()
    write_graph(make_graphs(crn)["model.onnx"], tmp_path / "f.onnx")
    assert torch.equal(torch.get_rng_state(), state)


def test_what_onnx_does_not_hold_is_refused(unet: Model, segan: Model) -> None:
    for model in (unet, segan):
        with pytest.raises(SpeechganError, match="test: ONNX holds enhancers of images without z"):
            make_graphs(model)


def test_a_graph_that_differs_from_its_network_is_not_written(crn: Model, tmp_path: Path) -> None:
    class Counting(torch.nn.Module):
        """Does something else at every call, which no graph holds."""

        calls = 0

        def forward(self, spectrum: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            return spectrum * self.calls

    graph = Graph(Counting(), {"spectrum": torch.ones(1, 2, 257, 32)}, ["enhanced"])
    with pytest.raises(SpeechganError, match=r"f\.onnx: the network does something that ONNX"):
        write_graph(graph, tmp_path / "f.onnx")
    assert not any(tmp_path.iterdir())


def test_what_stood_there_stays_when_nothing_can_be_written(crn: Model, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    with pytest.raises(SpeechganError, match="cannot be written"):
        write_graph(make_graphs(crn)["model.onnx"], tmp_path / "file" / "f.onnx")
    assert os.listdir(tmp_path) == ["file"]


def test_what_cannot_run_is_refused(exported: Path, tmp_path: Path, crn: Model) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"no graph")
    foreign = onnx.load(exported)
    del foreign.metadata_props[:]
    onnx.save(foreign, tmp_path / "foreign.onnx")
    for name in ("bad.onnx", "foreign.onnx"):
        with pytest.raises(SpeechganError, match=f"{name}: not a graph that speechgan export"):
            Enhancer.from_pretrained(tmp_path / name, engine="onnx")
    with pytest.raises(SpeechganError, match=r"missing\.onnx: no such file"):
        Enhancer.from_pretrained(tmp_path / "missing.onnx", engine="onnx")
    with pytest.raises(SpeechganError, match=r"holds no model\.onnx; write it"):
        Enhancer.from_pretrained("vocoder", engine="onnx")
    with pytest.raises(SpeechganError, match="the ONNX engine runs on the cpu"):
        Enhancer.from_pretrained(exported, "cuda", engine="onnx")
    with pytest.raises(SpeechganError, match="tflite: unknown; use one of auto, onnx, torch"):
        Enhancer.from_pretrained(exported, engine="tflite")
    with pytest.raises(SpeechganError, match="threads 0: must be 1 or more"):
        Enhancer.from_pretrained(exported, threads=0, engine="onnx")


@pytest.mark.parametrize("name", ["voices", "digits"])
def test_a_model_of_another_task_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(SpeechganError, match=f"^{name}: a model for the task .*, not enhance; "):
        Enhancer.from_pretrained(name)
