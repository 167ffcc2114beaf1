"""A neural vocoder: from the image of speech back to its wave, against discriminators of waves."""

import torch
from torch import Tensor
from torch.nn.functional import l1_loss

from speechgan.data.waves import WaveBatch
from speechgan.features.mel import MelVoice
from speechgan.features.signal import Signal
from speechgan.features.stft import Stft
from speechgan.losses.adversarial import Objective, find_objective
from speechgan.losses.closeness import Closeness
from speechgan.models.discriminators.wave import Judgement, WaveDiscriminator
from speechgan.models.vocoders.vocos import Vocos
from speechgan.systems.base import Step, System


class VocoderGAN(System):
    """Vocos (Siuzdak 2023, arXiv:2306.00814), with HiFi-GAN's terms (Kong et al. 2020,
    arXiv:2010.05646).

    Deliberate differences: the mel distance is taken at several resolutions, and both kinds of
    discriminator weigh the same.

    Args:
        features: that make the images.
        generator: image to wave.
        discriminator: of waves.
        closeness: weighted distances to the recorded wave; the papers' is of log-mel images.
        objective: form of the game; the paper's is `hinge`.
        matching: weight of the distance of the discriminator's features.
        adversarial: weight of what it says.

    Raises:
        ValueError: an unknown objective.
    """

    turns = ("generator", "discriminator")

    def __init__(
        self,
        features: MelVoice,
        generator: Vocos,
        discriminator: WaveDiscriminator,
        closeness: Closeness,
        objective: str = "hinge",
        matching: float = 2.0,
        adversarial: float = 1.0,
    ) -> None:
        super().__init__()
        self.features, self.generator, self.discriminator = features, generator, discriminator
        self.closeness = closeness
        self.objective: Objective = find_objective(objective)
        self.matching, self.adversarial = matching, adversarial
        self.stft = Stft()

    def losses(self, player: str, step: Step[WaveBatch]) -> dict[str, Tensor]:
        """The terms of one player, for each `KIND` of discriminator, `period` and `resolution`.

        Of the generator: `closeness/NAME`, `adversarial/KIND` and `matching/KIND`. Of the
        discriminator: `discriminator/KIND`.
        """
        wave = step.batch.wave
        if player == "discriminator":
            fake = self.discriminator(step.recall("made", lambda: self._make(wave)))
            real = self.discriminator(wave)
            return {
                f"discriminator/{kind}": self._judge(kind, real[kind], fake[kind]) for kind in real
            }
        made = self._make(wave)
        step.keep("made", made.detach())
        signals = (Signal(x, self.stft(x)) for x in (made, wave))
        terms: dict[str, Tensor] = self.closeness(*signals)
        if "discriminator" in step.in_play:
            terms |= self._adversarial_terms(made, wave)
        return terms

    def infer(self, batch: WaveBatch) -> Tensor:
        """Waves `(batch, sample)` there and back."""
        return self._make(batch.wave)

    def _make(self, wave: Tensor) -> Tensor:
        made: Tensor = self.generator(self.features.mel(wave), wave.shape[-1])
        return made

    def _adversarial_terms(self, made: Tensor, wave: Tensor) -> dict[str, Tensor]:
        terms = {}
        with torch.no_grad():
            real = self.discriminator(wave)
        for kind, judgements in self.discriminator(made).items():
            costs = [self.objective.generator(scores) for scores, _ in judgements]
            terms[f"adversarial/{kind}"] = self.adversarial * torch.stack(costs).mean()
            pairs = zip(judgements, real[kind], strict=True)
            distance = torch.stack([match_features(a, b) for (_, a), (_, b) in pairs])
            terms[f"matching/{kind}"] = self.matching * distance.mean()
        return terms

    def _judge(self, kind: str, real: list[Judgement], fake: list[Judgement]) -> Tensor:
        losses = []
        for (of_real, _), (of_fake, _) in zip(real, fake, strict=True):
            losses.append(self.objective.real(of_real) + self.objective.fake(of_fake))
            self.observe(f"score/{kind}/real", of_real.detach().mean())
            self.observe(f"score/{kind}/fake", of_fake.detach().mean())
        return torch.stack(losses).mean()


def match_features(one: list[Tensor], other: list[Tensor]) -> Tensor:
    """Mean absolute difference, averaged over layers (Larsen et al. 2016, arXiv:1512.09300)."""
    return torch.stack([l1_loss(a, b.detach()) for a, b in zip(one, other, strict=True)]).mean()
