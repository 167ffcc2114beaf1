"""Simple baselines for the GANs that convert voices: without an adversary, fitted in seconds."""

from collections.abc import Sequence
from itertools import permutations

import numpy as np
import torch
from torch import Tensor, nn

from speechgan.data.conversion.unpaired import AlignedCrops, UnpairedCrops
from speechgan.models.generators.linear import LinearMaps
from speechgan.models.generators.nearest import NearestFrames
from speechgan.models.generators.unchanged import Unchanged
from speechgan.models.layers.neighbours import find_nearest, stack_context
from speechgan.systems.conversion.base import ConversionSystem
from speechgan.utils.spread import spread_evenly


class FittedSystem(ConversionSystem):
    """A system without players, whose generator is fitted to all recordings at once."""

    turns = ()
    tells_source = True

    def fit(self, crops: object) -> None:
        """Fits the generator.

        Args:
            crops: of the recordings to learn from, `UnpairedCrops` or `AlignedCrops`.

        Raises:
            ValueError: crops of the other kind.
        """
        raise NotImplementedError  # an abstract method: every system has its own


class MeanAndVariance(FittedSystem):
    """Converts mean, deviation and pitch alone, by the speakers' statistics: nothing is fitted.

    Args:
        generator: leaves normalised images as they are.

    Raises:
        ValueError: another kind of generator, which would stay untrained.
    """

    def __init__(self, generator: nn.Module) -> None:
        super().__init__(generator)
        if not isinstance(generator, Unchanged):
            raise ValueError("this system needs the generator that has nothing to fit, Unchanged")

    def fit(self, crops: object) -> None:
        """Does nothing."""


class Nearest(FittedSystem):
    """Converts by the target's own frames; see `NearestFrames`.

    Args:
        generator: stores them.

    Raises:
        ValueError: another kind of generator.
    """

    generator: NearestFrames

    def __init__(self, generator: nn.Module) -> None:
        super().__init__(generator)
        if not isinstance(generator, NearestFrames):
            raise ValueError("this system needs a generator of frames, such as NearestFrames")

    def fit(self, crops: object) -> None:
        """Stores every frame."""
        speakers = _join(crops)
        self.generator.bank.copy_(torch.cat(speakers, 1))


class LinearSystem(FittedSystem):
    """A system of `LinearMaps`, fitted by ridge regression.

    Args:
        generator: the maps to fit.
        penalty: ridge penalty on a map's weights, per training frame.

    Raises:
        ValueError: another kind of generator, or a penalty of 0 or less.
    """

    generator: LinearMaps

    def __init__(self, generator: nn.Module, penalty: float = 0.1) -> None:
        super().__init__(generator)
        if not isinstance(generator, LinearMaps):
            raise ValueError("this system needs a generator of maps, such as LinearMaps")
        if penalty <= 0:
            raise ValueError(f"penalty {penalty}: must be greater than 0")
        self.penalty = penalty

    def learn(self, pair: tuple[int, int], seen: Tensor, wanted: Tensor) -> None:
        """Fits one map.

        Args:
            pair: numbers of source and target.
            seen: input `(frame, feature)`, from `LinearMaps.see`.
            wanted: target `(bin, frame)`, aligned to it.
        """
        self.generator.maps.data[pair] = regress(seen, wanted.T, self.penalty)


class Ridge(LinearSystem):
    """Supervised: maps between aligned sentences of two speakers; see `LinearSystem`."""

    def fit(self, crops: object) -> None:
        """Fits both directions."""
        if not isinstance(crops, AlignedCrops):
            raise ValueError("needs aligned sentences; set data.aligned=true")
        sides = [torch.from_numpy(side).float() for side in np.concatenate(crops.pairs, 2)]
        for source, target in permutations(range(2)):
            self.learn((source, target), self.generator.see(sides[source]), sides[target])


class Inca(LinearSystem):
    """Alternates between aligning frames and fitting the map (INCA, Erro et al. 2010,
    doi:10.1109/TASL.2009.2038669).

    In each round every converted frame is paired with the nearest of the target, every frame of the
    target with the nearest converted one, and the map is fitted to these pairs. The first round
    pairs normalised images, as the map starts as the identity.

    Deliberate differences: the map is an affine one of several frames, where the paper's is a
    mixture of Gaussians; the distance of two frames includes those around them.

    Args:
        generator: the maps to fit.
        deviation: of each bin; undoes the normalisation in the distance.
        rounds: of alignment and fit.
        frames: most frames of a speaker to pair, spread evenly over the recordings.
        penalty: see `LinearSystem`.

    Raises:
        ValueError: as `LinearSystem`, and rounds or frames below 1.
    """

    def __init__(
        self,
        generator: nn.Module,
        deviation: Sequence[float],
        rounds: int = 5,
        frames: int = 3000,
        penalty: float = 0.1,
    ) -> None:
        super().__init__(generator, penalty)
        if rounds < 1 or frames < 1:
            raise ValueError(f"rounds {rounds}, frames {frames}: must be at least 1")
        self.register_buffer("deviation", torch.tensor(deviation)[:, None], persistent=False)
        self.deviation: Tensor
        self.rounds, self.frames = rounds, frames

    def fit(self, crops: object) -> None:
        """Fits the map of every pair of speakers who have recordings."""
        speakers = _join(crops)
        known = [number for number, image in enumerate(speakers) if image.shape[1]]
        for source, target in permutations(known, 2):
            for _ in range(self.rounds):
                self._pair((source, target), speakers[source], speakers[target])

    def _pair(self, pair: tuple[int, int], image: Tensor, goal: Tensor) -> None:
        """One round for one pair of speakers."""
        seen = self.generator.see(image)
        converted = (seen @ self.generator.maps.data[pair]).T
        here, there = (torch.tensor(spread_evenly(x.shape[1], self.frames)) for x in (image, goal))
        one, other = (
            stack_context(self.deviation * x, self.generator.offsets)[chosen]
            for x, chosen in ((converted, here), (goal, there))
        )
        forth, back = find_nearest(one, other)[:, 0], find_nearest(other, one)[:, 0]
        before, after = torch.cat([here, here[back]]), torch.cat([there[forth], there])
        self.learn(pair, seen[before], goal[:, after])


def regress(seen: Tensor, wanted: Tensor, penalty: float) -> Tensor:
    """The map `(feature, bin)` from `(frame, feature)` to `(frame, bin)`, by ridge regression.

    The last feature is a constant, whose weight is not penalised.
    """
    seen, wanted = seen.double(), wanted.double()
    cost = torch.full_like(seen[0], penalty * len(seen))
    cost[-1] = 0
    return torch.linalg.solve(seen.T @ seen + cost.diag(), seen.T @ wanted).float()


def _join(crops: object) -> list[Tensor]:
    """All frames of each speaker, `(bin, frame)`."""
    if not isinstance(crops, UnpairedCrops):
        raise ValueError("takes recordings as they are; set data.aligned=false")
    bins = next(len(own[0]) for own in crops.images if own)
    nothing = np.zeros((bins, 0), np.float32)
    return [torch.from_numpy(np.concatenate([nothing, *own], 1)).float() for own in crops.images]
