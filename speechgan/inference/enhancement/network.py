"""What an enhancer asks of a network, whichever library computes it."""

from collections.abc import Sequence
from typing import Protocol

from speechgan.audio import Wave
from speechgan.inference.enhancement.rounds import Array, Ask, Steps


class SoundRun(Protocol):
    """One sound in the course of being enhanced."""

    def push(self, wave: Wave, ends: bool) -> Steps[Wave]:
        """The next samples `(channel, sample)` float32 to those that are ready.

        Args:
            wave: the next samples.
            ends: whether they are the last; as many as went in have come out then, in all.
        """
        ...


class Network(Protocol):
    """What enhances.

    Attributes:
        sample_rate: that it works at, in Hz.
        causal: whether it can follow a sound that is still being heard.
        level_invariant: whether a softer sound gives the same, softer.
    """

    sample_rate: int
    causal: bool
    level_invariant: bool

    def open(self, rate: float, channels: int, strength: float, linked: bool) -> SoundRun:
        """The beginning of a sound."""
        ...

    def answer(self, asks: Sequence[Ask]) -> Sequence[Array]:
        """What sounds that were opened here ask, each of another sound, as one batch if it can."""
        ...

    def round_length(self, rate: float) -> int:
        """Samples to give to each of several sounds at a time, so that all ask for as much."""
        ...

    def period(self, rate: float) -> int:
        """Samples of a sound after which it is cut into frames, or windows, in the same places."""
        ...
