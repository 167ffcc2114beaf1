"""Unpaired, many speakers, through a common space of codes that is tied in up to four ways."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, l1_loss, log_softmax

from speechgan.data.conversion.unpaired import VoiceBatch
from speechgan.features.voice import VoiceFeatures
from speechgan.models.generators.shared_latent import (
    CodeCritic,
    SharedLatent,
    SpeakerCritic,
    reverse_gradient,
)
from speechgan.systems.conversion.base import ConversionSystem, find_objective


class SharedLatentGAN(ConversionSystem):
    """Auto-encoders of speakers, and what makes their codes mean the same.

    Everybody is rebuilt from his own code. Each of four ties can be on or off:

    - layers in common (CoGAN, Liu & Tuzel 2016; UNIT, Liu et al. 2017): `generator.shared_layers`;
    - a critic of the code that guesses the speaker (Chou et al. 2018), which the encoder confuses:
      `latent`, by a reversed gradient (Ganin & Lempitsky 2015) or in turns;
    - the way through another speaker and back (ComboGAN, Anoosheh et al. 2018): `cycle`;
    - the code of what was converted is the code it was converted from (DTN, Taigman et al. 2017;
      XGAN, Royer et al. 2020): `semantic`.

    A critic of images judges what was converted.

    Args:
        generator: encoders and decoders.
        critic: of images, or None.
        code_critic: of codes, or None.
        objective: form of the game with `critic`.
        reconstruction: weight of rebuilding, L1.
        adversarial: weight of convincing `critic`.
        latent: weight of confusing `code_critic`.
        latent_turns: `reversal` to train it within the generator's turn with a reversed gradient,
            `alternating` to give it turns and have the encoder aim at a uniform guess.
        cycle: weight of the way back, L1.
        semantic: weight of keeping the code, L1.
        prior: weight of a standard normal prior on codes of unit variance (UNIT's VAE).
        emphasis: exponent on `deviation` in the weight of a bin's error; 0 counts all bins alike in
            deviations, 1 in decibels, so that the code is not spent on what is hardly heard.
        warp: the encoder hears vocal tracts stretched by up to this share, drawn anew for each item
            (Jaitly & Hinton 2013), so that it cannot tell formants from their speaker's.
        features: that stretch an image; needed for `warp`.
        deviation: `(bin,)` that the images were normalised by, mean over speakers.

    Raises:
        ValueError: an unknown objective or `latent_turns`, a tie without its critic, `warp` without
            features.
    """

    generator: SharedLatent

    def __init__(
        self,
        generator: SharedLatent,
        critic: SpeakerCritic | None = None,
        code_critic: CodeCritic | None = None,
        objective: str = "lsgan",
        reconstruction: float = 10.0,
        adversarial: float = 1.0,
        latent: float = 0.0,
        latent_turns: str = "alternating",
        cycle: float = 0.0,
        semantic: float = 0.0,
        prior: float = 0.0,
        emphasis: float = 0.0,
        warp: float = 0.0,
        features: VoiceFeatures | None = None,
        deviation: Sequence[float] | None = None,
    ) -> None:
        super().__init__(generator)
        if latent_turns not in ("alternating", "reversal"):
            raise ValueError(f"latent_turns {latent_turns!r}: must be alternating or reversal")
        if latent and code_critic is None:
            raise ValueError("latent needs a code_critic")
        if warp and features is None:
            raise ValueError("warp needs features")
        self.critic = critic
        self.code_critic = code_critic if latent else None
        self.objective = find_objective(objective)
        self.reconstruction, self.adversarial = reconstruction, adversarial
        self.latent, self.reversal = latent, latent_turns == "reversal"
        self.cycle, self.semantic, self.prior = cycle, semantic, prior
        self.warp, self.features = warp, features
        spread = torch.tensor(deviation if deviation is not None else [1.0])[:, None]
        weights = spread**emphasis
        self.register_buffer("deviation", spread, persistent=False)
        self.register_buffer("importance", weights / weights.mean(), persistent=False)
        self.deviation: Tensor
        self.importance: Tensor
        self.turns = ("generator",)
        if self.code_critic is not None and not self.reversal:
            self.turns += ("code_critic",)
        if critic is not None:
            self.turns += ("critic",)
        self._made: tuple[VoiceBatch | None, Tensor | None, Tensor | None] = (None, None, None)

    def players(self) -> dict[str, Iterable[nn.Parameter]]:
        owned = {name: list(self.get_submodule(name).parameters()) for name in self.turns}
        if self.code_critic is not None and self.reversal:
            owned["generator"] += list(self.code_critic.parameters())
        return dict(owned)

    def losses(self, player: str, batch: VoiceBatch, in_play: frozenset[str]) -> dict[str, Tensor]:
        if player == "generator":
            return self._generate(batch, in_play)
        made_for, code, converted = self._made
        assert made_for is batch and code is not None, "the generator moves first"
        if player == "code_critic":
            assert self.code_critic is not None
            guess = self.code_critic(code)
            self._note_accuracy(guess, batch.source_speaker)
            return {"code_critic": cross_entropy(guess, batch.source_speaker)}
        assert self.critic is not None and converted is not None
        good = self.critic(batch.target, batch.target_speaker)
        bad = self.critic(converted, batch.target_speaker)
        return {"critic": self.judge("critic", self.objective, good, bad)}

    def _generate(self, batch: VoiceBatch, in_play: frozenset[str]) -> dict[str, Tensor]:
        image, source, target = batch.source, batch.source_speaker, batch.target_speaker
        frames = image.shape[-1]
        code = self.generator.encode(self._stretch(image), source)
        told = code + torch.randn_like(code) if self.prior and self.training else code
        rebuilt = self.generator.decode(told, source, frames)
        terms = {"reconstruction": self.reconstruction * self._distance(rebuilt, image)}
        if self.prior:
            terms["prior"] = self.prior * code.square().mean() / 2
        converted = None
        judged = self.critic is not None and "critic" in in_play
        if judged or self.cycle or self.semantic:
            converted = self.generator.decode(told, target, frames)
        if converted is not None and (self.cycle or self.semantic):
            returned_code = self.generator.encode(converted, target)
            if self.semantic:
                terms["semantic"] = self.semantic * l1_loss(returned_code, code.detach())
            if self.cycle:
                returned = self.generator.decode(returned_code, source, frames)
                terms["cycle"] = self.cycle * self._distance(returned, image)
        if converted is not None and self.critic is not None and judged:
            scores = self.critic(converted, target)
            terms["adversarial"] = self.adversarial * self.objective.fool(scores)
        if self.code_critic is not None:
            terms |= self._confuse(code, source, in_play)
        self._made = (batch, code.detach(), None if converted is None else converted.detach())
        return terms

    def _stretch(self, image: Tensor) -> Tensor:
        """Another vocal tract for each item.

        A stretched speaker's mean is stretched too, and images have none: the matrix suffices.
        """
        if not self.warp:
            return image
        assert self.features is not None
        factors = 1 + self.warp * (2 * torch.rand(len(image), device=image.device) - 1)
        warp = torch.from_numpy(self.features.warp(factors.cpu().numpy())).to(image.device)
        matrix = warp * self.deviation.mT / self.deviation
        return (matrix @ image[:, 0])[:, None]

    def _distance(self, made: Tensor, image: Tensor) -> Tensor:
        """L1 distance of images, by the importance of bins."""
        return (self.importance * (made - image)).abs().mean()

    def _confuse(self, code: Tensor, speaker: Tensor, in_play: frozenset[str]) -> dict[str, Tensor]:
        assert self.code_critic is not None
        if self.reversal:
            guess = self.code_critic(reverse_gradient(code))
            self._note_accuracy(guess, speaker)
            return {"latent": self.latent * cross_entropy(guess, speaker)}
        if "code_critic" not in in_play:
            return {}
        return {"latent": -self.latent * log_softmax(self.code_critic(code), 1).mean()}

    def _note_accuracy(self, guess: Tensor, speaker: Tensor) -> None:
        self.note("score/code_critic/accuracy", (guess.argmax(1) == speaker).float().mean())
