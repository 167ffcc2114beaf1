"""A shared-latent system with a discriminator of its reconstructions and its conversions."""

import torch
from torch import Tensor, nn

from speechgan.data.conversion.unpaired import VoiceBatch
from speechgan.losses.adversarial import Objective, find_objective
from speechgan.losses.balance import GradientBalance
from speechgan.losses.bin_distance import BinDistance
from speechgan.models.discriminators.voice import VoiceDiscriminator
from speechgan.models.generators.shared_latent import SharedLatent
from speechgan.systems.base import Step
from speechgan.systems.conversion.base import ConversionSystem, require_codes
from speechgan.systems.conversion.tract_warp import TractWarp
from speechgan.systems.matching_game import MatchingGame


class JudgedLatentGAN(ConversionSystem):
    """One encoder into a small code, and a decoder that learns fine structure from discriminators.

    A code that is too small to hold the speaker cannot hold the fine structure of speech either,
    and a reconstruction from it by closeness alone is oversmoothed. As in VAE-GAN (Larsen et al.
    2016, arXiv:1512.09300), the reconstruction is matched to the real image in the features of a
    discriminator, which judges both reconstructions and conversions. The losses follow HiFi-GAN's
    (see `MatchingGame`), on images.

    Args:
        generator: encoders and decoders.
        discriminator: of voices, conditioned on the speaker.
        balance: weights all the discriminator's terms against the reconstruction.
        distance: of images, for the reconstruction.
        warp: perturbs the encoder's input (see `SharedLatentGAN`).
        objective: form of the game.
        matching: weight of the distance of features against that of the scores.
        converted: weight of the scores of converted voices against those of rebuilt ones.

    Raises:
        ValueError: an unknown objective, one that needs a gradient penalty, or a generator without
            a code.
    """

    tells_source = True
    turns = ("generator", "discriminator")
    generator: SharedLatent

    def __init__(
        self,
        generator: SharedLatent,
        discriminator: VoiceDiscriminator,
        balance: GradientBalance,
        distance: BinDistance | None = None,
        warp: TractWarp | None = None,
        objective: str = "lsgan",
        matching: float = 2.0,
        converted: float = 1.0,
    ) -> None:
        super().__init__(generator)
        require_codes(generator)
        self.discriminator, self.balance = discriminator, balance
        self.distance, self.warp = distance or BinDistance(), warp or nn.Identity()
        self.objective: Objective = find_objective(objective)
        self.game = MatchingGame(discriminator, self.objective, matching)
        self.weight_of_converted = converted

    def losses(self, player: str, step: Step[VoiceBatch]) -> dict[str, Tensor]:
        """The terms of one player.

        Of the generator: `reconstruction`, and once the discriminator is in play
        `adversarial/resolution`, `matching/resolution` and `converted/resolution`. Of the
        discriminator: `discriminator/resolution`.
        """
        batch = step.batch
        if player == "discriminator":
            made = step.recall("made", lambda: self._make(batch))
            real = torch.cat([batch.source, batch.target])
            costs, scores = self.game.discriminate(made, real, both_speakers(batch))
            self.observe_scores(scores)
            return {f"discriminator/{kind}": cost for kind, cost in costs.items()}
        made = self._make(batch)
        step.keep("made", made.detach())
        rebuilt, converted = made.chunk(2)
        terms = {"reconstruction": self.distance(rebuilt, batch.source)}
        if "discriminator" not in step.in_play:
            return terms
        adversarial = self.game.demand(rebuilt, batch.source, batch.source_speaker)
        for name, cost in self.game.fool(converted, batch.target_speaker).items():
            adversarial[name.replace("adversarial", "converted")] = self.weight_of_converted * cost
        sums = (torch.stack(list(part.values())).sum() for part in (terms, adversarial))
        weight = self.balance(*sums, made)
        self.observe("adversarial_weight", weight)
        return terms | {name: weight * cost for name, cost in adversarial.items()}

    def converted(self, step: Step[VoiceBatch]) -> Tensor:
        """As of any conversion system; here the second half of `_make`'s batch."""
        return step.recall("made", lambda: self._make(step.batch)).chunk(2)[1]

    def _make(self, batch: VoiceBatch) -> Tensor:
        """Reconstructed sources and converted ones, concatenated along the batch."""
        code = self.generator.encode(self.warp(batch.source), batch.source_speaker)
        frames = batch.source.shape[-1]
        return self.generator.decode(torch.cat([code, code]), both_speakers(batch), frames)


def both_speakers(batch: VoiceBatch) -> Tensor:
    """The speakers of `_make`'s images, `(2 batch,)`."""
    return torch.cat([batch.source_speaker, batch.target_speaker])
