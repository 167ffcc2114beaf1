"""What the systems that convert voices have in common."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from speechgan.features.statistics import SpeakerStatistics
from speechgan.features.voice import Voice
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


@torch.no_grad()
def convert_voice(
    generator: Any,
    voice: Voice,
    source: SpeakerStatistics,
    target: SpeakerStatistics,
    target_number: int,
    source_number: int | None = None,
    semitones: float = 0.0,
) -> Voice:
    """What the source said, in the target's voice.

    The image is normalised by the source's statistics, converted, and given the target's. Of a
    voice with F0, whose image is a mel-cepstrum, the first coefficient stays the source's: how loud
    something is said is not the speaker's, and silence stays silence. F0 is converted by
    log-Gaussian normalisation.

    Args:
        generator: called with image, target and source.
        voice: what the source said.
        source, target: what is usual for them.
        target_number, source_number: of the generator's speakers; None for a stranger.
        semitones: added to the pitch.

    Raises:
        ValueError: the generator must know its source, and that is a stranger.
    """
    device = next(generator.parameters()).device

    def number(n: int) -> torch.Tensor:
        return torch.tensor([n], device=device)

    image = torch.from_numpy(source.normalise(voice.image)).float()[None, None].to(device)
    made = generator(
        image, number(target_number), None if source_number is None else number(source_number)
    )
    converted = target.denormalise(made[0, 0].float().cpu().numpy())
    if voice.f0 is None:
        return voice.with_image(converted)
    converted[0] = voice.image[0]
    return voice.with_image(converted).with_f0(source.convert_f0(voice.f0, target, semitones))
