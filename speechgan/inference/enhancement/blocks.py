"""Generators that hear ahead, on long sounds, in blocks that overlap; NumPy alone."""

from dataclasses import dataclass

import numpy as np

from speechgan.inference.enhancement.rounds import Array, Ask, Steps


@dataclass(frozen=True)
class Context:
    """How a generator that hears ahead is to be fed.

    Attributes:
        steps: in time on each side that an output depends on.
        multiple: of which lengths and beginnings of windows must be multiples.
        block: least length of a window's middle, which is kept, in steps; four times the context
            where that is longer.
    """

    steps: int
    multiple: int
    block: int


class ContextBlocks:
    """A generator with context, on a stream of pieces; of each window the middle is kept.

    Args:
        context: how the generator is to be fed.
        axis: of time in the pieces, whose first axis is the channel.
    """

    def __init__(self, context: Context, axis: int = -1) -> None:
        self.axis, self.multiple = axis, context.multiple
        self.context = _round_up(context.steps, self.multiple)
        # Shorter middles would spend more than a third of the time on the context.
        self.length = _round_up(max(context.block, 4 * self.context), self.multiple)
        self._buffer: Array | None = None
        self._origin = self._start = 0  # where the buffer, and what is still to come, begin

    def push(self, piece: Array) -> Steps[Array]:
        """The next steps of the sound to the steps that are ready, perhaps none."""
        buffer = piece
        if self._buffer is not None:
            buffer = np.concatenate([self._buffer, piece], self.axis)
        ready = [self._cut(piece, 0, 0)]
        while self._origin + buffer.shape[self.axis] >= self._start + self.length + self.context:
            reach = self._start + self.length + self.context - self._origin
            made = yield Ask(self._cut(buffer, 0, reach), self._origin)
            begin = self._start - self._origin
            ready.append(self._cut(made, begin, begin + self.length))
            self._start += self.length
            passed = max(0, self._start - self.context) - self._origin
            buffer = self._cut(buffer, passed, None)
            self._origin += passed
        self._buffer = buffer
        return np.concatenate(ready, self.axis)

    def finish(self) -> Steps[Array]:
        """The steps that were still to come.

        Raises:
            ValueError: nothing was heard.
        """
        if self._buffer is None:
            raise ValueError("nothing was heard")
        begin, steps = self._start - self._origin, self._buffer.shape[self.axis]
        if begin >= steps:
            return self._cut(self._buffer, 0, 0)
        padding = [(0, 0)] * self._buffer.ndim
        padding[self.axis] = (0, -steps % self.multiple)
        made = yield Ask(np.pad(self._buffer, padding), self._origin, ends=True)
        return self._cut(made, begin, steps)

    def _cut(self, array: Array, start: int, stop: int | None) -> Array:
        part = [slice(None)] * array.ndim
        part[self.axis] = slice(start, stop)
        return array[tuple(part)]


def _round_up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
