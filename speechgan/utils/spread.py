"""A choice that is spread evenly over a sequence."""

import numpy as np


def spread_evenly(length: int, count: int) -> list[int]:
    """Indices of at most `count` items of a sequence, the first and the last among them.

    Args:
        length: of the sequence.
        count: indices wanted; of a shorter sequence all, of 1 the first.

    Returns:
        Indices in rising order.
    """
    places = np.linspace(0, length - 1, min(count, length)).round()
    return [int(place) for place in places]
