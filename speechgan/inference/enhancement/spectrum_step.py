"""Generators of images from spectrum to spectrum, as they run and as they are exported."""

from typing import Any

import torch
from torch import Tensor, nn

from speechgan.features.stft import rescale
from speechgan.inference.enhancement.offset import FIRST_WEIGHT, OFFSET_SECONDS, frames_of_one
from speechgan.models.layers.level import running_mean


class OffsetStep(nn.Module):
    """`speechgan.inference.enhancement.offset.OffsetFilter` with its state as a tensor.

    Args:
        window: of the frames.
        hop_length: step between them, in samples.
        sample_rate: in Hz.
    """

    def __init__(self, window: Tensor, hop_length: int, sample_rate: float) -> None:
        super().__init__()
        self.decay = 1 - hop_length / sample_rate / OFFSET_SECONDS
        frames = torch.from_numpy(frames_of_one(window.cpu().numpy(), hop_length)).to(window)
        constants = torch.view_as_real(torch.fft.rfft(frames)).mT
        self.register_buffer("constants", constants, persistent=False)
        self.constants: Tensor
        # The state's sum of weights after each of the first frames tells how many there were.
        sums = [FIRST_WEIGHT]
        while len(sums) < len(frames) - 1:
            sums.append(self.decay * sums[-1] + 1)
        least = torch.tensor(sums, device=window.device) * 0.999
        self.register_buffer("least", least, persistent=False)
        self.least: Tensor

    def initial_state(self, channels: int) -> Tensor:
        """The state before the first frame, `(channel, 2)`."""
        return self.constants.new_zeros(channels, 2)

    def forward(self, spectrum: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """`(channel, 2, bin, frame)` and the state, to the same."""
        heard = (state[:, 1:] >= self.least).sum(1, keepdim=True)
        number = heard + torch.arange(spectrum.shape[3], device=spectrum.device)
        weights = torch.where(number == 0, FIRST_WEIGHT, 1.0)
        constant = self.constants[number.clamp(max=len(self.constants) - 1)].permute(0, 2, 3, 1)
        offset = spectrum[:, 0, 0] / constant[:, 0, 0]
        offset, state = running_mean(offset, weights, state, self.decay)
        return spectrum - offset[:, None, None] * constant, state


class SpectrumStep(nn.Module):
    """A recurrent generator, for some frames and its state.

    Args:
        generator: with `continue_from` and a state of tensors by name.
        offset: what comes before it.
        power: of the image's magnitudes.
    """

    def __init__(self, generator: Any, offset: OffsetStep, power: float) -> None:
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


class SpectrumWindow(nn.Module):
    """A generator that hears ahead, for a window of frames.

    Args:
        generator: of images, without z or with.
        power: of the image's magnitudes.
    """

    def __init__(self, generator: nn.Module, power: float) -> None:
        super().__init__()
        self.generator, self.power = generator, power

    def forward(self, spectrum: Tensor, *z: Tensor) -> Tensor:
        """`(channel, 2, bin, frame)` to the same."""
        return rescale(self.generator(rescale(spectrum, self.power), *z), 1 / self.power)
