"""Knowledge distillation: a small generator that also learns from a larger one's output."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from speechgan.data.enhancement.batch import PairedBatch
from speechgan.features.signal import Signal
from speechgan.systems.base import Step
from speechgan.systems.enhancement.supervised import Supervised


class Distilled(Supervised):
    """`Supervised`, with a target between the clean signal and a teacher's output.

    Knowledge distillation (Hinton et al. 2015, arXiv:1503.02531) of outputs, not of inner features,
    so that teacher and student may be of any architecture. Deliberate difference: one interpolated
    target instead of a loss for each of the two, which for a squared distance is the same but for a
    constant, and costs half.

    Args:
        teacher: enhances waves `(batch, sample)` at the common level.
        share: weight of the teacher's output in the target, from 0, the clean signal, to 1.
        settings: of `Supervised`.

    Raises:
        ValueError: a share out of range.
    """

    def __init__(self, teacher: Callable[[Tensor], Tensor], share: float, **settings: Any) -> None:
        super().__init__(**settings)
        if not 0 <= share <= 1:
            raise ValueError(f"system.share={share}: must be from 0 to 1")
        self.teacher, self.share = teacher, share

    def signals(self, step: Step[PairedBatch]) -> tuple[Signal, Signal]:
        """Noisy signal and target of the step's batch at the common level."""
        noisy, clean = super().signals(step)

        def teach() -> Signal:
            wave = clean.wave.lerp(self.teacher(noisy.wave), self.share)
            return Signal(wave, self.features(wave))

        return noisy, step.recall("target", teach)
