"""Unpaired, many speakers, one generator: StarGAN-VC."""

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from speechgan.data.conversion.unpaired import VoiceBatch
from speechgan.losses.adversarial import Objective, find_objective, r1_penalty
from speechgan.losses.bin_distance import BinDistance
from speechgan.models.discriminators.stargan_vc import StarClassifier, StarDiscriminator
from speechgan.models.generators.stargan_vc import StarGenerator
from speechgan.systems.base import Step
from speechgan.systems.conversion.base import ConversionSystem
from speechgan.systems.conversion.tract_warp import TractWarp


@dataclass(frozen=True)
class StarWeights:
    """Weights of the players' terms.

    Attributes:
        adversarial: of the discriminator's scores.
        classification: of the classifier's cross-entropy.
        cycle: of cycle consistency.
        identity: of the identity loss: a speaker's own voice is to stay as it is.
        r1: of the discriminator's `r1_penalty`; 0 leaves it out, as the paper does.
    """

    adversarial: float = 1.0
    classification: float = 1.0
    cycle: float = 10.0
    identity: float = 5.0
    r1: float = 0.0


class StarGAN(ConversionSystem):
    """StarGAN-VC (Kameoka et al. 2018, arXiv:1806.02169), after StarGAN (Choi et al. 2018,
    arXiv:1711.09020).

    The discriminator, conditioned on a speaker, judges whether a voice is real and that speaker's;
    the classifier, which learns from real voices alone, predicts the speaker. Without a classifier
    the conditional discriminator does both.

    With `warp` the generator's input has another vocal tract length, which it has to undo, as in
    `CycleGAN`; not in the paper.

    Args:
        generator: conditioned on the target speaker.
        discriminator: conditioned on the speaker.
        classifier: of speakers, or None.
        objective: form of the game; the paper's is `non_saturating`.
        weights: of the players' terms.
        distance: of images, for the cycle and identity losses; None for the paper's plain L1.
        warp: perturbs the real images given to the generator; None leaves them as they are.

    Raises:
        ValueError: an unknown objective, or one that needs a gradient penalty.
    """

    def __init__(
        self,
        generator: StarGenerator,
        discriminator: StarDiscriminator,
        classifier: StarClassifier | None = None,
        objective: str = "non_saturating",
        weights: StarWeights | None = None,
        distance: BinDistance | None = None,
        warp: TractWarp | None = None,
    ) -> None:
        super().__init__(generator)
        self.discriminator, self.classifier = discriminator, classifier
        self.objective: Objective = find_objective(objective)
        self.weights = weights or StarWeights()
        self.distance, self.warp = distance or BinDistance(), warp or nn.Identity()
        self.turns = ("discriminator", "generator") + (("classifier",) if classifier else ())

    def losses(self, player: str, step: Step[VoiceBatch]) -> dict[str, Tensor]:
        """The terms of one player.

        Of the generator `cycle`, `identity`, `adversarial` and `classification`; of the
        discriminator `discriminator` and `r1`; of the classifier `classifier`, its cross-entropy.
        """
        if player == "generator":
            return self._generator_terms(step)
        target, speaker = step.batch.target, step.batch.target_speaker
        if player == "classifier":
            assert self.classifier is not None
            guess = self.classifier(target)
            self.observe("score/classifier/accuracy", (guess.argmax(1) == speaker).float().mean())
            return {"classifier": cross_entropy(guess, speaker)}
        real = self.discriminator(target, speaker)
        fake = self.discriminator(
            step.recall("converted", lambda: self._convert(step.batch)), speaker
        )
        terms = {"discriminator": self.adversary_loss("discriminator", self.objective, real, fake)}
        if self.weights.r1:
            penalty = r1_penalty(lambda image: self.discriminator(image, speaker), target)
            terms["r1"] = self.weights.r1 * penalty
        return terms

    def _convert(self, batch: VoiceBatch) -> Tensor:
        return self.generator(self.warp(batch.source), batch.target_speaker)

    def _generator_terms(self, step: Step[VoiceBatch]) -> dict[str, Tensor]:
        batch, weights = step.batch, self.weights
        converted = self._convert(batch)
        step.keep("converted", converted.detach())
        returned = self.generator(converted, batch.source_speaker)
        kept = self.generator(self.warp(batch.source), batch.source_speaker)
        terms = {
            "cycle": weights.cycle * self.distance(returned, batch.source),
            "identity": weights.identity * self.distance(kept, batch.source),
        }
        if "discriminator" in step.in_play:
            scores = self.discriminator(converted, batch.target_speaker)
            terms["adversarial"] = weights.adversarial * self.objective.generator(scores)
        if self.classifier is not None and "classifier" in step.in_play:
            error = cross_entropy(self.classifier(converted), batch.target_speaker)
            terms["classification"] = weights.classification * error
        return terms
