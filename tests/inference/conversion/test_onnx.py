"""Converters without PyTorch: the same images as with it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from speechgan import Converter
from speechgan.inference.conversion.onnx_network import OnnxConversion
from speechgan.inference.conversion.torch_network import TorchConversion
from speechgan.inference.export import make_graphs, write_graph
from speechgan.models.generators.cyclegan_vc import TwoWay
from speechgan.models.generators.fhvae import FHVAE
from speechgan.pretrained.folder import ONNX, load_config
from speechgan.pretrained.loading import load_model, save_model
from speechgan.pretrained.speakers import SPEAKERS
from speechgan.utils.errors import SpeechganError


@pytest.mark.parametrize("name", ["voices", "kerstin-p226", "cyclegan"])
def test_shipped_graphs_give_what_the_weights_give(name: str) -> None:
    with_torch, without = TorchConversion(load_model(name), "cpu"), OnnxConversion(name)
    assert [s.name for s in with_torch.speakers] == [s.name for s in without.speakers]
    assert with_torch.needs_source == without.needs_source
    for frames in (1, 3, 8, 200, 301):
        image = np.random.default_rng(frames).standard_normal((36, frames)).astype(np.float32)
        for target in range(len(without.speakers)):
            expected = with_torch.convert_image(image, target, None)
            made = without.convert_image(image, target, None)
            assert made.shape == expected.shape
            assert np.abs(made - expected).max() < 1e-4


def test_an_exported_model_folder_is_run_without_torch(
    converter_folder: Path, recordings: dict[str, tuple[np.ndarray, np.ndarray]]
) -> None:
    wave = recordings["kerstin_wind"][1]
    expected = Converter.from_pretrained(converter_folder, "cpu", engine="torch")
    with pytest.raises(SpeechganError, match=r"model\.onnx: no such file; speechgan export"):
        Converter.from_pretrained(converter_folder, engine="onnx")
    (graph,) = make_graphs(load_model(converter_folder)).values()
    path = converter_folder / ONNX
    write_graph(graph, path)
    try:
        converter = Converter.from_pretrained(converter_folder)
        assert isinstance(converter.network, OnnxConversion)
        made = converter(wave, 16000, "p228")
        assert np.abs(made - expected(wave, 16000, "p228")).max() < 1e-3
    finally:
        path.unlink()  # other tests share the folder


def test_a_graph_of_other_speakers_is_refused(converter_folder: Path) -> None:
    (graph,) = make_graphs(load_model("voices")).values()
    path = converter_folder / ONNX
    write_graph(graph, path)
    try:
        with pytest.raises(SpeechganError, match=r"\(of 9 speakers\); write it anew"):
            Converter.from_pretrained(converter_folder)
    finally:
        path.unlink()


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (TwoWay, {"blocks": 1, "architecture": "1d", "width": 0.05, "blurred": True}),
        (TwoWay, {"blocks": 1, "architecture": "2-1-2d", "width": 0.05, "blurred": True}),
        (FHVAE, {"cells": 16, "code": 4}),
    ],
    ids=["1d", "2-1-2d", "fhvae"],
)
def test_one_graph_converts_sounds_of_any_length_to_every_speaker(
    kind: type[nn.Module], settings: dict[str, object], converter_folder: Path, tmp_path: Path
) -> None:
    """Of networks of own speakers, as CycleGAN-VC's two directions, and of segments."""
    settings = {"bins": 36, "speakers": 2, **settings}
    name = f"{kind.__module__}.{kind.__name__}"
    config = load_config(converter_folder) | {"generator": {"_target_": name, **settings}}
    torch.manual_seed(0)
    others = {SPEAKERS: (converter_folder / SPEAKERS).read_text()}
    save_model(tmp_path / "own", config, kind(**settings), "# own\n", others)
    model = load_model(tmp_path / "own")
    (graph,) = make_graphs(model).values()
    write_graph(graph, tmp_path / "own" / ONNX)
    with_torch, without = TorchConversion(model, "cpu"), OnnxConversion(tmp_path / "own")
    for frames in (1, 3, 8, 75):
        image = np.random.default_rng(frames).standard_normal((36, frames)).astype(np.float32)
        made = [without.convert_image(image, target, None) for target in (0, 1)]
        for target in (0, 1):
            expected = with_torch.convert_image(image, target, None)
            assert np.abs(made[target] - expected).max() < 1e-4
    assert np.abs(made[0] - made[1]).max() > 0.01


def test_an_enhancer_is_refused() -> None:
    with pytest.raises(SpeechganError, match="a model for the task enhance, not convert"):
        OnnxConversion("default")
