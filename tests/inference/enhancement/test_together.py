"""Live sounds heard together: each as if it were alone, and the network asked less often."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from speechgan import Enhancer
from speechgan.inference.enhancement.onnx_network import OnnxNetwork
from speechgan.inference.enhancement.streaming import hear_together
from speechgan.inference.export import make_graphs, write_graph
from speechgan.pretrained.loading import Model


def make_noise(*shape: int) -> np.ndarray:
    return (0.1 * np.random.default_rng(7).standard_normal(shape)).astype(np.float32)


class Watched:
    """A session of onnxruntime that keeps the shapes of what it is given."""

    def __init__(self, session: Any) -> None:
        self.session, self.given = session, []

    def run(self, names: list[str], inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        self.given.append(inputs["spectrum"].shape)
        return self.session.run(names, inputs)


def test_streams_heard_together_give_what_each_gives_alone(crn: Model, tmp_path: Path) -> None:
    for name, graph in make_graphs(crn).items():
        write_graph(graph, tmp_path / name)
    onnx = Enhancer(OnnxNetwork(tmp_path / "model.onnx", tmp_path / "blocks.onnx"))
    earlier = Enhancer(OnnxNetwork(tmp_path / "model.onnx", None))
    torch = Enhancer.from_model(crn, "cpu")
    kinds = [(onnx, 16000, 1), (torch, 16000, 2), (onnx, 48000, 2), (torch, 8000, 1)]
    kinds += [(onnx, 16000, 1), (earlier, 16000, 1)]
    # Of a frame or two, of many, and of none.
    cuts = [0, 300, 800, 820, 5000, 5900, 6000]
    waves = [make_noise(channels, 6000) for _, _, channels in kinds]
    streams = [enhancer.stream(rate, channels) for enhancer, rate, channels in kinds]
    made = [
        hear_together(streams, [wave[:, start:end] for wave in waves])
        for start, end in itertools.pairwise(cuts)
    ]
    for number, (enhancer, rate, _) in enumerate(kinds):
        out = np.concatenate([*(blocks[number] for blocks in made), streams[number].flush()], 1)
        assert np.abs(out - enhancer(waves[number], rate)).max() < 1e-5


@pytest.mark.parametrize("count", [2, 5])
def test_streams_heard_together_ask_a_graph_once(count: int) -> None:
    enhancer = Enhancer.from_pretrained("tiny", engine="onnx")
    network: Any = enhancer.network
    network._blocks = watched = Watched(network._blocks)
    streams = [enhancer.stream(16000) for _ in range(count)]
    hear_together(streams, [make_noise(network.hop_length)] * count)
    assert watched.given == [(count, 2, network.n_fft // 2 + 1, 1)]


def test_a_block_that_is_refused_leaves_the_other_streams_alone(crn: Model) -> None:
    enhancer = Enhancer.from_model(crn, "cpu")
    streams = [enhancer.stream(16000) for _ in range(3)]
    streams[2].flush()
    wave = make_noise(4000)
    out, refused, flushed = hear_together(streams, [wave, np.full(4000, np.nan), wave])
    assert np.array_equal(out, enhancer.stream(16000)(wave))
    assert "block: a sample is NaN or infinite" in str(refused)
    assert "was flushed" in str(flushed)
    assert np.array_equal(streams[1](wave), out)
    assert hear_together([], []) == []
