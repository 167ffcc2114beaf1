"""Critics that estimate a quality metric, where a discriminator tells real from fake."""

from typing import Any, Protocol

import torch
from torch import Tensor, nn

from speechgan.features.signal import Signal
from speechgan.features.stft import Stft
from speechgan.models.discriminators.listener import Listener
from speechgan.systems.enhancement.judge import Judge


class Labeller(Protocol):
    """Measures the quality of candidates asynchronously, while the training goes on."""

    def ask(self, clean: Tensor, enhanced: Tensor, noisy: Tensor) -> None:
        """Submits waves `(batch, sample)` to be measured."""

    def take(self) -> tuple[Tensor, Tensor, Tensor] | None:
        """Clean and candidate waves with their quality `(item,)`, 0..1, NaN where unknown.

        They are of an earlier call of `ask`; None while no answer is due.
        """

    def pending(self) -> list[list[Tensor]]:
        """What was submitted and not taken yet, for a checkpoint."""

    def restore(self, pending: list[list[Tensor]]) -> None:
        """Submits the pending candidates of a checkpoint again."""


class QualityCritic(Judge):
    """A judge whose only term for the generator is the `shortfall`."""

    def shortfall(self, enhanced: Signal, clean: Signal) -> Tensor:
        """A scalar loss of the generator: how far the quality is below that of clean speech."""
        raise NotImplementedError  # an abstract method: every critic has its own

    def demand(self, enhanced: Signal, clean: Signal) -> dict[str, Tensor]:
        """`shortfall` alone."""
        return {"shortfall": self.shortfall(enhanced, clean)}


class MetricRegression(QualityCritic):
    """Learns to predict a metric without a gradient (MetricGAN, Fu et al. 2019, arXiv:1905.04874).

    Deliberate differences: a candidate's label may come steps later than the candidate, see
    `QualityLabels`, and noisy signals are candidates too, as in MetricGAN+ (Fu et al. 2021,
    arXiv:2104.03538).

    Args:
        network: called with clean and candidate, gives a quality `(batch,)` from 0 to 1.
        labels: measures candidates asynchronously. Those still being measured are part of the
            checkpoint.
    """

    def __init__(self, network: nn.Module, labels: Labeller) -> None:
        super().__init__()
        self.network, self.labels = network, labels

    def shortfall(self, enhanced: Signal, clean: Signal) -> Tensor:
        """Mean squared distance of the estimated quality from 1."""
        quality: Tensor = self.network(clean, enhanced)
        return (1 - quality).square().mean()

    def losses(
        self, noisy: Signal, clean: Signal, enhanced: Signal, features: Stft
    ) -> dict[str, Tensor]:
        """Squared errors: `clean` for the clean signal, whose quality is 1, and `candidate` for
        those candidates whose labels are ready."""
        terms = {"clean": (self.network(clean, clean) - 1).square().mean()}
        self.labels.ask(clean.wave, enhanced.wave, noisy.wave)
        if answer := self.labels.take():
            reference, candidate, quality = (t.to(clean.wave.device) for t in answer)
            known = quality.isfinite()
            guess = self.network(
                Signal(reference, features(reference)), Signal(candidate, features(candidate))
            )
            error = torch.where(known, guess - quality.nan_to_num(), 0.0).square()
            terms["candidate"] = error.sum() / known.sum().clamp(min=1)
        return terms

    def get_extra_state(self) -> dict[str, Any]:
        """The candidates that are still being measured."""
        return {"pending": self.labels.pending()}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Submits the candidates of a checkpoint again."""
        self.labels.restore(state["pending"])


class Opinion(QualityCritic):
    """A pretrained predictor of listeners' opinions, with fixed weights.

    Args:
        listener: from waves to opinion scores.
        every: one item in so many is scored, as that takes a second for 4 s of sound on one core.
    """

    def __init__(self, listener: Listener, every: int = 2) -> None:
        super().__init__()
        self.listener, self.every = listener, every

    def shortfall(self, enhanced: Signal, clean: Signal) -> Tensor:
        """Mean of how far opinion scores of enhanced waves are below those of the clean ones.

        A wave that scores higher than its clean reference counts as equal: the generator gains
        nothing by scores above those of real speech. Gradients are limited by item, see `even_out`.
        """
        with torch.no_grad():
            aim = self.listener(clean.wave[:: self.every])
        judged = enhanced.wave[:: self.every]
        if judged.requires_grad:
            judged.register_hook(even_out)
        return (aim - self.listener(judged)).clamp(min=0).mean()


class TermCritic(QualityCritic):
    """A closeness term used as a critic, so that it can be weighted among the adversarial terms.

    Args:
        term: called with the enhanced and the clean signal, gives a scalar.
    """

    def __init__(self, term: nn.Module) -> None:
        super().__init__()
        self.term = term

    def shortfall(self, enhanced: Signal, clean: Signal) -> Tensor:
        """The term."""
        distance: Tensor = self.term(enhanced, clean)
        return distance


def even_out(gradient: Tensor) -> Tensor:
    """Scales gradients `(batch, sample)` whose norm exceeds the items' median norm down to it.

    For an enhanced wave that is almost silent the gradient is a hundred times that of others; a few
    such items would dominate the batch.
    """
    norm = gradient.norm(dim=-1, keepdim=True)
    present = norm[norm > 0]
    limit = present.median() if len(present) else norm.new_ones(())
    return gradient * (limit / norm.clamp(min=1e-30)).clamp(max=1)
