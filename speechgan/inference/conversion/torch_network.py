"""Converters run by PyTorch."""

import numpy as np
import torch
from torch import nn

from speechgan.features.voice import VoiceFeatures
from speechgan.inference.threads import limit_threads
from speechgan.pretrained.folder import require_task
from speechgan.pretrained.loading import Model, choose_device
from speechgan.systems.conversion.base import image_converter


class TorchConversion:
    """A loaded model as a `ConversionNetwork`.

    Args:
        model: of the task `convert`.
        device: see `speechgan.pretrained.loading.choose_device`.
        threads: of the CPU; None leaves PyTorch's own choice.

    Raises:
        SpeechganError: a model of another task, no such device.
    """

    def __init__(
        self, model: Model, device: str | torch.device = "auto", threads: int | None = 1
    ) -> None:
        require_task(model.name, model.config, "convert")
        self.name, self.sample_rate = model.name, model.sample_rate
        self.features: VoiceFeatures = model.features
        if isinstance(model.features, nn.Module):
            # Voices are NumPy arrays, analysed on the CPU, whatever the network's device.
            model.features.cpu()
        self.speakers, self.threads = model.speakers, threads
        chosen = choose_device(device)
        self.device = str(chosen)
        self.needs_source = bool(model.generator.needs_source)
        self._convert = image_converter(model.generator.to(chosen).eval())

    def convert_image(self, image: np.ndarray, target: int, source: int | None) -> np.ndarray:
        """See `ConversionNetwork`."""
        with limit_threads(self.threads):
            return self._convert(image, target, source)
