"""Autoregressive generation of tokens, trained by policy gradient."""

from dataclasses import replace

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, l1_loss

from speechgan.data.digits.batches import LabelledBatch
from speechgan.models.discriminators.tokens import TokenDiscriminator
from speechgan.models.generators.token_sequence import TokenGenerator
from speechgan.systems.base import Step
from speechgan.systems.generation.cgan import ConditionalGAN


class SequenceGAN(ConditionalGAN):
    """SeqGAN (Yu et al. 2016, arXiv:1609.05473) on the tokens of a VQ-VAE (van den Oord et al.
    2017, arXiv:1711.00937).

    A drawn token has no gradient. So each has a reward: the row is completed several times from
    there, and the discriminator's mean probability of being real is the token's reward (REINFORCE,
    Williams 1992).

    Until the discriminator enters the game (`trainer.turns.discriminator.start`), the VQ-VAE and
    the likelihood of its tokens are learned; from then on encoder, codebook and decoder are fixed,
    since rewards of tokens that still change their meaning would be useless.

    Deliberate differences: the likelihood of real rows is trained beside the reward, unless its
    weight is 0; the row is completed by the generator itself and not by an older copy; the baseline
    is the batch's mean reward at the same place, and the loss a mean over the row; generator and
    discriminator take turns in every step, and the discriminator is not pretrained; it is shown
    mismatched pairs too, see `ConditionalGAN`.

    Args:
        generator: of tokens.
        discriminator: of tokens.
        spread: as of `Autoencoder`.
        commitment: weight of the distance of vectors from their codebook entries.
        likelihood: weight of the likelihood of real rows.
        policy: weight of the reward.
        rollouts: how often a row is completed from each token.
        mismatched: as of `ConditionalGAN`.

    Raises:
        ValueError: no rollout, a spread that is not above 0, a discriminator of another vocabulary,
            or an unconditional one where there are mismatched pairs.
    """

    generator: TokenGenerator
    discriminator: TokenDiscriminator

    def __init__(
        self,
        generator: TokenGenerator,
        discriminator: TokenDiscriminator,
        spread: float = 0.1,
        commitment: float = 0.25,
        likelihood: float = 1.0,
        policy: float = 1.0,
        rollouts: int = 4,
        mismatched: bool = True,
    ) -> None:
        super().__init__(generator, discriminator, "original", mismatched)
        if rollouts < 1 or spread <= 0:
            raise ValueError(
                f"rollouts {rollouts}, spread {spread}: must be 1 or more, and above 0"
            )
        if discriminator.embedding.num_embeddings != generator.vocabulary:
            raise ValueError("the discriminator needs the generator's vocabulary")
        if mismatched and not discriminator.told:
            raise ValueError("mismatched pairs need a discriminator that is told labels")
        self.spread, self.commitment = spread, commitment
        self.likelihood, self.policy, self.rollouts = likelihood, policy, rollouts

    def losses(self, player: str, step: Step[LabelledBatch]) -> dict[str, Tensor]:
        """The terms of one player.

        Of the generator `likelihood`, per token; before the discriminator is in play
        `reconstruction`, per point, and `commitment`, and afterwards `policy`, per token. Of the
        discriminator `discriminator/joint`.
        """
        if player == "discriminator":
            return super().losses(player, step)
        batch = step.batch
        terms = {
            "likelihood": self.likelihood
            * self._negative_log_likelihood(self._tokens(batch), batch.labels)
        }
        if "discriminator" not in step.in_play:
            return terms | self.close(batch)
        made = step.recall("made", lambda: self.make(batch))
        return terms | {"policy": self.policy * self.persuade(made, batch.labels)}

    def make(self, batch: LabelledBatch) -> Tensor:
        """Drawn tokens `(batch, step)`."""
        return self.generator.draw(self.draw(batch), batch.labels)

    def discriminate(
        self, made: Tensor, batch: LabelledBatch
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """As of `ConditionalGAN`, of tokens."""
        return super().discriminate(made, replace(batch, image=self._tokens(batch)))

    def close(self, batch: LabelledBatch) -> dict[str, Tensor]:
        """The VQ-VAE's loss terms of a batch."""
        codec = self.generator.codec
        entries, book, distance = codec.quantiser(codec.encode(batch.image))
        rebuilt = codec.decode(entries, batch.labels)
        return {
            "reconstruction": l1_loss(rebuilt, batch.image) / self.spread,
            "commitment": book + self.commitment * distance,
        }

    def persuade(self, made: Tensor, labels: Tensor) -> Tensor:
        """The policy-gradient loss of drawn tokens `(batch, step)`."""
        values = self.estimate(made, labels)
        self.observe("reward", values.mean())
        return self._negative_log_likelihood(made, labels, values - values.mean(0))

    @torch.no_grad()
    def estimate(self, made: Tensor, labels: Tensor) -> Tensor:
        """Rewards `(batch, step)`: for each token the mean probability of being real of rows that
        begin with the tokens up to it. The last token's is that of the row itself.
        """
        count, steps = made.shape
        times = self.rollouts * steps
        kept = torch.arange(1, steps + 1, device=made.device).repeat(self.rollouts)
        code = torch.randn(times * count, steps, device=made.device)
        told = labels.repeat(times, 1)
        rows = self.generator.draw(code, told, made.repeat(times, 1), kept.repeat_interleave(count))
        scores = self.discriminator.score(self.discriminator.trunk(rows)[-1], told)["joint"]
        return torch.sigmoid(scores.float()).view(self.rollouts, steps, count).mean(0).T

    def _negative_log_likelihood(
        self, tokens: Tensor, labels: Tensor, weights: Tensor | None = None
    ) -> Tensor:
        """Mean negative log likelihood of tokens `(batch, step)`, each weighted."""
        logits = self.generator.writer.predict(tokens, labels)
        costs = cross_entropy(logits.transpose(1, 2), tokens, reduction="none")
        return (costs if weights is None else costs * weights).mean()

    @torch.no_grad()
    def _tokens(self, batch: LabelledBatch) -> Tensor:
        return self.generator.tokenise(batch.image)
