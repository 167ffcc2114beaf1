"""One sound through a generator that looks ahead, whichever library computes it."""

import numpy as np

from speechgan.inference.enhancement.blocks import Context, ContextBlocks
from speechgan.inference.enhancement.frames import Spectrum
from speechgan.inference.enhancement.offset import OffsetFilter
from speechgan.inference.enhancement.rounds import Steps
from speechgan.inference.enhancement.streaming import State


class ContextRun:
    """Gives frames late, in blocks, as the generator needs those after them.

    Args:
        context: how the generator is to be fed; its block is shared among the channels.
        offset: what is done to the frames first.
        channels: of the sound.
    """

    def __init__(self, context: Context, offset: OffsetFilter, channels: int) -> None:
        shared = Context(context.steps, context.multiple, context.block // channels)
        self.blocks = ContextBlocks(shared, axis=1)
        self.offset = offset
        self.state: State = {}

    def push(self, spectrum: Spectrum, ends: bool) -> Steps[Spectrum]:
        """Windows of frames are asked for, each when it is complete."""
        ready = yield from self.blocks.push(self.offset(spectrum))
        if ends:
            ready = np.concatenate([ready, (yield from self.blocks.finish())], axis=1)
        return ready
