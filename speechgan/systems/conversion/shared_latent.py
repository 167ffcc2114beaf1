"""Unpaired, many speakers, through a latent space that up to four constraints make common."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, l1_loss, log_softmax

from speechgan.data.conversion.unpaired import VoiceBatch
from speechgan.losses.adversarial import Objective, find_objective
from speechgan.losses.bin_distance import BinDistance
from speechgan.models.discriminators.shared_latent import (
    CodeClassifier,
    SpeakerDiscriminator,
    reverse_gradient,
)
from speechgan.models.generators.shared_latent import SharedLatent
from speechgan.systems.base import Step
from speechgan.systems.conversion.base import ConversionSystem, require_codes
from speechgan.systems.conversion.tract_warp import TractWarp


@dataclass(frozen=True)
class SharedLatentWeights:
    """Weights of the generator's terms; 0 leaves a term out.

    Attributes:
        reconstruction: of rebuilding a voice from its own code.
        adversarial: of the discriminator's scores.
        latent: of hiding the speaker from the code's classifier.
        cycle: of cycle consistency.
        semantic: of the L1 distance of codes before and after conversion, without a gradient to the
            former.
        prior: of a standard normal prior on codes of unit variance (UNIT's VAE, arXiv:1703.00848).
            The codes of `SharedLatent` have unit size already: there it only adds UNIT's noise.
    """

    reconstruction: float = 10.0
    adversarial: float = 0.5
    latent: float = 0.0
    cycle: float = 0.0
    semantic: float = 0.0
    prior: float = 0.0


class SharedLatentGAN(ConversionSystem):
    """Auto-encoders of speakers, with constraints that give their codes a common meaning.

    Each speaker is rebuilt from its own code. Each of four constraints, or ties, can be on or off:

    - layers in common (CoGAN, Liu & Tuzel 2016, arXiv:1606.07536; UNIT, Liu et al. 2017,
      arXiv:1703.00848): `generator.shared_layers`;
    - an adversarial classifier of the speaker by the code (Chou et al. 2018, arXiv:1804.02812):
      `latent`, by gradient reversal (Ganin & Lempitsky 2015, arXiv:1409.7495) or in turns;
    - cycle consistency by way of another speaker (ComboGAN, Anoosheh et al. 2018,
      arXiv:1712.06909): `cycle`;
    - a conversion has the same code as its source (DTN, Taigman et al. 2017, arXiv:1611.02200;
      XGAN, Royer et al. 2020, arXiv:1711.05139): `semantic`.

    A discriminator of images judges what was converted.

    Args:
        generator: encoders and decoders.
        discriminator: of images, or None.
        code_classifier: of codes, or None.
        weights: of the generator's terms.
        objective: form of the game with the discriminator.
        latent_turns: `reversal` trains the classifier in the generator's turn with a reversed
            gradient; `alternating` gives it its own turns, and the encoder aims at uniform output.
        distance: of images, for reconstruction and cycle; None for plain L1.
        warp: perturbs the encoder's input, so that formants do not tell the speaker; None leaves it
            as it is.

    Raises:
        ValueError: a generator without a code, an unknown objective or `latent_turns`, an objective
            that needs a gradient penalty, or a weight of `latent` without its classifier.
    """

    tells_source = True
    generator: SharedLatent

    def __init__(
        self,
        generator: SharedLatent,
        discriminator: SpeakerDiscriminator | None = None,
        code_classifier: CodeClassifier | None = None,
        weights: SharedLatentWeights | None = None,
        objective: str = "lsgan",
        latent_turns: str = "alternating",
        distance: BinDistance | None = None,
        warp: TractWarp | None = None,
    ) -> None:
        super().__init__(generator)
        self.weights = weights or SharedLatentWeights()
        require_codes(generator)
        if latent_turns not in ("alternating", "reversal"):
            raise ValueError(f"latent_turns {latent_turns!r}: must be alternating or reversal")
        if self.weights.latent and code_classifier is None:
            raise ValueError("a weight of latent needs a code_classifier")
        self.discriminator = discriminator
        self.code_classifier = code_classifier if self.weights.latent else None
        self.objective: Objective = find_objective(objective)
        self.reversal = latent_turns == "reversal"
        self.distance, self.warp = distance or BinDistance(), warp or nn.Identity()
        self.turns = ("generator",)
        if self.code_classifier is not None and not self.reversal:
            self.turns += ("code_classifier",)
        if discriminator is not None:
            self.turns += ("discriminator",)

    def players(self) -> dict[str, Iterable[nn.Parameter]]:
        """As of any system; with a reversed gradient the generator has the classifier's weights."""
        owned = super().players()
        if self.code_classifier is not None and self.reversal:
            owned["generator"] = [*owned["generator"], *self.code_classifier.parameters()]
        return owned

    def losses(self, player: str, step: Step[VoiceBatch]) -> dict[str, Tensor]:
        """The terms of one player.

        Of the generator: `reconstruction` and, by their weights, `prior`, `semantic`, `cycle`,
        `adversarial`, `latent`. Of the others one term of their name.
        """
        if player == "generator":
            return self._generator_terms(step)
        batch = step.batch
        code = step.recall("code", lambda: self._encode(step))
        if player == "code_classifier":
            assert self.code_classifier is not None
            guess = self.code_classifier(code)
            self._observe_accuracy(guess, batch.source_speaker)
            return {"code_classifier": cross_entropy(guess, batch.source_speaker)}
        assert self.discriminator is not None
        real = self.discriminator(batch.target, batch.target_speaker)
        converted = step.recall("converted", lambda: self._decode(step, code))
        fake = self.discriminator(converted, batch.target_speaker)
        return {"discriminator": self.adversary_loss("discriminator", self.objective, real, fake)}

    def _encode(self, step: Step[VoiceBatch]) -> Tensor:
        return self.generator.encode(self.warp(step.batch.source), step.batch.source_speaker)

    def _decode(self, step: Step[VoiceBatch], code: Tensor) -> Tensor:
        frames = step.batch.source.shape[-1]
        return self.generator.decode(code, step.batch.target_speaker, frames)

    def _generator_terms(self, step: Step[VoiceBatch]) -> dict[str, Tensor]:
        image, source = step.batch.source, step.batch.source_speaker
        weights = self.weights
        code = self._encode(step)
        step.keep("code", code.detach())
        noisy = code + torch.randn_like(code) if weights.prior and self.training else code
        rebuilt = self.generator.decode(noisy, source, image.shape[-1])
        terms = {"reconstruction": weights.reconstruction * self.distance(rebuilt, image)}
        if weights.prior:
            terms["prior"] = weights.prior * code.square().mean() / 2
        judged = self.discriminator is not None and "discriminator" in step.in_play
        if judged or weights.cycle or weights.semantic:
            converted = self._decode(step, noisy)
            step.keep("converted", converted.detach())
            terms |= self._conversion_terms(step, code, converted, judged)
        if self.code_classifier is not None:
            terms |= self._latent_terms(code, source, step.in_play)
        return terms

    def _conversion_terms(
        self, step: Step[VoiceBatch], code: Tensor, converted: Tensor, judged: bool
    ) -> dict[str, Tensor]:
        batch, weights, terms = step.batch, self.weights, {}
        if weights.cycle or weights.semantic:
            returned_code = self.generator.encode(converted, batch.target_speaker)
            if weights.semantic:
                terms["semantic"] = weights.semantic * l1_loss(returned_code, code.detach())
            if weights.cycle:
                frames = batch.source.shape[-1]
                returned = self.generator.decode(returned_code, batch.source_speaker, frames)
                terms["cycle"] = weights.cycle * self.distance(returned, batch.source)
        if self.discriminator is not None and judged:
            cost = self.objective.generator(self.discriminator(converted, batch.target_speaker))
            terms["adversarial"] = weights.adversarial * cost
        return terms

    def _latent_terms(
        self, code: Tensor, speaker: Tensor, in_play: frozenset[str]
    ) -> dict[str, Tensor]:
        assert self.code_classifier is not None
        if self.reversal:
            guess = self.code_classifier(reverse_gradient(code))
            self._observe_accuracy(guess, speaker)
            return {"latent": self.weights.latent * cross_entropy(guess, speaker)}
        if "code_classifier" not in in_play:
            return {}
        uniform = -log_softmax(self.code_classifier(code), 1).mean()
        return {"latent": self.weights.latent * uniform}

    def _observe_accuracy(self, guess: Tensor, speaker: Tensor) -> None:
        accuracy = (guess.argmax(1) == speaker).float().mean()
        self.observe("score/code_classifier/accuracy", accuracy)
