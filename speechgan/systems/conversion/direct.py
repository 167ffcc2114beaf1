"""Baselines without a cycle: a GAN that keeps content by other means, and aligned sentences."""

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from speechgan.data.conversion.unpaired import VoiceBatch
from speechgan.losses.adversarial import Objective, find_objective
from speechgan.models.discriminators.shared_latent import SpeakerDiscriminator
from speechgan.models.generators.shared_latent import SharedLatent
from speechgan.systems.base import Step
from speechgan.systems.conversion.base import ConversionSystem


class DirectGAN(ConversionSystem):
    """Generator and discriminator, no cycle.

    The content is kept by a generator too shallow to lose it (Galanti et al. 2018,
    arXiv:1709.00074), or by a loss: a pretrained encoder is to give the same code for input and
    output (DTN, Taigman et al. 2017, arXiv:1611.02200). Deliberate differences from DTN: the
    encoder is no part of the generator; the discriminator has two classes instead of three.

    Args:
        generator: called with image and target.
        discriminator: of images.
        embedding: the pretrained encoder, whose weights are fixed; or None.
        objective: form of the game.
        adversarial: weight of the discriminator's scores.
        identity: weight of the identity loss: the target's own voice is to stay as it is, L1.
        consistency: weight of the L1 distance of codes before and after conversion.

    Raises:
        ValueError: an unknown objective, one that needs a gradient penalty, or consistency without
            an embedding.
    """

    turns = ("generator", "discriminator")

    def __init__(
        self,
        generator: nn.Module,
        discriminator: SpeakerDiscriminator,
        embedding: SharedLatent | None = None,
        objective: str = "lsgan",
        adversarial: float = 1.0,
        identity: float = 5.0,
        consistency: float = 0.0,
    ) -> None:
        super().__init__(generator)
        if consistency and embedding is None:
            raise ValueError(
                "consistency needs an embedding: a shared-latent model, run.embedding=MODEL"
            )
        self.discriminator = discriminator
        self.embedding = embedding.eval().requires_grad_(False) if embedding else None
        self.objective: Objective = find_objective(objective)
        self.adversarial, self.identity, self.consistency = adversarial, identity, consistency

    def train(self, mode: bool = True) -> "DirectGAN":
        """As of any module; the embedding stays in evaluation mode."""
        super().train(mode)
        if self.embedding is not None:
            self.embedding.eval()
        return self

    def losses(self, player: str, step: Step[VoiceBatch]) -> dict[str, Tensor]:
        """Of the generator `identity`, `adversarial` and `consistency`; of the discriminator
        `discriminator`."""
        batch = step.batch
        if player == "discriminator":
            real = self.discriminator(batch.target, batch.target_speaker)
            fake = self.discriminator(self.converted(step), batch.target_speaker)
            return {
                "discriminator": self.adversary_loss("discriminator", self.objective, real, fake)
            }
        converted = self.generator(batch.source, batch.target_speaker)
        step.keep("converted", converted.detach())
        kept = self.generator(batch.target, batch.target_speaker)
        terms = {"identity": self.identity * l1_loss(kept, batch.target)}
        if "discriminator" in step.in_play:
            scores = self.discriminator(converted, batch.target_speaker)
            terms["adversarial"] = self.adversarial * self.objective.generator(scores)
        if self.consistency and self.embedding is not None:
            with torch.no_grad():
                before = self.embedding.encode(batch.source)
            after = self.embedding.encode(converted)
            terms["consistency"] = self.consistency * l1_loss(after, before)
        return terms


class Aligned(ConversionSystem):
    """A supervised baseline: sentences that both speakers said, aligned in time.

    Args:
        generator: of both directions.
        closeness: weight of the L1 distance to the aligned target.
    """

    turns = ("generator",)

    def __init__(self, generator: nn.Module, closeness: float = 1.0) -> None:
        super().__init__(generator)
        self.closeness = closeness

    def losses(self, player: str, step: Step[VoiceBatch]) -> dict[str, Tensor]:
        """`closeness/there` and `closeness/back`, the two directions."""
        batch = step.batch
        there = self.generator(batch.source, batch.target_speaker)
        back = self.generator(batch.target, batch.source_speaker)
        return {
            "closeness/there": self.closeness * l1_loss(there, batch.target),
            "closeness/back": self.closeness * l1_loss(back, batch.source),
        }
