"""What the systems that convert voices have in common."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from speechgan.features.conversion import ConvertImage
from speechgan.losses.adversarial import OBJECTIVES, Objective
from speechgan.systems.base import System


@dataclass(frozen=True)
class Request:
    """What a conversion system is asked for.

    Attributes:
        image: `(batch, 1, bin, frame)`, normalised by the source's statistics.
        target: `(batch,)` numbers of the speakers to become.
        source: `(batch,)` numbers of the speakers, or None if they are strangers.
    """

    image: Tensor
    target: Tensor
    source: Tensor | None = None


class ConversionSystem(System):
    """What conversion systems have in common: one generator, called with image, target, source."""

    generator: nn.Module

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator
        self._scores: dict[str, float] = {}

    def infer(self, batch: Request) -> Tensor:
        """`(batch, 1, bin, frame)`, normalised by the target's statistics."""
        return self.generator(batch.image, batch.target, batch.source)

    def observations(self) -> dict[str, float]:
        scores, self._scores = self._scores, {}
        return scores

    def judge(self, name: str, objective: Objective, good: Tensor, bad: Tensor) -> Tensor:
        """A critic's loss for its scores of real and generated voices, which are noted."""
        self._scores[f"score/{name}/real"] = good.detach().mean().item()
        self._scores[f"score/{name}/generated"] = bad.detach().mean().item()
        return objective.good(good) + objective.bad(bad)

    def note(self, name: str, value: Any) -> None:
        """A figure for the log that nobody lowers."""
        self._scores[name] = float(value)


def find_objective(name: str) -> Objective:
    """A form of the game by its name.

    Raises:
        ValueError: no such form.
    """
    if name not in OBJECTIVES:
        raise ValueError(f"no objective {name!r}; known: {sorted(OBJECTIVES)}")
    return OBJECTIVES[name]


def image_converter(generator: Any) -> ConvertImage:
    """A generator, called with image, target and source, as a function of NumPy arrays."""

    @torch.no_grad()
    def convert(image: np.ndarray, target: int, source: int | None) -> np.ndarray:
        device = next(generator.parameters()).device
        speakers = (
            None if n is None else torch.tensor([n], device=device) for n in (target, source)
        )
        made = generator(torch.from_numpy(image)[None, None].to(device), *speakers)
        result: np.ndarray = made[0, 0].float().cpu().numpy()
        return result

    return convert
