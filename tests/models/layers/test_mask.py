import math

import pytest
import torch

from speechgan.models.layers.mask import raise_to_floor


def test_the_mask_is_kept_above_its_floor():
    mask = torch.tensor([[0.0, 0.3, 0.0], [-1.0, 0.4, 0.1]])[None, :, :, None]
    raised = raise_to_floor(mask, 0.35)[0, :, :, 0]
    sizes = raised.square().sum(0).sqrt()
    assert sizes[0].item() == pytest.approx(math.hypot(1, 0.35), rel=1e-3)
    assert sizes[1].item() == pytest.approx(math.hypot(0.5, 0.35), rel=1e-2)
    assert sizes[2].item() == pytest.approx(math.hypot(0.1, 0.35), rel=0.05)
    assert torch.allclose(raised[:, 1] / sizes[1], torch.tensor([0.6, 0.8]))
