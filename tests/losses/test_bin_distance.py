"""How the errors of bins count."""

import torch

from speechgan.losses.bin_distance import BinDistance


def test_errors_count_by_the_importance_of_their_bins() -> None:
    """Deviations 1 and 3: alike without emphasis; with it the second counts three times as much."""
    image = torch.zeros(1, 1, 2, 4)
    first, second = image.clone(), image.clone()
    first[:, :, 0], second[:, :, 1] = 1.0, 1.0
    plain, weighed = (BinDistance([1.0, 3.0], emphasis) for emphasis in (0.0, 1.0))
    assert plain(first, image) == plain(second, image) == 0.5
    assert weighed(first, image) == 0.25 and weighed(second, image) == 0.75
