"""Image generators run by PyTorch, on spectra that come in pieces."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from speechgan.features.stft import Stft, rescale
from speechgan.inference.enhancement.blocks import ContextBlocks
from speechgan.inference.enhancement.frames import Spectrum
from speechgan.inference.enhancement.streaming import FrameRun, State, Stream
from speechgan.inference.threads import limit_threads
from speechgan.models.layers.level import running_mean
from speechgan.pretrained.loading import Model

OFFSET_SECONDS = 2.0


class OffsetFilter(nn.Module):
    """Takes off a direct current, which recorders add and no generator was trained on.

    It is the mean of the last two seconds, the same for all samples of a frame, so that no edges
    come into being.

    Args:
        window: of the frames.
        frame_seconds: step between them.
    """

    def __init__(self, window: Tensor, frame_seconds: float) -> None:
        super().__init__()
        self.decay = 1 - frame_seconds / OFFSET_SECONDS
        constant = torch.view_as_real(torch.fft.rfft(window)).T
        self.register_buffer("constant", constant[..., None], persistent=False)
        self.constant: Tensor

    def initial_state(self, channels: int) -> Tensor:
        """The state before the first frame, `(channel, 2)`."""
        return self.constant.new_zeros(channels, 2)

    def forward(self, spectrum: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """`(channel, 2, bin, frame)` and the state, to the same."""
        offset = spectrum[:, 0, 0] / self.constant[0, 0]
        # The first frame lies half before the sound, and would tell half of the truth.
        weights = torch.where(state[:, 1:] == 0, 1e-3, 1.0)
        if offset.shape[1] > 1:
            weights = torch.cat([weights, torch.ones_like(offset[:, 1:])], 1)
        offset, state = running_mean(offset, weights, state, self.decay)
        return spectrum - offset[:, None, None] * self.constant, state


class SpectrumStep(nn.Module):
    """A recurrent generator from spectrum to spectrum, for some frames and its state.

    Args:
        generator: with `continue_from` and a state of tensors by name.
        offset: what comes before it.
        power: of the image's magnitudes.
    """

    def __init__(self, generator: Any, offset: OffsetFilter, power: float) -> None:
        super().__init__()
        self.generator, self.offset, self.power = generator, offset, power
        self.names = tuple(generator.initial_state(1))

    def initial_state(self, channels: int) -> dict[str, Tensor]:
        """The state before the first frame, by names: each part `(channel, ...)`."""
        offset = self.offset.initial_state(channels)
        return {"offset": offset, **self.generator.initial_state(channels)}

    def forward(self, spectrum: Tensor, offset: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        """`(channel, 2, bin, frame)` and the parts of the state, to the same."""
        spectrum, offset = self.offset(spectrum, offset)
        named = dict(zip(self.names, state, strict=True))
        enhanced, after = self.generator.continue_from(rescale(spectrum, self.power), named)
        return rescale(enhanced, 1 / self.power), offset, *(after[name] for name in self.names)


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
        features = model.features
        self.sample_rate, self.device, self.threads = model.sample_rate, device, threads
        self.n_fft, self.hop_length = features.n_fft, features.hop_length
        self.power = features.power
        frame_seconds = self.hop_length / self.sample_rate
        self.offset = OffsetFilter(features.window.to(device), frame_seconds)
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
        return SpectrumStep(self.generator, self.offset, self.power).eval()

    def start(self, channels: int) -> FrameRun:
        """The generator at the beginning of a sound."""
        return RecurrentRun(self, channels) if self.causal else ContextRun(self, channels)


class RecurrentRun:
    """A causal generator: every frame is ready at once, and a state goes from frame to frame."""

    def __init__(self, network: TorchNetwork, channels: int) -> None:
        self.network = network
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
        return np.zeros((len(self.state["level"]), 0, 1), np.complex64)


class ContextRun:
    """A generator that hears ahead: frames come late, in blocks."""

    def __init__(self, network: TorchNetwork, channels: int) -> None:
        self.network = network
        self.blocks = ContextBlocks(network.generator, network.block // channels, network.seed)
        self.state: State = {}
        self.offset = network.offset.initial_state(channels)

    def __call__(self, spectrum: Spectrum) -> Spectrum:
        parts = to_parts(spectrum).to(self.network.device)
        parts, self.offset = self.network.offset(parts, self.offset)
        image = rescale(parts, self.network.power)
        return self._expand(lambda: self.blocks(image))

    def finish(self) -> Spectrum:
        return self._expand(self.blocks.finish)

    def _expand(self, generate: Callable[[], Tensor]) -> Spectrum:
        with torch.inference_mode(), limit_threads(self.network.threads):
            return to_complex(rescale(generate(), 1 / self.network.power))


def to_parts(spectrum: Spectrum) -> Tensor:
    """`(channel, frame, bin)` to real and imaginary parts, `(channel, 2, bin, frame)`."""
    return torch.view_as_real(torch.from_numpy(spectrum)).permute(0, 3, 2, 1)


def to_complex(parts: Tensor) -> Spectrum:
    """The inverse."""
    pairs = parts.permute(0, 3, 2, 1).contiguous().cpu().numpy()
    return pairs.view(np.complex64)[..., 0]
