"""Word errors by hand, and a recogniser that may not be there."""

import sys

import numpy as np
import pytest

from speechgan.metrics import words
from speechgan.metrics.words import error_rate, recognise, recognise_phones
from speechgan.utils.errors import SpeechganError, UnmeasurableError

CMUDICT = (
    "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W "
    "Y Z ZH"
)


@pytest.mark.parametrize(
    ("reference", "heard", "expected"),
    [
        ("a b c d", "a b c d", 0.0),
        ("a b c d", "a x c d e", 0.5),
        ("a b c d", "b c d", 0.25),
        ("a b", "", 1.0),
        ("a", "b c d", 3.0),
    ],
)
def test_errors_by_hand(reference: str, heard: str, expected: float) -> None:
    assert error_rate(reference.split(), heard.split()) == expected


def test_an_empty_reference_is_refused() -> None:
    with pytest.raises(ValueError, match="empty reference"):
        error_rate([], ["a"])


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    words._load_decoder.cache_clear()
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    with pytest.raises(SpeechganError, match=r"pip install 'speechgan\[words\]'"):
        recognise(np.zeros(16000))


def test_hears_the_phones_of_english(
    recordings: dict[str, tuple[np.ndarray, np.ndarray]],
) -> None:
    pytest.importorskip("pocketsphinx")
    words._load_decoder.cache_clear()
    clean = recordings["p228_coffee"][1]
    heard = recognise_phones(clean)
    assert set(heard) <= set(CMUDICT.split()) and len(heard) / (len(clean) / 16000) > 5
    assert error_rate(heard, recognise_phones(clean * 0.7)) < 0.3
    # More of them are lost in more noise.
    noise = np.random.default_rng(0).normal(size=len(clean)) * np.std(clean)
    losses = [error_rate(heard, recognise_phones(clean + gain * noise)) for gain in (0.05, 1.0)]
    assert losses[0] + 0.1 < losses[1]
    assert recognise_phones(clean) == heard
    with pytest.raises(UnmeasurableError, match="holds n"):
        recognise_phones(np.zeros(16000))


def test_hears_english(recordings: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    pytest.importorskip("pocketsphinx")
    words._load_decoder.cache_clear()
    heard = recognise(recordings["p228_coffee"][1])
    assert error_rate(heard, recognise(recordings["p228_coffee"][1] * 0.7)) < 0.5
    assert error_rate(heard, recognise(recordings["p228_wind"][1])) > 0.7
    # What was heard in between plays no part.
    assert recognise(recordings["p228_coffee"][1]) == heard
    with pytest.raises(UnmeasurableError, match="holds nothing"):
        recognise(np.zeros(1000))
