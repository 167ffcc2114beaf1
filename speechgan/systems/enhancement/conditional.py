"""Conditional GANs: from noisy to clean, judged with or without the noisy condition."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from speechgan.data.enhancement.batch import PairedBatch
from speechgan.features.signal import Signal
from speechgan.features.stft import Stft
from speechgan.losses.adversarial import OBJECTIVES, gradient_penalty
from speechgan.models.discriminators.listener import Listener
from speechgan.models.discriminators.spectrogram import Critic
from speechgan.systems.enhancement.labels import QualityLabels
from speechgan.systems.enhancement.supervised import Supervised


class ConditionalGAN(Supervised):
    """A generator from noisy to clean, and up to three critics of what it makes.

    The `critic` (Mirza & Osindero 2014; SEGAN, Pascual et al. 2017; pix2pix, Isola et al. 2017)
    sees three kinds of pair: the condition with its real clean signal is good; the condition with
    what was generated is bad; the condition with the clean signal of another item is bad too,
    clear but mismatched (Reed et al. 2016). A head that does not see the condition is shown the
    first two kinds only, as the third is clear. The `metric` critic (MetricGAN, Fu et al. 2019)
    learns to tell the PESQ of a candidate, which has no gradient of its own, and the generator
    raises what it tells. The `listener` has learned before, what people think of what they hear:
    the generator raises its opinion as far as that of clean speech.

    Args:
        features: wave to image and back.
        generator: network that reads `wave` or `image`.
        closeness: weight of each closeness term.
        critic: module with `heads`, `conditional_heads` and what it `reads`, called with condition
            and candidate; or None.
        metric: module called with clean and candidate; or None.
        listener: a critic that has no weights to train; or None.
        objective: form of the game, a key of `speechgan.losses.adversarial.OBJECTIVES`.
        adversarial: weight of each head, of `metric` and of `listener`, in the generator's loss.
        mismatched: whether mismatched pairs are shown.
        labelled: items of a batch whose quality is measured.
        label_delay: steps that a label may take before the step waits for it.
    """

    def __init__(
        self,
        features: Stft,
        generator: nn.Module,
        closeness: Mapping[str, float],
        critic: Critic | None = None,
        metric: nn.Module | None = None,
        listener: Listener | None = None,
        objective: str = "lsgan",
        adversarial: Mapping[str, float] | None = None,
        mismatched: bool = True,
        labelled: int = 4,
        label_delay: int = 4,
    ) -> None:
        super().__init__(features, generator, closeness)
        if objective not in OBJECTIVES:
            raise ValueError(f"no objective {objective!r}; known: {sorted(OBJECTIVES)}")
        self.critic, self.metric, self.listener = critic, metric, listener
        self.objective = OBJECTIVES[objective]
        self.weights = dict(adversarial or {})
        self.mismatched = mismatched
        self.labels = QualityLabels(labelled, label_delay) if metric is not None else None
        critics = {"critic": critic, "metric": metric, "listener": listener}
        self.turns = ("generator", *(name for name, module in critics.items() if module))
        self._generated: tuple[PairedBatch | None, Signal | None] = (None, None)
        self._scores: dict[str, float] = {}

    def players(self) -> dict[str, Iterable[nn.Parameter]]:
        return {name: self.get_submodule(name).parameters() for name in self.turns}

    def losses(self, player: str, batch: PairedBatch, in_play: frozenset[str]) -> dict[str, Tensor]:
        noisy, clean = self.signals(batch)
        if player == "generator":
            enhanced = self.generate(noisy)
            self._generated = (batch, enhanced.detach())
            return self.closeness_terms(enhanced, clean) | self._fool(
                noisy, clean, enhanced, in_play
            )
        # The critics judge what the generator made in its own turn: it is not run twice.
        made_for, made = self._generated
        if made_for is batch and made is not None:
            enhanced = made
        else:
            with torch.no_grad():
                enhanced = self.generate(noisy)
        if player == "critic":
            return self._criticise(noisy, clean, enhanced)
        return self._regress(batch, noisy, clean, enhanced)

    def observations(self) -> dict[str, float]:
        scores, self._scores = self._scores, {}
        return scores

    def _fool(
        self, noisy: Signal, clean: Signal, enhanced: Signal, in_play: frozenset[str]
    ) -> dict[str, Tensor]:
        terms = {}
        if self.critic is not None and "critic" in in_play:
            for head, scores in self.critic(noisy, enhanced).items():
                terms[f"adversarial/{head}"] = self.weights[head] * self.objective.fool(scores)
        if self.metric is not None and "metric" in in_play:
            quality = self.metric(clean, enhanced)
            terms["adversarial/metric"] = self.weights["metric"] * (1 - quality).square().mean()
        if self.listener is not None and "listener" in in_play:
            shortfall = self.listener.shortfall(enhanced.wave, clean.wave)
            terms["adversarial/listener"] = self.weights["listener"] * shortfall
        return terms

    def _criticise(self, noisy: Signal, clean: Signal, enhanced: Signal) -> dict[str, Tensor]:
        assert self.critic is not None
        good = self.critic(noisy, clean)
        bad = self.critic(noisy, enhanced)
        other = self.critic(noisy, clean.roll()) if self.mismatched and len(clean.wave) > 1 else {}
        terms = {}
        for head in self.critic.heads:
            loss_bad = self.objective.bad(bad[head])
            self._scores[f"score/{head}/clean"] = good[head].detach().mean().item()
            self._scores[f"score/{head}/generated"] = bad[head].detach().mean().item()
            if head in self.critic.conditional_heads and head in other:
                loss_bad = (loss_bad + self.objective.bad(other[head])) / 2
                self._scores[f"score/{head}/mismatched"] = other[head].detach().mean().item()
            terms[f"critic/{head}"] = self.objective.good(good[head]) + loss_bad
            if self.objective.penalty:
                terms[f"critic/{head}_penalty"] = self.objective.penalty * self._penalty(
                    head, noisy, clean, enhanced
                )
        return terms

    def _penalty(self, head: str, noisy: Signal, clean: Signal, enhanced: Signal) -> Tensor:
        assert self.critic is not None
        critic = self.critic

        view = critic.reads
        good: Tensor = getattr(clean, view)
        bad: Tensor = getattr(enhanced, view)

        def score(candidate: Tensor) -> Tensor:
            return critic(noisy, replace(clean, **{view: candidate}))[head]

        return gradient_penalty(score, good, bad)

    def _regress(
        self, batch: PairedBatch, noisy: Signal, clean: Signal, enhanced: Signal
    ) -> dict[str, Tensor]:
        """Terms of the metric critic: the clean signal is perfect, and labels that have come."""
        assert self.metric is not None and self.labels is not None
        terms = {"metric/clean": (self.metric(clean, clean) - 1).square().mean()}
        self.labels.ask(clean.wave, enhanced.wave, noisy.wave)
        if answer := self.labels.take():
            reference, candidate, quality = (t.to(clean.wave.device) for t in answer)
            known = quality.isfinite()
            guess = self.metric(
                Signal(reference, self.features(reference)),
                Signal(candidate, self.features(candidate)),
            )
            error = torch.where(known, guess - quality.nan_to_num(), 0.0).square()
            terms["metric/candidate"] = error.sum() / known.sum().clamp(min=1)
        return terms

    def get_extra_state(self) -> dict[str, Any]:
        return {"pending": self.labels.pending() if self.labels else []}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        if self.labels:
            self.labels.restore(state["pending"])
