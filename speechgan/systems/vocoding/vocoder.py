"""A neural vocoder: from the image of speech back to its wave, against critics of waves."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from speechgan.features.mel import MelVoice
from speechgan.features.signal import Signal
from speechgan.features.stft import Stft
from speechgan.losses.adversarial import OBJECTIVES
from speechgan.losses.closeness import choose_terms, weigh_terms
from speechgan.models.discriminators.wave import Judgement, WaveCritic
from speechgan.models.vocoders.vocos import Vocos
from speechgan.systems.base import System


class VocoderGAN(System):
    """Vocos (Siuzdak 2023), with HiFi-GAN's terms (Kong et al. 2020).

    Deliberate differences: the mel distance is taken at several resolutions (Kumar et al. 2023),
    and both kinds of critic weigh the same.

    Args:
        features: that make the images.
        generator: image to wave.
        critic: of waves.
        objective: form of the game; the paper's is `hinge`.
        mel: weight of the distance of log-mel images.
        matching: weight of the distance of the critic's features.
        adversarial: weight of convincing it.
        resolutions: windows of the mel distance, in samples.
        closeness: weight of each further term, by its name in
            `speechgan.losses.closeness.CLOSENESS`, such as the linear spectrograms' distance, which
            shows harmonics where mel bands blur them.

    Raises:
        ValueError: an unknown objective or term.
    """

    turns = ("generator", "critic")

    def __init__(
        self,
        features: MelVoice,
        generator: Vocos,
        critic: WaveCritic,
        objective: str = "hinge",
        mel: float = 45.0,
        matching: float = 1.0,
        adversarial: float = 1.0,
        resolutions: Iterable[int] = (256, 512, 1024, 2048),
        closeness: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__()
        if objective not in OBJECTIVES:
            raise ValueError(f"no objective {objective!r}; known: {sorted(OBJECTIVES)}")
        self.features, self.generator, self.critic = features, generator, critic
        self.objective = OBJECTIVES[objective]
        self.mel, self.matching, self.adversarial = mel, matching, adversarial
        self.closeness = choose_terms(closeness or {})
        self.stft = Stft()
        self.images = nn.ModuleList(
            MelVoice(features.sample_rate, n, n // 4, bands=min(80, n // 8)).mel
            for n in resolutions
        )
        self._made: tuple[Tensor | None, Tensor | None] = (None, None)
        self._scores: dict[str, float] = {}

    def players(self) -> dict[str, Iterable[nn.Parameter]]:
        return {"generator": self.generator.parameters(), "critic": self.critic.parameters()}

    def losses(self, player: str, batch: Any, in_play: frozenset[str]) -> dict[str, Tensor]:
        real: Tensor = batch.wave
        if player == "critic":
            made_for, made = self._made
            assert made_for is real and made is not None, "the generator moves first"
            good, bad = self.critic(real), self.critic(made)
            return {f"critic/{kind}": self._tell(kind, good[kind], bad[kind]) for kind in good}
        made = self.generator(self.features.mel(real), real.shape[-1])
        self._made = (real, made.detach())
        distances = [l1_loss(image(made), image(real)) for image in self.images]
        terms = {"mel": self.mel * torch.stack(distances).mean()}
        if self.closeness:
            signals = (Signal(wave, self.stft(wave)) for wave in (made, real))
            terms |= weigh_terms(self.closeness, *signals)
        if "critic" in in_play:
            with torch.no_grad():
                good = self.critic(real)
            for kind, judgements in self.critic(made).items():
                fooled = [self.objective.fool(scores) for scores, _ in judgements]
                terms[f"adversarial/{kind}"] = self.adversarial * torch.stack(fooled).mean()
                pairs = zip(judgements, good[kind], strict=True)
                distance = torch.stack([match_features(a, b) for (_, a), (_, b) in pairs])
                terms[f"matching/{kind}"] = self.matching * distance.mean()
        return terms

    def infer(self, batch: Any) -> Tensor:
        """Waves `(batch, sample)` there and back."""
        wave: Tensor = self.generator(self.features.mel(batch.wave), batch.wave.shape[-1])
        return wave

    def observations(self) -> dict[str, float]:
        scores, self._scores = self._scores, {}
        return scores

    def _tell(self, kind: str, good: list[Judgement], bad: list[Judgement]) -> Tensor:
        losses = []
        for (real, _), (made, _) in zip(good, bad, strict=True):
            losses.append(self.objective.good(real) + self.objective.bad(made))
            self._scores[f"score/{kind}/real"] = real.detach().mean().item()
            self._scores[f"score/{kind}/generated"] = made.detach().mean().item()
        return torch.stack(losses).mean()


def match_features(one: list[Tensor], other: list[Tensor]) -> Tensor:
    """Mean absolute difference, averaged over layers (Larsen et al. 2016)."""
    return torch.stack([l1_loss(a, b.detach()) for a, b in zip(one, other, strict=True)]).mean()
