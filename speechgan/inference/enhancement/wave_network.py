"""Generators that read and write waves, on sounds of any sample rate."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from speechgan.audio import Resampler, Wave
from speechgan.inference.enhancement.batches import answer_in_batches
from speechgan.inference.enhancement.blocks import Context, ContextBlocks
from speechgan.inference.enhancement.latent import draw_for_all
from speechgan.inference.enhancement.rounds import Array, Ask, Steps
from speechgan.inference.threads import limit_threads
from speechgan.pretrained.loading import Model


class WaveNetwork:
    """A model whose generator reads waves, such as SEGAN.

    It hears up to half its sample rate: of a recording with a wider band, what lies above is
    absent from the enhanced sound. Each channel is enhanced on its own.

    Args: as for `speechgan.inference.enhancement.torch_network.TorchNetwork`.
    """

    causal = False

    def __init__(
        self,
        model: Model,
        device: torch.device,
        threads: int | None = 1,
        seed: int = 0,
        block_seconds: float = 8.0,
    ) -> None:
        self.sample_rate, self.device, self.threads = model.sample_rate, device, threads
        self.generator: Any = model.generator
        self.level_invariant = bool(self.generator.level_invariant)
        self.seed = seed
        self.block = block_seconds * model.sample_rate

    def context(self, channels: int) -> Context:
        """How the generator is to be fed."""
        generator = self.generator
        return Context(generator.context, generator.multiple, int(self.block / channels))

    def answer(self, asks: Sequence[Ask]) -> list[Array]:
        """Windows of several sounds through the generator at once."""
        with torch.inference_mode(), limit_threads(self.threads):
            return answer_in_batches(asks, self._make)

    def _make(self, wave: Wave, asks: Sequence[Ask]) -> Wave:
        window = torch.from_numpy(np.ascontiguousarray(wave)).to(self.device)
        z = draw_for_all(self.generator, asks, self.seed)
        made: Wave = self.generator(window, *z).cpu().numpy()
        return made

    def round_length(self, rate: float) -> int:
        """A second; what is asked for does not depend on it."""
        return max(1, round(rate))

    def period(self, rate: float) -> int:
        """Of the samples that the generator's deepest layer sees as one."""
        return max(1, round(self.generator.multiple * rate / self.sample_rate))

    def open(self, rate: float, channels: int, strength: float, linked: bool) -> "WaveStream":
        """The beginning of a sound; `linked` changes nothing here."""
        return WaveStream(self, rate, channels, strength)


class WaveStream:
    """One sound through a generator of waves: resampled, in blocks, and resampled back."""

    def __init__(self, network: WaveNetwork, rate: float, channels: int, strength: float) -> None:
        self.network, self.channels, self.strength = network, channels, np.float32(strength)
        self.blocks = ContextBlocks(network.context(channels))
        self.down = Resampler(rate, network.sample_rate, channels)
        self.up = Resampler(network.sample_rate, rate, channels)
        self.dry = np.zeros((channels, 0), np.float32)

    def push(self, wave: Wave, ends: bool) -> Steps[Wave]:
        """`(channel, sample)` float32 to the samples that are ready; at the end, all."""
        self.dry = np.concatenate([self.dry, wave], axis=1)
        wet = self.up((yield from self.blocks.push(self.down(wave))))
        if not ends:
            return self._mix(wet)
        last = [(yield from self.blocks.push(self.down.finish()))]
        last.append((yield from self.blocks.finish()))
        wet = np.concatenate([wet, *map(self.up, last), self.up.finish()], axis=1)
        # Resampling there and back may end a few samples early: the noisy sound has the last word.
        missing = self.dry.shape[1] - wet.shape[1]
        return self._mix(np.pad(wet, ((0, 0), (0, max(0, missing)))))

    def _mix(self, wet: Wave) -> Wave:
        wet = wet[:, : self.dry.shape[1]]
        dry, self.dry = np.split(self.dry, [wet.shape[1]], axis=1)
        return wet if self.strength == 1 else self.strength * wet + (1 - self.strength) * dry
