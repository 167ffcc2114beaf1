import pytest

from speechgan.utils.nearest import suggest


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("qualty", " (did you mean quality?)"),
        ("Default", " (did you mean default?)"),
        ("kerstin2", " (did you mean Kerstin?)"),
        ("zzz", ""),
        ("", ""),
    ],
)
def test_the_nearest_known_name_is_suggested_if_there_is_one(name, expected):
    assert suggest(name, ["default", "quality", "Kerstin"]) == expected
