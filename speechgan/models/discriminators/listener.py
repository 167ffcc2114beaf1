"""A differentiable predictor of listeners' opinions."""

from typing import Any

import onnx
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from speechgan.metrics.dnsmos import network_path

FRAME, HOP = 320, 160
POOLED = (3, 4, 5)
"""Convolutions with pooling by 2 after them."""


class Listener(nn.Module):
    """The network of DNSMOS P.835 (Reddy, Gopal & Cutler 2022, arXiv:2110.01763).

    Log power of frames of 20 ms at 16 kHz, seven convolutions, the maximum over the plane, and
    three linear layers, with the weights of the package `speechmos`. It takes any length, not only
    the measure's 9.01 s; its weights are fixed, and not saved in checkpoints.

    Args:
        sample_rate: 16000, as in its training.

    Raises:
        ValueError: another sample rate.
        SpeechganError: the package is not installed.
    """

    transform: Tensor

    def __init__(self, sample_rate: int = 16000) -> None:
        super().__init__()
        if sample_rate != 16000:
            raise ValueError(
                f"sample_rate={sample_rate}: DNSMOS needs 16000; train without it, "
                "system.judges.listener=null"
            )
        graph = onnx.load(network_path()).graph
        arrays: dict[str, Any] = {
            weight.name: onnx.numpy_helper.to_array(weight) for weight in graph.initializer
        }
        used = (arrays[name] for node in graph.node for name in node.input if name in arrays)
        weights = [torch.from_numpy(w.copy()) for w in used if w.dtype == "float32" and w.size > 1]
        cosine, sine, *layers = weights
        self._keep("transform", torch.cat([cosine, sine])[..., 0].T)
        for number, weight in enumerate(layers):
            self._keep(f"layer_{number // 2}_{number % 2}", weight)
        self.convolutions = sum(weight.ndim == 4 for weight in layers)
        self.depth = len(layers) // 2

    def _keep(self, name: str, weight: Tensor) -> None:
        self.register_buffer(name, weight.contiguous(), persistent=False)

    def forward(self, wave: Tensor) -> Tensor:
        """`(batch, sample)` at 16 kHz, at least 0.2 s, to opinion scores `(batch, 3)`.

        SIG, BAK and OVRL as the network gives them, about 1 to 5, without the measure's polynomial
        mapping.
        """
        x = self.listen(wave)[-1].amax((2, 3))
        for number in range(self.convolutions, self.depth):
            weight, bias = self._layer(number)
            x = (x if number == self.convolutions else F.relu(x)) @ weight + bias
        return x

    def listen(self, wave: Tensor) -> list[Tensor]:
        """Activations `(batch, channel, frame, bin)` of each convolution; input as for a call."""
        real, imaginary = (wave.unfold(-1, FRAME, HOP) @ self.transform).chunk(2, -1)
        power = real.square() + imaginary.square()
        x = power.clamp(min=1e-12).log10()[:, None].contiguous(memory_format=torch.channels_last)
        heard = []
        for number in range(self.convolutions):
            weight, bias = self._layer(number)
            x = F.relu(F.conv2d(x, weight, bias, padding=1))
            x = F.max_pool2d(x, 2) if number in POOLED else x
            heard.append(x)
        return heard

    def _layer(self, number: int) -> tuple[Tensor, Tensor]:
        weight, bias = (getattr(self, f"layer_{number}_{part}") for part in (0, 1))
        return weight, bias
