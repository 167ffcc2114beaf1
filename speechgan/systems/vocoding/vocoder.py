"""A neural vocoder: from the image of speech back to its wave, against discriminators of waves."""

from torch import Tensor

from speechgan.data.waves import WaveBatch
from speechgan.features.mel import MelVoice
from speechgan.features.signal import Signal
from speechgan.features.stft import Stft
from speechgan.losses.adversarial import Objective, find_objective
from speechgan.losses.closeness import Closeness
from speechgan.models.discriminators.wave import WaveDiscriminator
from speechgan.models.vocoders.vocos import Vocos
from speechgan.systems.base import Step, System
from speechgan.systems.matching_game import MatchingGame


class VocoderGAN(System):
    """Vocos (Siuzdak 2023, arXiv:2306.00814), with HiFi-GAN's terms (Kong et al. 2020,
    arXiv:2010.05646).

    Deliberate differences: the mel distance is taken at several resolutions; both kinds of
    discriminator weigh the same, where in the release of Vocos the multi-resolution one weighs a
    tenth; the generator's `hinge` loss is linear in the score, where Vocos' is 0 above a score of
    1; and see `MatchingGame`.

    Args:
        features: wave to image.
        generator: image to wave.
        discriminator: of waves.
        closeness: weighted distances to the recorded wave; the papers' is of log-mel images.
        objective: form of the game; the paper's is `hinge`.
        matching: weight of the distance of the discriminator's features.
        adversarial: weight of its scores.

    Raises:
        ValueError: an unknown objective, or one that needs a gradient penalty.
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
        self.game = MatchingGame(discriminator, self.objective, matching, adversarial)
        self.stft = Stft()

    def losses(self, player: str, step: Step[WaveBatch]) -> dict[str, Tensor]:
        """The terms of one player, for each `KIND` of discriminator, `period` and `resolution`.

        Of the generator: `closeness/NAME`, `adversarial/KIND` and `matching/KIND`. Of the
        discriminator: `discriminator/KIND`.
        """
        wave = step.batch.wave
        if player == "discriminator":
            fake = step.recall("made", lambda: self._make(wave))
            costs, scores = self.game.discriminate(fake, wave)
            self.observe_scores(scores)
            return {f"discriminator/{kind}": cost for kind, cost in costs.items()}
        made = self._make(wave)
        step.keep("made", made.detach())
        signals = (Signal(x, self.stft(x)) for x in (made, wave))
        terms: dict[str, Tensor] = self.closeness(*signals)
        if "discriminator" in step.in_play:
            terms |= self.game.demand(made, wave)
        return terms

    def infer(self, batch: WaveBatch) -> Tensor:
        """The batch's waves, analysed and resynthesised, `(batch, sample)`."""
        return self._make(batch.wave)

    def _make(self, wave: Tensor) -> Tensor:
        made: Tensor = self.generator(self.features.mel(wave), wave.shape[-1])
        return made
