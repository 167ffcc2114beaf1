"""Damaged speech in, speech with what it had lost out: arrays, tensors, and files of any length."""

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Self

import numpy as np

from speechgan import audio
from speechgan.audio import Wave
from speechgan.audio.gaps import LONGEST, fill_gaps
from speechgan.audio.resampling import resample_blocks
from speechgan.inference.enhancement.blocks import Context, ContextBlocks
from speechgan.inference.enhancement.enhancer import Enhancer
from speechgan.inference.samples import Sound, process_wave
from speechgan.inference.sound_files import (
    Progress,
    WrittenFile,
    block_length,
    process_file,
    split_wave,
)
from speechgan.inference.strength import choose_strength

if TYPE_CHECKING:
    import torch


class Restorer:
    """Gives speech back what a telephone, a codec, lost packets, clipping, rooms or noise took.

    Gaps of up to 150 ms are first filled by what linear prediction makes of their sides; then the
    network restores whatever it finds, which nobody has to tell it, in each channel by itself. A
    sound of a lower sample rate than the model's comes out at the model's: the telephone's 8 kHz at
    16. Any other comes out at its own, aligned to the sample.

    Args:
        enhancer: of a model that restores.
    """

    def __init__(self, enhancer: Enhancer) -> None:
        self.enhancer = enhancer

    @classmethod
    def from_pretrained(
        cls,
        name: str | os.PathLike[str] = "restore",
        device: "str | torch.device" = "auto",
        *,
        threads: int | None = 1,
        engine: str = "auto",
    ) -> Self:
        """Of a shipped model's name or of a model folder; see `Enhancer.from_pretrained`."""
        return cls(Enhancer.from_pretrained(name, device, threads=threads, engine=engine))

    def output_rate(self, sample_rate: float) -> float:
        """Of what a sound of a rate in Hz becomes."""
        return max(sample_rate, self.enhancer.network.sample_rate)

    def __call__(self, wave: Sound, sample_rate: float, *, strength: float = 1.0) -> Sound:
        """Restores a sound in memory.

        Args:
            wave: `(sample,)` or `(channel, sample)`; floating point with full scale at ±1, or
                16- or 32-bit integers with full scale at their range.
            sample_rate: in Hz, any.
            strength: 1 gives what the model makes of it, 0 the input with its gaps filled, and
                between them the weighted sum of both.

        Returns:
            The same type, dtype and device, at `output_rate(sample_rate)`.

        Raises:
            SpeechganError: an empty wave, another shape or dtype, NaN or infinity, a sample rate or
                strength out of range.
        """
        strength = choose_strength(strength, None)

        def work(damaged: Wave) -> Iterator[Wave]:
            def read() -> Iterator[Wave]:
                return split_wave(damaged, sample_rate)

            return self._restore(read, sample_rate, len(damaged), strength)

        return process_wave(wave, sample_rate, work)

    def restore_file(
        self,
        source: str | os.PathLike[str],
        target: str | os.PathLike[str],
        *,
        strength: float = 1.0,
        progress: Progress | None = None,
    ) -> WrittenFile:
        """Restores a file of any length, in blocks; memory does not grow with the length.

        Args:
            source, target, progress: see `speechgan.inference.sound_files.process_file`.
            strength: as in a call.

        Raises:
            SpeechganError: as `process_file`; or a strength out of range.
        """
        strength = choose_strength(strength, None)

        def work(reader: audio.Reader) -> Iterator[Wave]:
            rate, channels = reader.sample_rate, reader.channels
            length = block_length(rate, channels)
            return self._restore(lambda: reader.blocks(length), rate, channels, strength)

        return process_file(source, target, work, progress, self.output_rate)

    def _restore(
        self, read: Callable[[], Iterator[Wave]], rate: float, channels: int, strength: float
    ) -> Iterator[Wave]:
        """Damaged blocks, from `read()`, to restored ones, at the rate of what is made."""
        made = self.output_rate(rate)

        def prepare() -> Iterator[Wave]:
            return fill_blocks(resample_blocks(read(), rate, made, channels), made)

        return self.enhancer.enhance_blocks(prepare, made, channels, strength, linked=False)


def fill_blocks(blocks: Iterator[Wave], sample_rate: float) -> Iterator[Wave]:
    """The gaps filled of a sound that comes in blocks `(channel, sample)`, of any lengths."""
    grid = round(LONGEST * sample_rate)

    def fill(window: Wave, first: int) -> Wave:
        return np.stack([fill_gaps(channel, sample_rate) for channel in window])

    filled = ContextBlocks(fill, Context(4 * grid, grid, 20 * grid))
    for block in blocks:
        yield filled(block)
    yield filled.finish()
