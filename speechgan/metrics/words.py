"""Words that a recogniser hears, and how many of them are wrong."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from speechgan.utils.errors import SpeechganError, UnmeasurableError

SAMPLE_RATE = 16000


def recognise(wave: np.ndarray) -> list[str]:
    """What PocketSphinx (Huggins-Daines et al. 2006) hears in English speech.

    Its model comes with the package, the extra `words`. It is no modern recogniser: of clean read
    speech it hears about three words in four, so error rates are for comparing.

    Args:
        wave: `(sample,)` at 16 kHz, full scale at ±1.

    Raises:
        SpeechganError: the extra is not installed.
        UnmeasurableError: nothing was heard.
    """
    decoder = _load_decoder()
    # What it has learned of the last recording's channel must not count for this one.
    decoder.reinit_feat()
    pcm = np.round(np.clip(wave, -1, 1) * 32767).astype(np.int16)
    decoder.start_utt()
    decoder.process_raw(pcm.tobytes(), full_utt=True)
    decoder.end_utt()
    heard = decoder.hyp()
    if heard is None or not heard.hypstr.split():
        raise UnmeasurableError("holds no words that the recogniser hears")
    words: list[str] = heard.hypstr.lower().split()
    return words


def word_error_rate(reference: Sequence[str], heard: Sequence[str]) -> float:
    """Fewest insertions, deletions and substitutions, over the words of the reference.

    Raises:
        ValueError: an empty reference.
    """
    if not reference:
        raise ValueError("a reference without words")
    costs = list(range(len(heard) + 1))
    for row, word in enumerate(reference, 1):
        diagonal, costs[0] = costs[0], row
        for column, other in enumerate(heard, 1):
            substituted = diagonal + (word != other)
            diagonal = costs[column]
            costs[column] = min(substituted, costs[column] + 1, costs[column - 1] + 1)
    return costs[-1] / len(reference)


@cache
def _load_decoder() -> Any:
    try:
        from pocketsphinx import Decoder
    except ImportError:
        raise SpeechganError(
            "word error needs a recogniser: pip install 'speechgan[words]', or leave out --words"
        ) from None
    return Decoder(samprate=SAMPLE_RATE, loglevel="FATAL")
