"""Noisy speech in, cleaner speech out: arrays, tensors, and files of any length."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
import torch
from torch import Tensor

from speechgan import audio
from speechgan.audio import Wave
from speechgan.errors import SpeechganError
from speechgan.inference.blocks import BLOCK_SECONDS, enhance_blocks
from speechgan.inference.pretrained import Model, choose_device, load_model
from speechgan.inference.samples import (
    WrittenFile,
    check_rate,
    from_float,
    limit_threads,
    to_float,
)

Sound = TypeVar("Sound", np.ndarray[Any, Any], Tensor)

READ_SECONDS = 1.0
LEVEL = 10 ** (-26 / 20)
"""RMS that generators which are not level-invariant were trained around, -26 dBFS."""


class Enhancer:
    """A model of the task `enhance`, ready to be applied.

    The result has the input's length, sample rate and channels, and is aligned with it to the
    sample. It scales with the input: a recording 30 dB softer gives the same result, 30 dB softer.
    Channels are enhanced alike and independently.

    A model hears up to half its sample rate, 8 kHz for the models that ship: of a recording with a
    wider band, what lies above is absent from the enhanced sound, and with `strength` below 1
    comes back in proportion.

    Args:
        model: of `load_model`.
        device: "auto", "cpu", "cuda" or a torch device; see `choose_device`.
        threads: of the CPU; None leaves PyTorch's own choice. One suits the models that ship: their
            frames are small, and threads that wait for a busy core make them slower.
        seed: of the latent z of generators that take one; another seed, another plausible result.
        block_seconds: of sound computed at a time; memory grows with it, the result is the same.

    Raises:
        SpeechganError: a model of another task, no such device, threads below 1.
    """

    def __init__(
        self,
        model: Model,
        device: str | torch.device = "auto",
        threads: int | None = 1,
        seed: int = 0,
        block_seconds: float = BLOCK_SECONDS,
    ) -> None:
        if model.config["task"] != "enhance":
            raise SpeechganError(
                f"{model.name}: a model for the task {model.config['task']}, not enhance; "
                "choose another"
            )
        if threads is not None and threads < 1:
            raise SpeechganError(f"threads {threads}: must be 1 or more")
        if seed < 0:
            raise SpeechganError(f"seed {seed}: must be 0 or more")
        self.model, self.threads, self.seed = model, threads, seed
        self.block_seconds = block_seconds
        self.device = choose_device(device)
        model.features.to(self.device)
        model.generator.to(self.device).eval()

    @classmethod
    def from_pretrained(
        cls,
        name: str | os.PathLike[str] = "default",
        device: str | torch.device = "auto",
        threads: int | None = 1,
        seed: int = 0,
    ) -> Self:
        """The enhancer of a shipped model's name or of a model folder; see `load_model`."""
        return cls(load_model(name, device), device, threads, seed)

    def __call__(self, wave: Sound, sample_rate: float, strength: float = 1.0) -> Sound:
        """Enhances a sound in memory.

        Args:
            wave: `(sample,)` or `(channel, sample)`; floating point with full scale at ±1, or
                16- or 32-bit integers with full scale at their range.
            sample_rate: in Hz, any.
            strength: 1 gives what the model makes of it, 0 the input bit for bit, and between
                them the weighted sum of both.

        Returns:
            The same shape, type, dtype and device.

        Raises:
            SpeechganError: an empty wave, another shape or dtype, NaN or infinity, a sample rate
                or strength out of range.
        """
        _check(sample_rate, strength)
        if isinstance(wave, Tensor):
            # NumPy has no bfloat16.
            plain = wave.float() if wave.dtype == torch.bfloat16 else wave
            enhanced = self(plain.detach().cpu().numpy(), sample_rate, strength)
            return torch.from_numpy(enhanced).to(wave.device, wave.dtype)
        if wave.ndim not in (1, 2) or wave.size == 0:
            raise SpeechganError(
                f"wave of shape {wave.shape}: must be (samples,) or (channels, samples), not empty"
            )
        if strength == 0:
            return wave.copy()
        noisy = to_float(np.atleast_2d(wave))
        audio.require_finite(noisy, sample_rate, "wave")
        pieces = self._enhance(lambda: iter([noisy]), sample_rate, len(noisy), strength)
        return from_float(np.concatenate(list(pieces), axis=1).reshape(wave.shape), wave.dtype)

    def enhance_file(
        self,
        source: str | os.PathLike[str],
        target: str | os.PathLike[str],
        strength: float = 1.0,
        progress: Callable[[float], object] | None = None,
    ) -> WrittenFile:
        """Enhances a file of any length, in blocks; memory does not grow with the length.

        Args:
            source: in any format that libsndfile reads.
            target: its extension decides the container; the subtype (16 or 24 bit, float, ...)
                stays where the container has it. Replaced if it exists, and only when complete.
            strength: as in a call.
            progress: told the seconds finished, each time some are.

        Raises:
            SpeechganError: `source` is missing, unreadable, not audio, empty, damaged or holds
                NaN; `target` cannot be written or is `source`; strength out of range.
        """
        source, target = Path(source), Path(target)
        with audio.Reader(source) as reader:
            rate = reader.sample_rate
            _check(rate, strength)
            if target.exists() and target.samefile(source):
                raise SpeechganError(f"{target}: is the input itself; choose another output")
            length = max(1, int(READ_SECONDS * rate))
            with audio.Writer(target, rate, reader.channels, reader.format) as writer:
                if strength == 0:
                    # The only dtype that holds samples of every format exactly.
                    pieces = reader.blocks(length, "float64")
                else:
                    pieces = self._enhance(
                        lambda: reader.blocks(length), rate, reader.channels, strength
                    )
                for piece in pieces:
                    writer.write(piece)
                    if progress is not None:
                        progress(piece.shape[1] / rate)
            return WrittenFile(target, reader.samples / rate, rate, reader.channels, writer.format)

    def _enhance(
        self,
        read: Callable[[], Iterator[Wave]],
        sample_rate: float,
        channels: int,
        strength: float,
    ) -> Iterator[Wave]:
        """Noisy blocks, from `read()`, to enhanced ones of the same total length."""
        scale: Wave = np.ones((channels, 1), np.float32)
        if not self.model.generator.level_invariant:
            scale = _measure_level(read(), channels) / LEVEL
        # A silent channel is divided by 1 on the way in and multiplied by 0 on the way out.
        divisor = np.where(scale > 0, scale, 1)
        noisy: deque[Wave] = deque()
        model_rate = self.model.sample_rate
        scaled = (block / divisor for block in _remember(read(), noisy))
        resampled = audio.resample_blocks(scaled, sample_rate, model_rate, channels)
        enhanced = self._generate(resampled, channels)
        restored = audio.resample_blocks(enhanced, model_rate, sample_rate, channels)
        for wet, dry in _pair(restored, noisy):
            yield strength * (wet * scale) + (1 - strength) * dry if strength != 1 else wet * scale

    def _generate(self, blocks: Iterable[Wave], channels: int) -> Iterator[Wave]:
        waves = (torch.from_numpy(np.ascontiguousarray(b)).to(self.device) for b in blocks)
        enhanced = enhance_blocks(waves, self.model, channels, self.seed, self.block_seconds)
        while True:
            # Around each step, not around the loop: settings must not leak to whoever iterates.
            with torch.inference_mode(), limit_threads(self.threads):
                piece = next(enhanced, None)
            if piece is None:
                return
            yield piece.cpu().numpy()


def _remember(blocks: Iterable[Wave], memory: deque[Wave]) -> Iterator[Wave]:
    for block in blocks:
        memory.append(block)
        yield block


def _pair(pieces: Iterable[Wave], noisy: deque[Wave]) -> Iterator[tuple[Wave, Wave]]:
    """Enhanced pieces, each with the noisy samples of the same time.

    Resampling there and back may change the length by a few samples: the noisy sound has the last
    word.
    """
    for piece in pieces:
        while piece.shape[1] and noisy:
            dry = noisy.popleft()
            length = min(piece.shape[1], dry.shape[1])
            yield piece[:, :length], dry[:, :length]
            piece = piece[:, length:]
            if length < dry.shape[1]:
                noisy.appendleft(dry[:, length:])
    for dry in noisy:
        yield np.zeros_like(dry), dry


def _measure_level(blocks: Iterable[Wave], channels: int) -> Wave:
    """RMS of each channel, `(channel, 1)`."""
    energy, samples = np.zeros((channels, 1)), 0
    for block in blocks:
        energy += np.square(block, dtype=np.float64).sum(axis=1, keepdims=True)
        samples += block.shape[1]
    return np.sqrt(energy / samples).astype(np.float32)


def _check(sample_rate: float, strength: float) -> None:
    check_rate(sample_rate)
    if not 0 <= strength <= 1:
        raise SpeechganError(f"strength {strength}: must be from 0 to 1")
