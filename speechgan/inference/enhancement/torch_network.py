"""Image generators run by PyTorch, on spectra that come in pieces."""

import copy
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from speechgan.features.stft import Stft
from speechgan.inference.enhancement.batches import answer_in_batches
from speechgan.inference.enhancement.blocks import Context
from speechgan.inference.enhancement.context_run import ContextRun
from speechgan.inference.enhancement.frames import Spectrum
from speechgan.inference.enhancement.latent import draw_for_all
from speechgan.inference.enhancement.offset import OffsetFilter
from speechgan.inference.enhancement.rounds import Array, Ask, Steps
from speechgan.inference.enhancement.spectrum_step import OffsetStep, SpectrumStep, SpectrumWindow
from speechgan.inference.enhancement.streaming import FrameNetwork, FrameRun, State
from speechgan.inference.threads import limit_threads
from speechgan.pretrained.loading import Model


class TorchNetwork(FrameNetwork):
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

    @cached_property
    def step(self) -> SpectrumStep:
        """The causal generator from spectrum to spectrum."""
        window = self.features.window.to(self.device)
        offset = OffsetStep(window, self.hop_length, self.sample_rate)
        return SpectrumStep(self.generator, offset, self.features.power).eval()

    @cached_property
    def window(self) -> SpectrumWindow:
        """The generator that hears ahead, from spectrum to spectrum."""
        return SpectrumWindow(self.generator, self.features.power).eval()

    @property
    def context(self) -> Context:
        """How the generator that hears ahead is to be fed."""
        return Context(self.generator.context, self.generator.multiple, self.block)

    def start(self, channels: int) -> FrameRun:
        """The generator at the beginning of a sound."""
        if self.causal:
            return RecurrentRun(self.step.initial_state(channels))
        window = self.features.window.cpu().numpy()
        offset = OffsetFilter(window, self.hop_length, self.sample_rate, channels)
        return ContextRun(self.context, offset, channels)

    def answer(self, asks: Sequence[Ask]) -> list[Array]:
        """Frames of several sounds, each with its own state, through the generator at once."""
        with torch.inference_mode(), limit_threads(self.threads):
            return answer_in_batches(asks, self._continue if self.causal else self._make)

    def _continue(self, spectrum: Spectrum, asks: Sequence[Ask]) -> Spectrum:
        """The next frames; the sounds' states stay on the device."""
        runs: list[RecurrentRun] = [ask.memory for ask in asks]
        before = (torch.cat(parts) for parts in zip(*(run.parts for run in runs), strict=True))
        enhanced, *after = self.step(to_parts(spectrum).to(self.device), *before)
        channels = [len(ask.given) for ask in asks]
        each = zip(*(part.split(channels) for part in after), strict=True)
        for run, parts in zip(runs, each, strict=True):
            run.parts = parts
        return to_complex(enhanced)

    def _make(self, spectrum: Spectrum, asks: Sequence[Ask]) -> Spectrum:
        """Windows of frames."""
        z = draw_for_all(self.generator, asks, self.seed)
        return to_complex(self.window(to_parts(spectrum).to(self.device), *z))


class RecurrentRun:
    """A causal generator: every frame is ready at once, and a state goes from frame to frame.

    Attributes:
        parts: of the state, each `(channel, ...)`, where the network computes.
    """

    def __init__(self, start: Mapping[str, Tensor]) -> None:
        self.names, self.parts = tuple(start), tuple(start.values())

    @property
    def state(self) -> State:
        """Its parts by name, as arrays."""
        return {n: x.cpu().numpy() for n, x in zip(self.names, self.parts, strict=True)}

    @state.setter
    def state(self, state: State) -> None:
        device = self.parts[0].device
        self.parts = tuple(torch.from_numpy(state[name]).to(device) for name in self.names)

    def push(self, spectrum: Spectrum, ends: bool) -> Steps[Spectrum]:
        """Frames are asked for as they come."""
        return (yield Ask(spectrum, memory=self, ends=ends))


def to_parts(spectrum: Spectrum) -> Tensor:
    """`(channel, frame, bin)` to real and imaginary parts, `(channel, 2, bin, frame)`."""
    return torch.view_as_real(torch.from_numpy(spectrum)).permute(0, 3, 2, 1)


def to_complex(parts: Tensor) -> Spectrum:
    """The inverse."""
    pairs = parts.permute(0, 3, 2, 1).contiguous().cpu().numpy()
    return pairs.view(np.complex64)[..., 0]
