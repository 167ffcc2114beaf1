"""A generator that hears ahead, in the course of one sound, whichever library computes it."""

import numpy as np

from speechgan.inference.enhancement.blocks import Context, ContextBlocks, Generate
from speechgan.inference.enhancement.frames import Spectrum
from speechgan.inference.enhancement.offset import OffsetFilter
from speechgan.inference.enhancement.streaming import State


class ContextRun:
    """Frames come late, in blocks.

    Args:
        generate: noisy frames `(channel, frame, bin)` to enhanced ones.
        context: how it is to be fed; its block is shared among the channels.
        offset: what is done to the frames first.
        channels: of the sound.
    """

    def __init__(
        self, generate: Generate, context: Context, offset: OffsetFilter, channels: int
    ) -> None:
        shared = Context(context.steps, context.multiple, context.block // channels)
        self.blocks = ContextBlocks(generate, shared, axis=1)
        self.offset = offset
        self.state: State = {}

    def __call__(self, spectrum: Spectrum) -> Spectrum:
        return self.blocks(self.offset(spectrum))

    def finish(self) -> Spectrum:
        return np.asarray(self.blocks.finish())
