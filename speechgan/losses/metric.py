"""Quality measures that a gradient can flow through."""

from torch import Tensor


def si_sdr(estimate: Tensor, reference: Tensor) -> Tensor:
    """Scale-invariant signal-to-distortion ratio in dB (Le Roux et al. 2019).

    Args:
        estimate: `(batch, sample)`.
        reference: the same shape.

    Returns:
        `(batch,)`; bounded by 1e-8 of the energies, so that silence is finite.
    """
    estimate = estimate - estimate.mean(-1, keepdim=True)
    reference = reference - reference.mean(-1, keepdim=True)
    energy = reference.square().sum(-1, keepdim=True) + 1e-8
    target = reference * ((estimate * reference).sum(-1, keepdim=True) / energy)
    ratio = (target.square().sum(-1) + 1e-8) / ((estimate - target).square().sum(-1) + 1e-8)
    return 10 * ratio.log10()
