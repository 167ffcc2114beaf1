"""Converters run by onnxruntime, without PyTorch."""

import os
from typing import Any

import numpy as np

from speechgan.pretrained.build import build_part
from speechgan.pretrained.folder import ONNX, find_model, load_config, require_task
from speechgan.pretrained.onnx_session import (
    foreign_graph,
    open_session,
    read_numbers,
    require_cpu,
)
from speechgan.pretrained.speakers import load_speakers


class OnnxConversion:
    """A model folder with a graph as a `ConversionNetwork`, on the CPU.

    Args:
        name: see `speechgan.pretrained.folder.find_model`.
        device: "auto" or "cpu".
        threads: of the CPU; None leaves onnxruntime's own choice.

    Raises:
        SpeechganError: no such model, one of another task or without a graph, another device.
    """

    device = "cpu"

    def __init__(
        self, name: str | os.PathLike[str], device: object = "auto", threads: int | None = 1
    ) -> None:
        require_cpu(device)
        folder = find_model(name)
        config = load_config(folder)
        require_task(name, config, "convert")
        self.name, self.sample_rate = str(name), config["sample_rate"]
        self.features: Any = build_part(folder, config, "features")
        self.speakers = tuple(load_speakers(folder))
        path = folder / ONNX
        self._session, described = open_session(path, threads)
        numbers = read_numbers(path, described, ["speakers", "multiple"])
        if numbers["speakers"] != len(self.speakers):
            raise foreign_graph(path, f"of {numbers['speakers']} speakers")
        self._multiple = numbers["multiple"]
        self.needs_source = described.get("needs_source") == "1"

    def convert_image(self, image: np.ndarray, target: int, source: int | None) -> np.ndarray:
        """See `ConversionNetwork`."""
        frames = image.shape[1]
        # As `speechgan.models.layers.gated.pad_time`, whose conditions a graph cannot contain.
        missing = max(4 * self._multiple - frames, -frames % self._multiple)
        padded = np.pad(image, ((0, 0), (0, missing)), mode="edge")
        given = {"image": padded[None, None], "target": np.array([target])}
        if self.needs_source:
            given["source"] = np.array([source])
        converted: np.ndarray = self._session.run(["converted"], given)[0]
        return converted[0, 0, :, :frames]
