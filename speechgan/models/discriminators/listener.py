"""A critic that has learned already, from people's opinions."""

from typing import Any

import onnx
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from speechgan.metrics.dnsmos import network_path

FRAME, HOP = 320, 160
POOLED = (3, 4, 5)
"""Convolutions that halve the image afterwards."""


class Listener(nn.Module):
    """The network of DNSMOS P.835 (Reddy, Gopal & Cutler 2022), with a gradient.

    Log power of frames of 20 ms at 16 kHz, seven convolutions, the maximum over the plane, and
    three linear layers, with the weights that the package `speechmos` brings. None of it is bound
    to the 9.01 s that the measure has it hear, and none of it is trained, nor kept in checkpoints.

    Args:
        every: items of a batch of which one is judged, as that takes a second for 4 s of sound on
            one core.

    Raises:
        SpeechganError: the package is not installed.
    """

    transform: Tensor

    def __init__(self, every: int = 2) -> None:
        super().__init__()
        self.every = every
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
        """`(batch, sample)` at 16 kHz, at least 0.2 s, to opinions `(batch, 3)`.

        Of SIG, BAK and OVRL, as the network gives them: about 1 to 5, before the quadratics that
        the measure puts them through.
        """
        real, imaginary = (wave.unfold(-1, FRAME, HOP) @ self.transform).chunk(2, -1)
        power = real.square() + imaginary.square()
        x = power.clamp(min=1e-12).log10()[:, None].contiguous(memory_format=torch.channels_last)
        for number in range(self.depth):
            weight, bias = (getattr(self, f"layer_{number}_{part}") for part in (0, 1))
            if number < self.convolutions:
                x = F.relu(F.conv2d(x, weight, bias, padding=1))
                x = F.max_pool2d(x, 2) if number in POOLED else x
            else:
                x = x.amax((2, 3)) if number == self.convolutions else F.relu(x)
                x = x @ weight + bias
        return x

    def shortfall(self, enhanced: Tensor, clean: Tensor) -> Tensor:
        """How much lower the opinions of enhanced waves are than of clean ones, on average.

        What is thought better than its clean reference counts as equal to it: there is nothing to
        be won by pleasing this critic more than real speech does. Its gradient is evened out among
        the items, see `even_out`.
        """
        with torch.no_grad():
            aim = self(clean[:: self.every])
        judged = enhanced[:: self.every]
        if judged.requires_grad:
            judged.register_hook(even_out)
        return (aim - self(judged)).clamp(min=0).mean()


def even_out(gradient: Tensor) -> Tensor:
    """Shortens gradients `(batch, sample)` of those items where they are longer than the median.

    Where an enhanced sound is all but silent, opinions change a hundred times as steeply as
    elsewhere; a few items would drown all others.
    """
    norm = gradient.norm(dim=-1, keepdim=True)
    felt = norm[norm > 0]
    limit = felt.median() if len(felt) else norm.new_ones(())
    return gradient * (limit / norm.clamp(min=1e-30)).clamp(max=1)
