"""Conditional GANs: from noisy to clean, judged with or without the noisy condition."""

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from torch import Tensor, nn

from speechgan.data.enhancement.batch import PairedBatch
from speechgan.features.signal import Signal
from speechgan.features.stft import Stft
from speechgan.losses.adversarial import Objective, find_objective, gradient_penalty
from speechgan.losses.closeness import Closeness
from speechgan.models.discriminators.base import Discriminator
from speechgan.systems.base import Step
from speechgan.systems.enhancement.judge import Judge
from speechgan.systems.enhancement.supervised import Supervised


class ConditionalGAN(Supervised):
    """A generator from noisy to clean, a discriminator, and further judges.

    The discriminator (Mirza & Osindero 2014, arXiv:1411.1784; SEGAN, Pascual et al. 2017,
    arXiv:1703.09452; pix2pix, Isola et al. 2017, arXiv:1611.07004) sees three kinds of pair: the
    condition with its clean signal is real; the condition with what was generated is fake; the
    condition with the clean signal of another item is fake too, clear but mismatched (Reed et al.
    2016, arXiv:1605.05396). A head that does not see the condition is shown the first two kinds
    only, as the third has clear speech. Further judges are critics of quality, which regress a
    metric, and discriminators of waves.

    Args:
        features: wave to image and back.
        generator: network that reads `wave` or `image`.
        closeness: weighted distances to the clean signal.
        discriminator: gives one score a head; or None.
        judges: further judges by name; each is a player of that name. Those that are None are left
            out.
        objective: form of the game, a key of `speechgan.losses.adversarial.OBJECTIVES`.
        adversarial: weight of each head and of each judge in the generator's loss.
        mismatched: whether mismatched pairs are shown.

    Raises:
        ValueError: an unknown objective, a head or judge without a weight, or a discriminator all
            of whose heads weigh 0.
    """

    def __init__(
        self,
        features: Stft,
        generator: nn.Module,
        closeness: Closeness,
        discriminator: Discriminator | None = None,
        judges: Mapping[str, Judge | None] | None = None,
        objective: str = "lsgan",
        adversarial: Mapping[str, float] | None = None,
        mismatched: bool = True,
    ) -> None:
        super().__init__(features, generator, closeness)
        self.discriminator = discriminator
        self.judges = nn.ModuleDict({n: j for n, j in (judges or {}).items() if j is not None})
        self.objective: Objective = find_objective(objective, penalised=True)
        self.weights = dict(adversarial or {})
        self.mismatched = mismatched
        heads = discriminator.heads if discriminator else ()
        if missing := [n for n in (*heads, *self.judges) if n not in self.weights]:
            raise ValueError(f"no weight of {missing[0]}; set system.adversarial.{missing[0]}")
        if heads and not any(self.weights[head] for head in heads):
            raise ValueError(
                f"the discriminator teaches nothing, as its heads weigh 0; set "
                f"system.adversarial.{heads[0]}, or system=supervised"
            )
        self.turns = ("generator", *(("discriminator",) if discriminator else ()), *self.judges)

    def network_of(self, player: str) -> nn.Module:
        """Generator, discriminator, or a judge, which may have no weights."""
        return self.judges[player] if player in self.judges else super().network_of(player)

    def losses(self, player: str, step: Step[PairedBatch]) -> dict[str, Tensor]:
        """The terms of one player.

        Of the generator: `closeness/NAME`, and of those in play `adversarial/HEAD` and
        `adversarial/JUDGE/NAME`. Of the discriminator: `discriminator/HEAD`, and
        `discriminator/HEAD_penalty` where the objective has a gradient penalty. Of a judge:
        `JUDGE/NAME`.
        """
        noisy, clean = self.signals(step)
        if self.discriminator is not None:
            self.discriminator.meet(noisy, clean)
        if player == "generator":
            enhanced = self.generate(noisy)
            step.keep("enhanced", enhanced.detach())
            adversarial = self._adversarial_terms(noisy, clean, enhanced, step.in_play)
            return self.combine(self.closeness(enhanced, clean), adversarial, enhanced)
        enhanced = step.recall("enhanced", lambda: self.generate(noisy))
        if player == "discriminator":
            return self._discriminate(noisy, clean, enhanced)
        judge = cast(Judge, self.judges[player])
        terms = judge.losses(noisy, clean, enhanced, self.features)
        for name, score in judge.scores.items():
            self.observe(f"score/{player}/{name}", score)
        return {f"{player}/{name}": term for name, term in terms.items()}

    def combine(
        self, closeness: dict[str, Tensor], adversarial: dict[str, Tensor], enhanced: Signal
    ) -> dict[str, Tensor]:
        """All terms of the generator; a subclass may balance the two kinds.

        Args:
            closeness, adversarial: weighted terms by name.
            enhanced: the signal that they are computed from, with its graph.
        """
        return closeness | adversarial

    def _adversarial_terms(
        self, noisy: Signal, clean: Signal, enhanced: Signal, in_play: frozenset[str]
    ) -> dict[str, Tensor]:
        terms = {}
        if self.discriminator is not None and "discriminator" in in_play:
            for head, scores in self.discriminator(noisy, enhanced).items():
                cost = self.objective.generator(scores)
                terms[f"adversarial/{head}"] = self.weights[head] * cost
        for name, judge in self.judges.items():
            demand = cast(Judge, judge).demand(enhanced, clean) if name in in_play else {}
            for what, cost in demand.items():
                terms[f"adversarial/{name}/{what}"] = self.weights[name] * cost
        return terms

    def _discriminate(self, noisy: Signal, clean: Signal, enhanced: Signal) -> dict[str, Tensor]:
        assert self.discriminator is not None
        real = self.discriminator(noisy, clean)
        fake = self.discriminator(noisy, enhanced)
        others = self.mismatched and len(clean.wave) > 1
        mismatched = self.discriminator(noisy, clean.roll()) if others else {}
        terms = {}
        for head in self.discriminator.heads:
            loss_of_fake = self.objective.fake(fake[head])
            self.observe(f"score/{head}/real", real[head].detach().mean())
            self.observe(f"score/{head}/fake", fake[head].detach().mean())
            if head in self.discriminator.conditional_heads and head in mismatched:
                loss_of_fake = (loss_of_fake + self.objective.fake(mismatched[head])) / 2
                self.observe(f"score/{head}/mismatched", mismatched[head].detach().mean())
            terms[f"discriminator/{head}"] = self.objective.real(real[head]) + loss_of_fake
            if self.objective.penalty:
                penalty = self._penalty(head, noisy, clean, enhanced)
                terms[f"discriminator/{head}_penalty"] = self.objective.penalty * penalty
        return terms

    def _penalty(self, head: str, noisy: Signal, clean: Signal, enhanced: Signal) -> Tensor:
        assert self.discriminator is not None
        discriminator = self.discriminator
        view = discriminator.reads
        real: Tensor = getattr(clean, view)
        fake: Tensor = getattr(enhanced, view)

        def score(candidate: Tensor) -> Tensor:
            return discriminator(noisy, replace(clean, **{view: candidate}))[head]

        return gradient_penalty(score, real, fake)
