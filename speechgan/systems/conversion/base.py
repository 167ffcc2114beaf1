"""The base class of the systems that convert voices."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from speechgan.data.conversion.unpaired import VoiceBatch
from speechgan.features.conversion import ConvertImage
from speechgan.losses.adversarial import Objective
from speechgan.systems.base import Step, System


@dataclass(frozen=True)
class Request:
    """The input of a conversion system at inference.

    Attributes:
        image: `(batch, 1, bin, frame)`, normalised by the source's statistics.
        target: `(batch,)` numbers of the target speakers.
        source: `(batch,)` numbers of the source speakers, or None where they are unknown.
    """

    image: Tensor
    target: Tensor
    source: Tensor | None = None


class ConversionSystem(System):
    """A system with one generator, called with image, target and source.

    Attributes:
        tells_source: whether the generator is given the source speaker in training.

    Raises:
        ValueError: the generator needs the source speaker, and is not given it.
    """

    tells_source = False

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        if getattr(generator, "needs_source", False) and not self.tells_source:
            raise ValueError(
                "this system needs a generator that is not told the source speaker; choose another"
            )
        self.generator = generator

    def infer(self, batch: Request) -> Tensor:
        """`(batch, 1, bin, frame)`, normalised by the target's statistics."""
        made: Tensor = self.generator(batch.image, batch.target, batch.source)
        return made

    def converted(self, step: Step[VoiceBatch]) -> Tensor:
        """The step's sources in the targets' voices, `(batch, 1, bin, frame)`, no gradients."""
        batch = step.batch
        return step.recall("converted", lambda: self.generator(batch.source, batch.target_speaker))

    def start_from(self, weights: Mapping[str, Tensor]) -> None:
        """Starts the generator from a model's weights; it may have more speakers than the model.

        Weights with a row for each speaker, such as embeddings, start for new speakers as the mean
        of the known rows.

        Raises:
            ValueError: weights of a network of another configuration.
        """
        own = self.generator.state_dict()
        if strange := weights.keys() - own.keys():
            raise ValueError(f"there is no {min(strange)} in the configured generator")
        merged = {}
        for name, weight in own.items():
            known = weights.get(name)
            if known is None or not _fits(known, weight):
                raise ValueError(f"the model has no {name} of the configured shape")
            merged[name] = add_speakers(known, len(weight)) if weight.ndim else known
        self.generator.load_state_dict(merged)

    def adversary_loss(self, name: str, objective: Objective, real: Tensor, fake: Tensor) -> Tensor:
        """A discriminator's loss for its scores of real and fake voices, which are logged."""
        self.observe(f"score/{name}/real", real.detach().mean())
        self.observe(f"score/{name}/fake", fake.detach().mean())
        return objective.real(real) + objective.fake(fake)


def _fits(known: Tensor, weight: Tensor) -> bool:
    """Whether a model's weight is the configured one, or that of fewer speakers."""
    return known.shape[1:] == weight.shape[1:] and known.shape[:1] <= weight.shape[:1]


def add_speakers(rows: Tensor, count: int) -> Tensor:
    """Rows `(row, ...)`, a row for each speaker, filled up to `count` with their mean."""
    if len(rows) == count:
        return rows
    new = rows.float().mean(0, keepdim=True).expand(count - len(rows), *rows.shape[1:])
    return torch.cat([rows, new.to(rows)])


def image_converter(generator: Any) -> ConvertImage:
    """A generator, called with image, target and source, as a function of NumPy arrays."""

    @torch.no_grad()
    def convert(image: np.ndarray, target: int, source: int | None) -> np.ndarray:
        weights = chain(generator.parameters(), generator.buffers())
        device = next(weights, torch.empty(0)).device  # some generators have no weights
        speakers = (
            None if n is None else torch.tensor([n], device=device) for n in (target, source)
        )
        made = generator(torch.from_numpy(image)[None, None].to(device), *speakers)
        result: np.ndarray = made[0, 0].float().cpu().numpy()
        return result

    return convert


def require_codes(generator: nn.Module) -> None:
    """Refuses a generator without a code.

    Raises:
        ValueError: it does not encode, or not decode.
    """
    if not (hasattr(generator, "encode") and hasattr(generator, "decode")):
        raise ValueError(
            "this system needs a generator that encodes and decodes, such as SharedLatent"
        )
