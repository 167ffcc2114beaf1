"""Long sounds in blocks: the same result as from the whole sound, in bounded memory.

Each stage takes and gives a stream of pieces whose last axis is time and whose lengths are free,
so that stages are chained and none ever holds the whole.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from speechgan.inference.pretrained import Model

# Of CausalCRN, 2 to 16 s run equally fast on one thread, 8 s in 0.13 GB; the others, which hear
# seconds of context anew with each block, gain from longer ones.
BLOCK_SECONDS = 8.0


def enhance_blocks(
    waves: Iterable[Tensor],
    model: Model,
    channels: int,
    seed: int = 0,
    block_seconds: float = BLOCK_SECONDS,
) -> Iterator[Tensor]:
    """Noisy to enhanced, as a stream of `(channel, sample)` pieces of any lengths.

    The generator says how it is to be run: with its state handed from block to block
    (`continue_from`), or with its `context` on both sides of each block.

    Args:
        waves: at the model's sample rate, on its device.
        model: what enhances; channels are its batch.
        channels: of each piece; the more, the shorter the blocks, so that memory stays the same.
        seed: of the latent z, for generators that take one.
        block_seconds: length of a block of one channel.

    Yields:
        Pieces, together at least as long as what came in; what exceeds it is to be cut off.
    """
    features: Any = model.features
    generator: Any = model.generator
    samples = block_seconds * model.sample_rate / channels
    if generator.reads == "wave":
        yield from generate_with_context(waves, generator, int(samples), seed)
        return
    frames = max(1, round(samples / features.hop_length))
    images = analyse(regroup(waves, frames * features.hop_length), features, channels)
    if hasattr(generator, "continue_from"):
        images = generate_with_state(images, generator)
    else:
        images = generate_with_context(images, generator, frames, seed)
    yield from synthesise(images, features)


def generate_with_state(images: Iterable[Tensor], generator: Any) -> Iterator[Tensor]:
    """A causal recurrent generator, block after block: each begins where the last one ended."""
    state = None
    for image in images:
        if state is None:
            state = generator.initial_state(len(image))
        enhanced, state = generator.continue_from(image, state)
        yield enhanced


def generate_with_context(
    pieces: Iterable[Tensor], generator: Any, length: int, seed: int
) -> Iterator[Tensor]:
    """A generator with finite context, on blocks that overlap by it; the middles are kept.

    Args:
        pieces: images or waves, `(channel, ..., time)`.
        generator: with `context`, the steps in time on each side that an output depends on, and
            `multiple`, of which lengths and beginnings of blocks must be multiples.
        length: least length of a block's middle, in steps.
        seed: of the latent z.
    """
    multiple: int = generator.multiple
    context = _round_up(generator.context, multiple)
    # Shorter middles would spend more time on the context than on themselves.
    length = _round_up(max(length, 2 * context), multiple)
    buffer: Tensor | None = None
    origin = start = 0  # where the buffer, and what is still to be generated, begin
    for piece in pieces:
        buffer = piece if buffer is None else torch.cat([buffer, piece], -1)
        while origin + buffer.shape[-1] >= start + length + context:
            window = buffer[..., : start + length + context - origin]
            enhanced = _generate_window(window, generator, origin // multiple, seed)
            yield enhanced[..., start - origin : start + length - origin]
            start += length
            passed = max(0, start - context) - origin
            buffer, origin = buffer[..., passed:], origin + passed
    if buffer is not None and origin + buffer.shape[-1] > start:
        missing = -buffer.shape[-1] % multiple
        window = F.pad(buffer, (0, missing))
        yield _generate_window(window, generator, origin // multiple, seed)[..., start - origin :]


def analyse(waves: Iterable[Tensor], features: Any, channels: int) -> Iterator[Tensor]:
    """Waves `(channel, sample)` to the images of `features(the whole wave)`, piece by piece."""
    buffer = features.window.new_zeros(channels, features.overlap)
    samples = frames = 0
    for wave in waves:
        samples += wave.shape[-1]
        buffer = torch.cat([buffer, wave], -1)
        new = (buffer.shape[-1] - features.overlap) // features.hop_length
        if new > 0:
            yield features.analyse(buffer[:, : new * features.hop_length + features.overlap])
            buffer = buffer[:, new * features.hop_length :]
            frames += new
    rest = features.frames(samples) - frames
    if samples and rest:
        length = rest * features.hop_length + features.overlap
        yield features.analyse(F.pad(buffer, (0, length - buffer.shape[-1])))


def synthesise(images: Iterable[Tensor], features: Any) -> Iterator[Tensor]:
    """Images to waves: undoes `analyse`; the end may be longer than what was analysed."""
    unfinished: Tensor | None = None
    before = features.overlap  # samples of the first frames that precede the sound
    for image in images:
        wave = features.synthesise(image)
        if unfinished is not None:
            wave[:, : features.overlap] += unfinished
        finished = wave.shape[-1] - features.overlap
        unfinished = wave[:, finished:].clone()
        yield wave[:, min(before, finished) : finished]
        before = max(0, before - finished)


def regroup(pieces: Iterable[Tensor], length: int) -> Iterator[Tensor]:
    """The same stream in pieces of one length, the last one shorter."""
    pending: list[Tensor] = []
    size = 0
    for piece in pieces:
        pending.append(piece)
        size += piece.shape[-1]
        if size >= length:
            joined = torch.cat(pending, -1)
            while joined.shape[-1] >= length:
                yield joined[..., :length]
                joined = joined[..., length:]
            pending, size = [joined], joined.shape[-1]
    if size:
        yield torch.cat(pending, -1)


def draw_latent(first: int, columns: int, channels: int, seed: int) -> Tensor:
    """Standard normal z `(channels, columns)`: column `n` depends on `seed` and `n` alone."""
    drawn = [
        np.random.default_rng([seed, column]).standard_normal(channels, np.float32)
        for column in range(first, first + columns)
    ]
    return torch.from_numpy(np.stack(drawn, 1))


def _generate_window(window: Tensor, generator: Any, first: int, seed: int) -> Tensor:
    if generator.z_channels == 0:
        return generator(window)
    columns = window.shape[-1] // generator.multiple
    z = draw_latent(first, columns, generator.z_channels, seed).to(window.device)
    # One z for all channels: what is alike left and right stays alike.
    return generator(window, z.expand(len(window), -1, -1))


def _round_up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
