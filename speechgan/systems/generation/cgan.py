"""A generator of noise and labels, against a discriminator that is given the labels."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import l1_loss

from speechgan.data.digits.batches import LabelledBatch
from speechgan.losses.adversarial import Objective
from speechgan.systems.generation.base import AnyDiscriminator, AnyGenerator
from speechgan.systems.generation.gan import GAN

LEAST_APART = 1e-3


class ConditionalGAN(GAN):
    """The conditional GAN (Mirza & Osindero 2014, arXiv:1411.1784), with mismatched pairs.

    A discriminator that only tells real pairs from generated ones may ignore the labels. So it is
    also shown real images with wrong labels (Reed et al. 2016, arXiv:1605.05396). With the head
    `joint` one score answers both questions, as in those papers: real and matched, against
    generated and against mismatched. With `clear` and `match` each has a score of its own: real
    against generated, whatever the labels; matched against mismatched, both real. With `projection`
    there is one score, to which each label adds a term.

    Args:
        generator: of images, conditioned on labels.
        discriminator: with the head `projection` or `joint`, or `clear` and `match`; conditioned on
            labels.
        objective: form of the game.
        mismatched: whether there are mismatched pairs; without them every head tells real pairs
            from generated ones.
        seeking: weight of the mode-seeking term, the distance of two codes over that of their
            images, against a generator that ignores its code (Mao et al. 2019, arXiv:1903.05628); 0
            for none.

    Raises:
        ValueError: see `GAN`; a negative weight.
    """

    def __init__(
        self,
        generator: AnyGenerator,
        discriminator: AnyDiscriminator,
        objective: str = "non_saturating",
        mismatched: bool = True,
        seeking: float = 0.0,
    ) -> None:
        super().__init__(generator, discriminator, objective)
        if seeking < 0:
            raise ValueError(f"seeking {seeking}: must be 0 or more")
        self.mismatched, self.seeking = mismatched, seeking

    def ask(self, batch: LabelledBatch, code: Tensor, made: Tensor) -> dict[str, Tensor]:
        """The generator's terms: `adversarial/HEAD`, and `seeking` if its weight is not 0."""
        terms = super().ask(batch, code, made)
        if self.seeking:
            other = self.draw(batch)
            apart = l1_loss(made, self.generator(other, batch.labels))
            terms["seeking"] = self.seeking * l1_loss(code, other) / (apart + LEAST_APART)
        return terms

    def discriminate(
        self, made: Tensor, batch: LabelledBatch
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """The discriminator's terms, and its scores of real, fake and mismatched pairs."""
        if not self.mismatched:
            return super().discriminate(made, batch)
        return judge_pairs(self.discriminator, self.objective, made, batch)


def judge_pairs(
    judge: AnyDiscriminator, form: Objective, made: Tensor, batch: LabelledBatch
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The terms, by head, of a discriminator that is shown mismatched pairs.

    Args:
        judge: the discriminator, conditioned on labels.
        form: of the game.
        made: images generated for the batch's labels, of the shape of the batch's.
        batch: real images.

    Returns:
        Losses by head, and mean scores, `HEAD/real`, `HEAD/fake` and `HEAD/mismatched`.
    """
    costs, scores = {}, {}
    seen = judge.trunk(batch.image)[-1]
    right = judge.score(seen, batch.labels)
    wrong = judge.score(seen, mistake(batch, judge.told))
    fake = judge.score(judge.trunk(made)[-1], batch.labels)
    for head in judge.heads:
        mistakes = {"clear": [fake], "match": [wrong]}.get(head, [fake, wrong])
        against = torch.stack([form.fake(found[head]) for found in mistakes]).mean()
        costs[head] = form.real(right[head]) + against
        for name, found in (("real", right), ("fake", fake), ("mismatched", wrong)):
            scores[f"{head}/{name}"] = found[head].detach().mean()
    return costs, scores


def mistake(batch: LabelledBatch, told: Sequence[int]) -> Tensor:
    """Labels `(batch, 2)` of which one kind of those in `told`, drawn for each item, is wrong.

    A kind with one label only in the batch, such as one speaker, is not chosen if another is there.
    """
    device = batch.labels.device
    differs = (batch.others != batch.labels).any(0).tolist()
    places = [place for place in told if differs[place]] or told
    drawn = torch.tensor(places, device=device)
    drawn = drawn[torch.randint(len(places), (len(batch.labels),), device=device)]
    return torch.where(torch.arange(2, device=device) == drawn[:, None], batch.others, batch.labels)
