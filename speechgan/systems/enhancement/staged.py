"""A generator in two stages, both trained by distances to the clean signal."""

from torch import Tensor

from speechgan.data.enhancement.batch import PairedBatch
from speechgan.models.generators.two_stage_unet import TwoStageUNet
from speechgan.systems.base import Step
from speechgan.systems.enhancement.supervised import Supervised


class Staged(Supervised):
    """`Supervised`, with the same distances for the coarse image of the first stage too.

    Args:
        settings: of `Supervised`; the generator has two stages.
    """

    generator: TwoStageUNet

    def losses(self, player: str, step: Step[PairedBatch]) -> dict[str, Tensor]:
        """`closeness/NAME` of the full image, and `coarse/NAME` of the coarse one."""
        noisy, clean = self.signals(step)
        coarse, full = (self.hear(image, noisy) for image in self.generator.stages(noisy.image))
        terms = self.closeness(coarse, clean)
        coarse_terms = {name.replace("closeness/", "coarse/"): terms[name] for name in terms}
        return self.closeness(full, clean) | coarse_terms
