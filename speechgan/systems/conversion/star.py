"""Unpaired, many speakers, one generator: StarGAN-VC."""

from torch import Tensor
from torch.nn.functional import cross_entropy, l1_loss

from speechgan.data.conversion.unpaired import VoiceBatch
from speechgan.losses.adversarial import Objective, find_objective
from speechgan.models.discriminators.stargan_vc import StarClassifier, StarDiscriminator
from speechgan.models.generators.stargan_vc import StarGenerator
from speechgan.systems.base import Step
from speechgan.systems.conversion.base import ConversionSystem


class StarGAN(ConversionSystem):
    """StarGAN-VC (Kameoka et al. 2018, arXiv:1806.02169), after StarGAN (Choi et al. 2018,
    arXiv:1711.09020).

    The discriminator asks whether a voice is real and that of the speaker it is called; the
    classifier, which learns from real voices alone, who speaks. Without a classifier the
    conditional discriminator does both.

    Args:
        generator: told whom to become.
        discriminator: conditioned on the speaker.
        classifier: of speakers, or None.
        objective: form of the game; the paper's is `non_saturating`.
        adversarial, classification, cycle, identity: weights of the generator's terms.

    Raises:
        ValueError: an unknown objective, or one that needs a gradient penalty.
    """

    def __init__(
        self,
        generator: StarGenerator,
        discriminator: StarDiscriminator,
        classifier: StarClassifier | None = None,
        objective: str = "non_saturating",
        adversarial: float = 1.0,
        classification: float = 1.0,
        cycle: float = 10.0,
        identity: float = 5.0,
    ) -> None:
        super().__init__(generator)
        self.discriminator, self.classifier = discriminator, classifier
        self.objective: Objective = find_objective(objective)
        self.adversarial, self.classification = adversarial, classification
        self.cycle, self.identity = cycle, identity
        self.turns = ("discriminator", "generator") + (("classifier",) if classifier else ())

    def losses(self, player: str, step: Step[VoiceBatch]) -> dict[str, Tensor]:
        """The terms of one player.

        Of the generator `cycle`, `identity`, `adversarial` and `classification`; of the
        discriminator `discriminator`; of the classifier `classifier`, its cross-entropy.
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
        fake = self.discriminator(self.converted(step), speaker)
        return {"discriminator": self.adversary_loss("discriminator", self.objective, real, fake)}

    def _generator_terms(self, step: Step[VoiceBatch]) -> dict[str, Tensor]:
        batch = step.batch
        converted = self.generator(batch.source, batch.target_speaker)
        step.keep("converted", converted.detach())
        returned = self.generator(converted, batch.source_speaker)
        kept = self.generator(batch.source, batch.source_speaker)
        terms = {
            "cycle": self.cycle * l1_loss(returned, batch.source),
            "identity": self.identity * l1_loss(kept, batch.source),
        }
        if "discriminator" in step.in_play:
            scores = self.discriminator(converted, batch.target_speaker)
            terms["adversarial"] = self.adversarial * self.objective.generator(scores)
        if self.classifier is not None and "classifier" in step.in_play:
            error = cross_entropy(self.classifier(converted), batch.target_speaker)
            terms["classification"] = self.classification * error
        return terms
