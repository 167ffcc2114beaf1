"""A sound in memory, or in a file, through a network: what it asks, block after block."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from speechgan import audio
from speechgan.audio import Wave
from speechgan.inference.enhancement.mending import Read, unclip
from speechgan.inference.enhancement.network import Network, SoundRun
from speechgan.inference.enhancement.rounds import Steps
from speechgan.inference.enhancement.shifts import ShiftedSound
from speechgan.inference.samples import Sound, check_rate, open_wave
from speechgan.inference.sound_files import FilePair, WrittenFile, block_length, split_wave


@dataclass(frozen=True)
class Wish:
    """What is to be made of sounds.

    Attributes:
        strength: share of the enhanced sound, from 0 to 1; the rest is the input.
        linked: whether all channels share one mask.
        together: whether several sounds are answered at once, for which all read as much at a time.
        shifts: how often each sound is enhanced, as `ShiftedSound` does it.
        declip: whether clipped peaks are made anew before.
    """

    strength: float = 1.0
    linked: bool = True
    together: bool = False
    shifts: int = 1
    declip: bool = False

    def begin(self, network: Network, rate: float, channels: int) -> SoundRun:
        """The beginning of a sound."""
        runs = [
            network.open(rate, channels, self.strength, self.linked) for _ in range(self.shifts)
        ]
        return runs[0] if self.shifts == 1 else ShiftedSound(runs, network.period(rate), channels)

    def block_length(self, network: Network, rate: float, channels: int) -> int:
        """Samples of a sound to read at a time."""
        return network.round_length(rate) if self.together else block_length(rate, channels)


def enhance_blocks(
    network: Network,
    read: Read,
    write: Callable[[Wave], object],
    rate: float,
    channels: int,
    wish: Wish,
) -> Steps[None]:
    """Noisy blocks, from `read()`, to enhanced ones of the same total length, for `write`.

    Args:
        network: what enhances.
        read: begins the sound anew; blocks `(channel, sample)` float32.
        write: takes what is ready, piece by piece.
        rate: in Hz.
        channels: of the blocks.
        wish: what is to be made of them.
    """
    if wish.declip:
        read = unclip(read, rate)
    scale: Wave = np.ones((channels, 1), np.float32)
    if not network.level_invariant:
        scale = _measure_level(read(), channels) / audio.REFERENCE_LEVEL
    # A silent channel is divided by 1 on the way in and multiplied by 0 on the way out.
    divisor = np.where(scale > 0, scale, 1)
    run = wish.begin(network, rate, channels)
    for block, ends in _mark_last(read()):
        ready = yield from run.push(block / divisor, ends)
        write(ready * scale)


def enhance_wave(network: Network, wave: Sound, rate: float, wish: Wish) -> Steps[Sound]:
    """A sound in memory, as `Enhancer` takes it.

    Raises:
        SpeechganError: an empty wave, another shape or dtype, NaN or infinity, a sample rate that
            is none.
    """
    rate = check_rate(rate)
    noisy, close = open_wave(wave, rate)
    if wish.strength == 0:
        return wave.copy() if isinstance(wave, np.ndarray) else wave.clone()
    length = wish.block_length(network, rate, len(noisy))
    pieces: list[Wave] = []

    def read() -> Iterator[Wave]:
        return split_wave(noisy, length)

    yield from enhance_blocks(network, read, pieces.append, rate, len(noisy), wish)
    return close(np.concatenate(pieces, axis=1))


def enhance_file(network: Network, pair: FilePair, wish: Wish) -> Steps[WrittenFile]:
    """A file of any length to another.

    Raises:
        SpeechganError: as `FilePair`.
    """
    with pair as (reader, write):
        rate, channels = reader.sample_rate, reader.channels
        length = wish.block_length(network, rate, channels)
        if wish.strength == 0:
            # The only dtype that holds samples of every format exactly.
            for block in reader.blocks(length, "float64"):
                write(block)
        else:

            def read() -> Iterator[Wave]:
                return reader.blocks(length)

            yield from enhance_blocks(network, read, write, rate, channels, wish)
    return pair.written


def _mark_last(blocks: Iterator[Wave]) -> Iterator[tuple[Wave, bool]]:
    """Each with whether it is the last, for which one is read ahead."""
    before = next(blocks)
    for block in blocks:
        yield before, False
        before = block
    yield before, True


def _measure_level(blocks: Iterator[Wave], channels: int) -> Wave:
    """RMS of each channel, `(channel, 1)`."""
    energy, samples = np.zeros((channels, 1)), 0
    for block in blocks:
        energy += np.square(block, dtype=np.float64).sum(axis=1, keepdims=True)
        samples += block.shape[1]
    return np.sqrt(energy / samples).astype(np.float32)
