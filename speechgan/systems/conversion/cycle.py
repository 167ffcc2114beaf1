"""Unpaired, two speakers, cycle-consistent: CycleGAN-VC, CycleGAN-VC2, MaskCycleGAN-VC."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from speechgan.data.conversion.unpaired import VoiceBatch
from speechgan.losses.adversarial import Objective, find_objective, r1_penalty
from speechgan.losses.bin_distance import BinDistance
from speechgan.models.discriminators.cyclegan_vc import TwoDiscriminators
from speechgan.models.generators.cyclegan_vc import TwoWay
from speechgan.models.layers.counter import Counter
from speechgan.systems.base import Step
from speechgan.systems.conversion.base import ConversionSystem
from speechgan.systems.conversion.tract_warp import TractWarp


@dataclass(frozen=True)
class CycleWeights:
    """Weights of the players' terms; 0 leaves a term out.

    Attributes:
        adversarial: of the discriminators' scores.
        cycle: of cycle consistency.
        identity: of the identity loss: the target's own voice is to stay as it is.
        identity_steps: generator steps with an identity loss; the paper has 10,000.
        r1: of the discriminators' `r1_penalty`; not in the papers.
    """

    adversarial: float = 1.0
    cycle: float = 10.0
    identity: float = 5.0
    identity_steps: int = 10000
    r1: float = 0.0


class RoundTrip(NamedTuple):
    """One speaker's images as the other speaker, and back again; `(batch, 1, bin, frame)` each."""

    converted: Tensor
    returned: Tensor

    def detach(self) -> "RoundTrip":
        """The same images without their graph."""
        return RoundTrip(self.converted.detach(), self.returned.detach())


class CycleGAN(ConversionSystem):
    """Two generators and their discriminators with a cycle-consistency loss (Zhu et al. 2017,
    arXiv:1703.10593).

    CycleGAN-VC (Kaneko & Kameoka 2018, arXiv:1711.11293) adds gated networks and an identity loss
    at the beginning; CycleGAN-VC2 (Kaneko et al. 2019, arXiv:1904.04631) 2-1-2D networks, patch
    discriminators and a second adversarial loss on round trips; MaskCycleGAN-VC (Kaneko et al.
    2021, arXiv:2102.12841) masks frames that the generator has to fill in, so that it learns the
    structure of speech in time.

    Without `warp` a generator that copies its input minimises the identity loss. With it, the input
    is the target's voice with another vocal tract length, and the generator has to undo that (as
    NANSY rebuilds a voice from a perturbed one, Choi et al. 2021, arXiv:2110.14513), much as it has
    to in a conversion.

    Deliberate differences: all images of a batch have the same frames masked, and the inputs of the
    identity loss are masked too; adversarial losses weigh half as much against cycle consistency as
    in CycleGAN, whose least squares are not halved.

    Args:
        generator: both directions.
        discriminator: of both speakers; with those of round trips there is a two-step loss.
        weights: of the players' terms.
        objective: form of the game; the papers' is `lsgan`.
        mask_frames: most frames masked in a row; a generator with `masked` needs some.
        distance: of images, for the cycle and identity losses; None for the papers' plain L1.
        warp: perturbs the real images given to generators; None leaves them as they are.
        frames: numbers of training frames of each speaker, if known.

    Raises:
        ValueError: a speaker without recordings, a generator of one direction, an unknown
            objective, one that needs a gradient penalty, or a mask for a generator without one.
    """

    turns = ("generator", "discriminator")
    generator: TwoWay

    def __init__(
        self,
        generator: TwoWay,
        discriminator: TwoDiscriminators,
        weights: CycleWeights | None = None,
        objective: str = "lsgan",
        mask_frames: int = 0,
        distance: BinDistance | None = None,
        warp: TractWarp | None = None,
        frames: Sequence[int] = (),
    ) -> None:
        super().__init__(generator)
        if not hasattr(generator, "towards"):
            raise ValueError("this system needs a generator of two directions, such as TwoWay")
        if not all(frames):
            raise ValueError(
                "both directions learn from recordings of both speakers, and one has none; give "
                "data.root recordings of both"
            )
        if bool(mask_frames) != generator.masked:
            raise ValueError("mask_frames and generator.masked go together")
        self.discriminator = discriminator
        self.objective: Objective = find_objective(objective)
        self.weights = weights or CycleWeights()
        self.mask_frames = mask_frames
        self.distance, self.warp = distance or BinDistance(), warp or nn.Identity()
        self.count = Counter(self, "moves")

    def losses(self, player: str, step: Step[VoiceBatch]) -> dict[str, Tensor]:
        """The terms of one player, for each `TARGET` of 0 and 1.

        Of the generator: `cycle/to_TARGET`, `identity/to_TARGET` in its first moves,
        `adversarial/to_TARGET` and, with the two-step loss, `round_trip/to_TARGET`. Of the
        discriminator: `discriminator/of_TARGET` and `discriminator/round_trip_SOURCE`, and `r1/` of
        the same names.
        """
        real = [step.batch.source, step.batch.target]
        if player == "discriminator":
            trips = step.recall("trips", lambda: [self._travel(real, target) for target in (0, 1)])
            return self._discriminate(real, trips)
        trips = [self._travel(real, target) for target in (0, 1)]
        step.keep("trips", [trip.detach() for trip in trips])
        terms: dict[str, Tensor] = {}
        for target in (1, 0):
            judged = "discriminator" in step.in_play
            terms |= self._generator_terms(target, real, trips[target], judged)
        self.count.add()
        return terms

    def _travel(self, real: list[Tensor], target: int) -> RoundTrip:
        away, back = self.generator.towards[target], self.generator.towards[1 - target]
        image = real[1 - target]
        converted = away(self.warp(image), self._mask(image))
        return RoundTrip(converted, back(converted))

    def _generator_terms(
        self, target: int, real: list[Tensor], trip: RoundTrip, judged: bool
    ) -> dict[str, Tensor]:
        name, source, weights = f"to_{target}", 1 - target, self.weights
        terms = {f"cycle/{name}": weights.cycle * self.distance(trip.returned, real[source])}
        if judged:
            cost = self.objective.generator(self.discriminator.of[target](trip.converted))
            terms[f"adversarial/{name}"] = weights.adversarial * cost
        if judged and self.discriminator.of_round_trip is not None:
            cost = self.objective.generator(self.discriminator.of_round_trip[source](trip.returned))
            terms[f"round_trip/{name}"] = weights.adversarial * cost
        if weights.identity and int(self.count) < weights.identity_steps:
            own = real[target]
            kept = self.generator.towards[target](self.warp(own), self._mask(own))
            terms[f"identity/{name}"] = weights.identity * self.distance(kept, own)
        return terms

    def _discriminate(self, real: list[Tensor], trips: list[RoundTrip]) -> dict[str, Tensor]:
        terms = {}
        for target in (1, 0):
            judges = [(f"of_{target}", self.discriminator.of[target], target, 0)]
            if self.discriminator.of_round_trip is not None:
                source = 1 - target
                judge = self.discriminator.of_round_trip[source]
                judges.append((f"round_trip_{source}", judge, source, 1))
            for name, judge, speaker, way in judges:
                scores = judge(real[speaker]), judge(trips[target][way])
                terms[f"discriminator/{name}"] = self.adversary_loss(name, self.objective, *scores)
                if self.weights.r1:
                    terms[f"r1/{name}"] = self.weights.r1 * r1_penalty(judge, real[speaker])
        return terms

    def _mask(self, image: Tensor) -> Tensor | None:
        """Ones, and zeros over up to `mask_frames` frames at a random place."""
        if not self.mask_frames:
            return None
        length = int(torch.randint(0, self.mask_frames + 1, ()))
        start = int(torch.randint(0, max(1, image.shape[-1] - length + 1), ()))
        mask = torch.ones_like(image)
        mask[..., start : start + length] = 0
        return mask
