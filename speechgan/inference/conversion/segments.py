"""Processing of long sounds in segments, cut at quiet places and cross-faded."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from speechgan.audio import Wave

# Context on both sides of a segment, against boundary effects.
CONTEXT_SECONDS = 0.25
# A segment is cut at the quietest place within this time before its greatest length.
SEARCH_SECONDS = 3.0
FADE_SECONDS = 0.01


def convert_segments(
    blocks: Iterable[Wave],
    sample_rate: int,
    longest: float,
    convert: Callable[[Wave], Wave],
) -> Iterator[Wave]:
    """Applies a function of whole sounds to a stream, segment by segment.

    Neighbours overlap by context and are cross-faded in the middle of it. A sound that fits into
    one segment is converted as a whole.

    Args:
        blocks: `(channel, sample)` pieces of any lengths.
        sample_rate: in hertz.
        longest: greatest length of a segment in seconds, without its context.
        convert: `(channel, sample)` to the same shape.

    Yields:
        Pieces of the same total length.
    """
    lengths = (longest, min(SEARCH_SECONDS, longest / 2), CONTEXT_SECONDS, FADE_SECONDS)
    most, search, context, fade = (int(seconds * sample_rate) for seconds in lengths)
    buffer: Wave | None = None
    before = 0  # samples of the buffer that are context of the next segment
    tail: Wave | None = None  # of the previous segment, for the cross-fade
    for block in blocks:
        buffer = block if buffer is None else np.concatenate([buffer, block], 1)
        while buffer.shape[1] >= before + most + context:
            cut = find_quiet(buffer, before + most - search, before + most, fade)
            made = convert(buffer[:, : cut + context])
            yield _join(tail, made[:, before - fade if before else 0 : cut - fade], fade)
            tail = made[:, cut - fade : cut + fade]
            buffer, before = buffer[:, cut - context :], context
    if buffer is not None and buffer.shape[1]:
        made = convert(buffer)
        yield _join(tail, made[:, before - fade if before else 0 :], fade)


def find_quiet(wave: Wave, start: int, stop: int, width: int) -> int:
    """The centre of the quietest `width` samples of `(channel, sample)` in a range."""
    power = np.square(wave[:, start:stop], dtype=np.float64).sum(0)
    energy = np.convolve(power, np.ones(max(1, width)), mode="same")
    return start + int(energy.argmin())


def survey(blocks: Iterable[Wave], most: int, channels: int) -> tuple[Wave, Wave, int]:
    """Blocks evenly spread over a stream, in one pass and bounded memory.

    Blocks are kept until there are too many samples; then every second of them is dropped, and only
    every second of the following is kept, and so on.

    Args:
        blocks: `(channel, sample)`.
        most: approximate number of samples to keep.
        channels: of the blocks, of which there may be none.

    Returns:
        The kept blocks, concatenated, the root mean square of each channel over the whole stream,
        `(channel, 1)`, and its number of samples.
    """
    kept: list[Wave] = []
    stride, samples = 1, 0
    energy = np.zeros((channels, 1))
    for number, block in enumerate(blocks):
        energy = energy + np.square(block, dtype=np.float64).sum(1, keepdims=True)
        samples += block.shape[1]
        if number % stride == 0:
            kept.append(block)
        if sum(b.shape[1] for b in kept) > most and len(kept) > 1:
            kept, stride = kept[::2], 2 * stride
    level = np.sqrt(energy / max(1, samples))
    nothing = np.zeros((channels, 0), np.float32)
    return np.concatenate([nothing, *kept], 1), level.astype(np.float32), samples


def _join(tail: Wave | None, made: Wave, fade: int) -> Wave:
    """Cross-fades from the previous segment's tail to the next segment, over `2 * fade` samples."""
    if tail is None:
        return made
    length = min(2 * fade, made.shape[1], tail.shape[1])
    rise = np.linspace(0, 1, length, dtype=np.float32)
    joined = made.copy()
    joined[:, :length] = (1 - rise) * tail[:, :length] + rise * made[:, :length]
    return joined
