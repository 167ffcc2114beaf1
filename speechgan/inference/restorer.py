"""Restoration of damaged speech in arrays, tensors, and files of any length."""

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Self

import numpy as np

from speechgan.audio import Wave
from speechgan.inference.enhancement.enhancer import Enhancer
from speechgan.inference.enhancement.mending import Read, mend
from speechgan.inference.enhancement.rounds import Steps, run_alone
from speechgan.inference.enhancement.sound_steps import Wish, enhance_blocks
from speechgan.inference.samples import Sound, check_rate, open_wave
from speechgan.inference.sound_files import (
    FilePair,
    Progress,
    WrittenFile,
    block_length,
    split_wave,
)
from speechgan.inference.strength import choose_strength

if TYPE_CHECKING:
    import torch


class Restorer:
    """Restores speech that was damaged by a telephone, codec, packet loss, clipping, room or noise.

    First, clipped peaks are reconstructed, such that spectra are sparse, and gaps of up to 150 ms
    filled by linear prediction from both sides. Then the network restores each channel separately;
    the kinds of damage need not be known. If declipped peaks would exceed full scale, the sound is
    attenuated so that the highest fits. A sound of a lower sample rate than the model's is returned
    at the model's: a telephone's 8 kHz at 16 kHz. Any other is returned at its own rate, aligned to
    the sample.

    Args:
        enhancer: of a model for restoration.
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
        """The restorer of a shipped model or of a folder; see `Enhancer.from_pretrained`."""
        return cls(Enhancer.from_pretrained(name, device, threads=threads, engine=engine))

    def output_rate(self, sample_rate: float) -> float:
        """The sample rate of the result, for that of the input, in Hz."""
        return max(sample_rate, self.enhancer.network.sample_rate)

    def __call__(self, wave: Sound, sample_rate: float, *, strength: float = 1.0) -> Sound:
        """Restores a sound in memory.

        Args:
            wave: `(sample,)` or `(channel, sample)`; floating point with full scale at ±1, or
                16- or 32-bit integers with full scale at their range.
            sample_rate: in Hz, any.
            strength: 1 gives the model's output, 0 the input with clipped peaks and gaps repaired,
                and values between them the weighted sum of both.

        Returns:
            The same type, dtype and device, at `output_rate(sample_rate)`.

        Raises:
            SpeechganError: an empty wave, another shape or dtype, NaN or infinity, a sample rate or
                strength out of range.
        """
        sample_rate = check_rate(sample_rate)
        rows, close = open_wave(wave, sample_rate)
        length = block_length(sample_rate, len(rows))
        pieces: list[Wave] = []

        def read() -> Iterator[Wave]:
            return split_wave(rows, length)

        wish = self._wish(strength)
        run_alone(
            self._restore(read, pieces.append, sample_rate, len(rows), wish),
            self.enhancer.network.answer,
        )
        return close(np.concatenate(pieces, axis=1))

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
            source, target, progress: see `speechgan.inference.sound_files.FilePair`.
            strength: as in a call.

        Raises:
            SpeechganError: as `FilePair`; or a strength out of range.
        """
        wish = self._wish(strength)
        pair = FilePair(source, target, progress, self.output_rate)
        return run_alone(self._restore_file(pair, wish), self.enhancer.network.answer)

    def _restore_file(self, pair: FilePair, wish: Wish) -> Steps[WrittenFile]:
        with pair as (reader, write):
            rate, channels = reader.sample_rate, reader.channels
            length = block_length(rate, channels)

            def read() -> Iterator[Wave]:
                return reader.blocks(length)

            yield from self._restore(read, write, rate, channels, wish)
        return pair.written

    def _restore(
        self,
        read: Read,
        write: Callable[[Wave], object],
        rate: float,
        channels: int,
        wish: Wish,
    ) -> Steps[None]:
        """Restores the damaged blocks of `read()`, and writes them at the output's rate."""
        made = self.output_rate(rate)
        mended = mend(read, rate, made, channels)
        yield from enhance_blocks(self.enhancer.network, mended, write, made, channels, wish)

    def _wish(self, strength: float) -> Wish:
        chosen = choose_strength(strength, None)
        return Wish(chosen, linked=False, shifts=self.enhancer.shifts)
