"""A choice that is spread evenly over a sequence."""

from speechgan.utils.spread import spread_evenly


def test_a_choice_reaches_from_the_first_to_the_last() -> None:
    """In equal steps, rounded to the nearest item."""
    assert spread_evenly(9, 3) == [0, 4, 8]
    assert spread_evenly(9, 4) == [0, 3, 5, 8]


def test_a_short_sequence_is_chosen_whole() -> None:
    """An empty one too."""
    assert spread_evenly(3, 7) == [0, 1, 2]
    assert spread_evenly(0, 4) == []
    assert spread_evenly(5, 1) == [0]
