"""Baselines without a way back: a GAN that keeps content by other means, and aligned sentences."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from speechgan.data.conversion.unpaired import VoiceBatch
from speechgan.models.generators.shared_latent import SharedLatent, SpeakerCritic
from speechgan.systems.conversion.base import ConversionSystem, find_objective


class DirectGAN(ConversionSystem):
    """Generator and critic, no cycle.

    What keeps the content is a generator too shallow to lose it (Galanti et al. 2018), or that a
    pretrained encoder hears the same in input and output (DTN, Taigman et al. 2017).

    Args:
        generator: called with image and target.
        critic: of images.
        embedding: pretrained; its weights stay. None for none.
        objective: form of the game.
        adversarial: weight of convincing the critic.
        identity: weight of leaving the target's own voice as it is, L1.
        consistency: weight of the embedding's distance, L1.

    Raises:
        ValueError: consistency without an embedding.
    """

    turns = ("generator", "critic")

    def __init__(
        self,
        generator: nn.Module,
        critic: SpeakerCritic,
        embedding: SharedLatent | None = None,
        objective: str = "lsgan",
        adversarial: float = 1.0,
        identity: float = 5.0,
        consistency: float = 0.0,
    ) -> None:
        super().__init__(generator)
        if consistency and embedding is None:
            raise ValueError("consistency needs an embedding: a shared-latent model's folder")
        self.critic = critic
        # In a tuple, which hides it from the weights that are saved and trained.
        self._embedding = (embedding.eval() if embedding is not None else None,)
        self.objective = find_objective(objective)
        self.adversarial, self.identity, self.consistency = adversarial, identity, consistency
        self._made: tuple[VoiceBatch | None, Tensor | None] = (None, None)

    def players(self) -> dict[str, Iterable[nn.Parameter]]:
        return {"generator": self.generator.parameters(), "critic": self.critic.parameters()}

    def losses(self, player: str, batch: VoiceBatch, in_play: frozenset[str]) -> dict[str, Tensor]:
        if player == "critic":
            made_for, made = self._made
            assert made_for is batch and made is not None, "the generator moves first"
            good = self.critic(batch.target, batch.target_speaker)
            bad = self.critic(made, batch.target_speaker)
            return {"critic": self.judge("critic", self.objective, good, bad)}
        converted = self.generator(batch.source, batch.target_speaker)
        kept = self.generator(batch.target, batch.target_speaker)
        self._made = (batch, converted.detach())
        terms = {"identity": self.identity * l1_loss(kept, batch.target)}
        if "critic" in in_play:
            scores = self.critic(converted, batch.target_speaker)
            terms["adversarial"] = self.adversarial * self.objective.fool(scores)
        (embedding,) = self._embedding
        if self.consistency and embedding is not None:
            embedding.to(converted.device)
            with torch.no_grad():
                before = embedding.encode(batch.source)
            after = embedding.encode(converted)
            terms["consistency"] = self.consistency * l1_loss(after, before)
        return terms


class Aligned(ConversionSystem):
    """The supervised old way, as a yardstick: sentences that both speakers said, aligned in time.

    Args:
        generator: of both directions.
        closeness: weight of the L1 distance to the aligned target.
    """

    turns = ("generator",)

    def __init__(self, generator: nn.Module, closeness: float = 1.0) -> None:
        super().__init__(generator)
        self.closeness = closeness

    def players(self) -> dict[str, Iterable[nn.Parameter]]:
        return {"generator": self.generator.parameters()}

    def losses(self, player: str, batch: VoiceBatch, in_play: frozenset[str]) -> dict[str, Tensor]:
        there = self.generator(batch.source, batch.target_speaker)
        back = self.generator(batch.target, batch.source_speaker)
        return {
            "closeness/there": self.closeness * l1_loss(there, batch.target),
            "closeness/back": self.closeness * l1_loss(back, batch.source),
        }
