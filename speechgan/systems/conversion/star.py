"""Unpaired, many speakers, one generator: StarGAN-VC."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, l1_loss

from speechgan.data.conversion.unpaired import VoiceBatch
from speechgan.models.generators.stargan_vc import StarClassifier, StarCritic, StarGenerator
from speechgan.systems.conversion.base import ConversionSystem, find_objective


class StarGAN(ConversionSystem):
    """StarGAN-VC (Kameoka et al. 2018), after StarGAN (Choi et al. 2018).

    The critic asks whether a voice is real and that of the speaker it is called; the classifier,
    which learns from real voices alone, who speaks. Without a classifier the conditional critic
    does it all.

    Args:
        generator: told whom to become.
        critic: conditioned on the speaker.
        classifier: of speakers, or None.
        objective: form of the game; the paper's is `non_saturating`.
        adversarial, classification, cycle, identity: weights of the generator's terms.
    """

    def __init__(
        self,
        generator: StarGenerator,
        critic: StarCritic,
        classifier: StarClassifier | None = None,
        objective: str = "non_saturating",
        adversarial: float = 1.0,
        classification: float = 1.0,
        cycle: float = 10.0,
        identity: float = 5.0,
    ) -> None:
        super().__init__(generator)
        self.critic, self.classifier = critic, classifier
        self.objective = find_objective(objective)
        self.adversarial, self.classification = adversarial, classification
        self.cycle, self.identity = cycle, identity
        self.turns = ("critic", "generator") + (("classifier",) if classifier else ())

    def players(self) -> dict[str, Iterable[nn.Parameter]]:
        return {name: self.get_submodule(name).parameters() for name in self.turns}

    def losses(self, player: str, batch: VoiceBatch, in_play: frozenset[str]) -> dict[str, Tensor]:
        if player == "classifier":
            assert self.classifier is not None
            guess = self.classifier(batch.target)
            right = (guess.argmax(1) == batch.target_speaker).float().mean()
            self.note("score/classifier/accuracy", right)
            return {"classifier": cross_entropy(guess, batch.target_speaker)}
        if player == "critic":
            with torch.no_grad():
                converted = self.generator(batch.source, batch.target_speaker)
            good = self.critic(batch.target, batch.target_speaker)
            bad = self.critic(converted, batch.target_speaker)
            return {"critic": self.judge("critic", self.objective, good, bad)}
        converted = self.generator(batch.source, batch.target_speaker)
        returned = self.generator(converted, batch.source_speaker)
        kept = self.generator(batch.source, batch.source_speaker)
        terms = {
            "cycle": self.cycle * l1_loss(returned, batch.source),
            "identity": self.identity * l1_loss(kept, batch.source),
        }
        if "critic" in in_play:
            scores = self.critic(converted, batch.target_speaker)
            terms["adversarial"] = self.adversarial * self.objective.fool(scores)
        if self.classifier is not None and "classifier" in in_play:
            guess = self.classifier(converted)
            error = cross_entropy(guess, batch.target_speaker)
            terms["classification"] = self.classification * error
        return terms
