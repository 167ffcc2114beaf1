"""Unpaired, two speakers, there and back: CycleGAN-VC, CycleGAN-VC2, MaskCycleGAN-VC."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from speechgan.data.conversion.unpaired import VoiceBatch
from speechgan.models.generators.cyclegan_vc import TwoCritics, TwoWay
from speechgan.systems.conversion.base import ConversionSystem, find_objective


class CycleGAN(ConversionSystem):
    """Two generators and their critics, tied by the way back (Zhu et al. 2017).

    CycleGAN-VC (Kaneko & Kameoka 2018) adds gated networks and an identity loss at the beginning;
    CycleGAN-VC2 (Kaneko et al. 2019) 2-1-2D networks, patch critics and a second adversarial loss
    on what has gone there and back; MaskCycleGAN-VC (Kaneko et al. 2021) takes frames away that the
    generator has to fill in, so that it learns what may stand between others.

    Deliberate difference: all images of a batch have the same frames masked off.

    Args:
        generator: both directions.
        critic: of both speakers, with critics of round trips for the two-step loss.
        objective: form of the game; the papers' is `lsgan`.
        adversarial: weight of the generators' adversarial terms.
        cycle: weight of the way back, L1.
        identity: weight of leaving the target's own voice as it is, L1.
        identity_steps: moves of the generators during which that holds; the paper has 10,000.
        mask_frames: most frames taken away in a row; a generator with `masked` needs some.
    """

    turns = ("generator", "critic")
    generator: TwoWay

    def __init__(
        self,
        generator: TwoWay,
        critic: TwoCritics,
        objective: str = "lsgan",
        adversarial: float = 1.0,
        cycle: float = 10.0,
        identity: float = 5.0,
        identity_steps: int = 10000,
        mask_frames: int = 0,
    ) -> None:
        super().__init__(generator)
        if bool(mask_frames) != generator.masked:
            raise ValueError("mask_frames and generator.masked go together")
        self.critic = critic
        self.objective = find_objective(objective)
        self.adversarial, self.cycle = adversarial, cycle
        self.identity, self.identity_steps = identity, identity_steps
        self.mask_frames = mask_frames
        self.register_buffer("moves", torch.zeros((), dtype=torch.long))
        self.moves: Tensor
        self._made: tuple[VoiceBatch | None, list[Tensor]] = (None, [])

    def players(self) -> dict[str, Iterable[nn.Parameter]]:
        return {"generator": self.generator.parameters(), "critic": self.critic.parameters()}

    def losses(self, player: str, batch: VoiceBatch, in_play: frozenset[str]) -> dict[str, Tensor]:
        real = [batch.source, batch.target]
        if player == "critic":
            return self._criticise(batch, real)
        with_critic = "critic" in in_play
        terms: dict[str, Tensor] = {}
        made = []
        for target in (1, 0):
            source = 1 - target
            away, back = self.generator.towards[target], self.generator.towards[source]
            converted = away(real[source], self._mask(real[source]))
            returned = back(converted)
            made.append(torch.stack([converted.detach(), returned.detach()]))
            name = f"to_{target}"
            terms[f"cycle/{name}"] = self.cycle * l1_loss(returned, real[source])
            if with_critic:
                fooled = self.objective.fool(self.critic.of[target](converted))
                terms[f"adversarial/{name}"] = self.adversarial * fooled
                if self.critic.of_round_trip is not None:
                    fooled = self.objective.fool(self.critic.of_round_trip[source](returned))
                    terms[f"round_trip/{name}"] = self.adversarial * fooled
            if self.identity and int(self.moves) < self.identity_steps:
                kept = away(real[target], self._mask(real[target]))
                terms[f"identity/{name}"] = self.identity * l1_loss(kept, real[target])
        self._made = (batch, made)
        self.moves += 1
        return terms

    def _criticise(self, batch: VoiceBatch, real: list[Tensor]) -> dict[str, Tensor]:
        made_for, made = self._made
        assert made_for is batch, "the generator moves first"
        terms = {}
        for target, (converted, returned) in zip((1, 0), made, strict=True):
            name, critic = f"of_{target}", self.critic.of[target]
            terms[f"critic/{name}"] = self.judge(
                name, self.objective, critic(real[target]), critic(converted)
            )
            if self.critic.of_round_trip is not None:
                source = 1 - target
                name, critic = f"round_trip_{source}", self.critic.of_round_trip[source]
                terms[f"critic/{name}"] = self.judge(
                    name, self.objective, critic(real[source]), critic(returned)
                )
        return terms

    def _mask(self, image: Tensor) -> Tensor | None:
        """Ones, and zeros over up to `mask_frames` frames at a random place."""
        if not self.mask_frames:
            return None
        length = int(torch.randint(0, self.mask_frames + 1, ()))
        start = int(torch.randint(0, max(1, image.shape[-1] - length), ()))
        mask = torch.ones_like(image)
        mask[..., start : start + length] = 0
        return mask
