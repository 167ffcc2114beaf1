"""Image generators run by PyTorch, on spectra that come in pieces."""

import copy
from typing import Any

import numpy as np
import torch
from torch import Tensor

from speechgan.features.stft import Stft
from speechgan.inference.enhancement.blocks import Context
from speechgan.inference.enhancement.context_run import ContextRun
from speechgan.inference.enhancement.frames import Spectrum
from speechgan.inference.enhancement.latent import draw_z
from speechgan.inference.enhancement.offset import OffsetFilter
from speechgan.inference.enhancement.spectrum_step import OffsetStep, SpectrumStep, SpectrumWindow
from speechgan.inference.enhancement.streaming import FrameRun, State, Stream
from speechgan.inference.threads import limit_threads
from speechgan.pretrained.loading import Model


class TorchNetwork:
    """A model's generator of images as a `FrameNetwork`.

    Args:
        model: its generator reads images.
        device: where to compute; the model is there already.
        threads: of the CPU; None leaves PyTorch's own choice.
        seed: of the latent z of generators that take one.
        block_seconds: that a generator with context is given at least at a time.
    """

    def __init__(
        self,
        model: Model,
        device: torch.device,
        threads: int | None = 1,
        seed: int = 0,
        block_seconds: float = 8.0,
    ) -> None:
        assert isinstance(model.features, Stft)
        self.features = model.features
        self.sample_rate, self.device, self.threads = model.sample_rate, device, threads
        self.n_fft, self.hop_length = self.features.n_fft, self.features.hop_length
        self.generator: Any = model.generator
        if hasattr(self.generator, "fuse"):
            # The model itself can be trained further.
            self.generator = copy.deepcopy(self.generator)
            self.generator.fuse()
        self.level_invariant: bool = self.generator.level_invariant
        self.causal = self.generator.causal
        self.seed = seed
        self.block = round(block_seconds * self.sample_rate / self.hop_length)

    def open(self, rate: float, channels: int, strength: float, linked: bool) -> Stream:
        """The beginning of a sound."""
        return Stream(self, rate, channels, strength, linked)

    def make_step(self) -> SpectrumStep:
        """The causal generator from spectrum to spectrum."""
        window = self.features.window.to(self.device)
        offset = OffsetStep(window, self.hop_length, self.sample_rate)
        return SpectrumStep(self.generator, offset, self.features.power).eval()

    def make_window(self) -> SpectrumWindow:
        """The generator that hears ahead, from spectrum to spectrum."""
        return SpectrumWindow(self.generator, self.features.power).eval()

    @property
    def context(self) -> Context:
        """How the generator that hears ahead is to be fed."""
        return Context(self.generator.context, self.generator.multiple, self.block)

    def start(self, channels: int) -> FrameRun:
        """The generator at the beginning of a sound."""
        if self.causal:
            return RecurrentRun(self, channels)
        window = self.features.window.cpu().numpy()
        offset = OffsetFilter(window, self.hop_length, self.sample_rate, channels)
        return ContextRun(self._generate, self.context, offset, channels)

    def _generate(self, spectrum: Spectrum, first: int) -> Spectrum:
        """A window of frames."""
        z = draw_z(self.generator, first, spectrum.shape[:2], self.seed)
        with torch.inference_mode(), limit_threads(self.threads):
            return to_complex(self.make_window()(to_parts(spectrum).to(self.device), *z))


class RecurrentRun:
    """A causal generator: every frame is ready at once, and a state goes from frame to frame."""

    def __init__(self, network: TorchNetwork, channels: int) -> None:
        self.network, self.channels = network, channels
        self.step = network.make_step()
        start = self.step.initial_state(channels)
        self.state: State = {name: part.cpu().numpy() for name, part in start.items()}

    def __call__(self, spectrum: Spectrum) -> Spectrum:
        device = self.network.device
        state = (torch.from_numpy(part).to(device) for part in self.state.values())
        with torch.inference_mode(), limit_threads(self.network.threads):
            enhanced, *after = self.step(to_parts(spectrum).to(device), *state)
        self.state = {n: x.cpu().numpy() for n, x in zip(self.state, after, strict=True)}
        return to_complex(enhanced)

    def finish(self) -> Spectrum:
        """Nothing is still to come."""
        return np.zeros((self.channels, 0, 1), np.complex64)


def to_parts(spectrum: Spectrum) -> Tensor:
    """`(channel, frame, bin)` to real and imaginary parts, `(channel, 2, bin, frame)`."""
    return torch.view_as_real(torch.from_numpy(spectrum)).permute(0, 3, 2, 1)


def to_complex(parts: Tensor) -> Spectrum:
    """The inverse."""
    pairs = parts.permute(0, 3, 2, 1).contiguous().cpu().numpy()
    return pairs.view(np.complex64)[..., 0]
